"""What promises about time must cover, and whether those of the steps fit into that of the whole case: one check of the whole catalogue, and warnings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portal.catalogue import syntax
from portal.catalogue.definitions import Catalogue, Journey, Service, Standard, Step
from portal.catalogue.documents import Positions
from portal.catalogue.faults import Fault
from portal.catalogue.inside import whole
from portal.catalogue.order import components, ordered

#: Steps at which a case waits for somebody. A step of kind `ask` has its own term.
WAITS = ("work", "send", "decide")
#: Hours on the wall, near enough to compare promises in different units: five working days of eight hours a week.
HOURS = {
    "business_hours": 7 * 24 / 40,
    "business_days": 7 * 24 / 5,
    "calendar_hours": 1,
    "calendar_days": 24,
    "calendar_weeks": 7 * 24,
    "calendar_months": 365.25 * 24 / 12,
}
#: In the same unit, steps that may take this much longer than the case are no oversight but a broken promise.
CLEARLY = 1.5


@dataclass(frozen=True)
class Term:
    """`N unit` of a standard; `hours` on the wall, near enough."""

    number: int
    unit: str

    @property
    def hours(self) -> float:
        """For comparing."""
        return self.number * HOURS[self.unit]


def term(text: str) -> Term | None:
    """None where it is no term: that is another rule's fault."""
    if syntax.bad_term(text):
        return None
    number, unit = text.split()
    return Term(int(number), unit)


def check_promises(catalogue: Catalogue, positions: Positions) -> Iterator[Fault]:
    """Steps nothing watches over, and steps that may clearly take longer than the case."""
    for service in catalogue.services.values():
        journey = whole(catalogue.journeys[service.journey], catalogue.journeys)
        covered = {standard.covers for standard in service.standards}
        bare = [step.id for step in journey.steps if step.kind in WAITS and step.id not in covered]
        if "case" not in covered and bare:
            says = f"no promise covers step `{'`, `'.join(bare)}` of journey `{journey.id}`, nor the whole case"
            yield positions.fault("service", service.id, ("standards",), f"{says}: a case could wait there and nobody would see it; add one")
        yield from (fault for fault, clear in _long(service, journey, positions) if clear)


def warnings(catalogue: Catalogue, positions: Positions) -> Iterator[Fault]:
    """What is told and refuses nothing: the promises of the steps, one after another, are longer than that of the case."""
    for service in catalogue.services.values():
        yield from (fault for fault, clear in _long(service, catalogue.journeys[service.journey], positions) if not clear)


def _long(service: Service, journey: Journey, positions: Positions) -> Iterator[tuple[Fault, bool]]:
    for index, standard in enumerate(service.standards):
        promise = term(standard.within)
        if standard.covers != "case" or standard.starts_on or promise is None:
            continue
        path = longest(service, journey, standard)
        hours = sum(one.hours for _, one in path)
        if hours <= promise.hours:
            continue
        same = all(one.unit == promise.unit for _, one in path)
        clear = same and hours >= CLEARLY * promise.hours
        said = ", ".join(f"`{step}` {one.number} {one.unit}" for step, one in path)
        about = f"{sum(one.number for _, one in path)} {promise.unit}" if same else f"about {hours / 24:.0f} days"
        says = f"{promise.number} {promise.unit} are promised, but the steps may take {about} one after another ({said}): promise more here, or less there"
        yield positions.fault("service", service.id, ("standards", index, "within"), says), clear


def longest(service: Service, journey: Journey, case: Standard) -> list[tuple[str, Term]]:
    """Steps with a term of their own on the longest way through the journey; steps of a circle count once each."""
    groups = components({step.id: ordered(arm.to for arm in step.next.arms) for step in journey.steps}, journey.start)
    best: dict[str, list[tuple[str, Term]]] = {}
    for group in reversed(groups):
        inside = [(id, found) for id in group if (found := _term(journey.step(id), service, case))]
        after = [best[arm.to] for id in group for arm in journey.step(id).next.arms if arm.to in best]
        way = inside + max(after, key=_hours, default=[])
        best |= dict.fromkeys(group, way)
    return best.get(journey.start, [])


def _hours(way: list[tuple[str, Term]]) -> float:
    return sum(one.hours for _, one in way)


def _term(step: Step, service: Service, case: Standard) -> Term | None:
    """The shortest promise on the step; of an ask the citizen's own term, unless the promise on the case stands still meanwhile."""
    if step.kind == "ask":
        still = any(rule.awaits == "answer" for rule in case.pauses)
        return None if still or step.reply_within is None else term(step.reply_within)
    if step.kind == "wait" and (lasts := step.lasts or step.within):
        return term(lasts)
    found = [one for standard in service.standards if standard.covers == step.id and (one := term(standard.within))]
    return min(found, key=lambda one: one.hours, default=None)
