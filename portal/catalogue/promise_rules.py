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
        bare = _bare(service, journey)
        if bare:
            says = f"no promise covers step `{'`, `'.join(bare)}` of journey `{journey.id}`, nor the whole case"
            says += ": a case could wait there and nobody would see it; add one, or give the step a `reason`"
            yield positions.fault("service", service.id, ("standards",), says)
        yield from (fault for fault, clear in _long(service, journey, positions) if clear)


def _bare(service: Service, journey: Journey) -> list[str]:
    """Steps that wait for somebody, with no promise and no reason. A promise on the whole case ends with a withdrawal: it does not watch over what undoes."""
    covered = {standard.covers for standard in service.standards}
    undone = {step.undo for step in journey.steps}
    waiting = [step for step in journey.steps if _waits(step) and step.id not in covered and step.reason is None]
    return [step.id for step in waiting if "case" not in covered or step.id in undone]


def _waits(step: Step) -> bool:
    """A fee without a term of its own may stay unpaid for ever."""
    return step.kind in WAITS or (step.kind == "fee" and not step.within)


def warnings(catalogue: Catalogue, positions: Positions) -> Iterator[Fault]:
    """What is told and refuses nothing: the promises of the steps, one after another, are longer than that of the case."""
    for service in catalogue.services.values():
        yield from (fault for fault, clear in _long(service, catalogue.journeys[service.journey], positions) if not clear)


def _long(service: Service, journey: Journey, positions: Positions) -> Iterator[tuple[Fault, bool]]:
    """Too long even where nothing is done twice, and clearly so: a fault. Else, or by rounds alone: a warning."""
    for index, standard in enumerate(service.standards):
        promise = term(standard.within)
        if standard.covers != "case" or standard.starts_on or promise is None:
            continue
        once = longest(service, journey, standard, rounds=False)
        same = all(one.unit == promise.unit for _, one, _ in once)
        clear = same and _hours(once) >= CLEARLY * promise.hours
        path = once if clear else longest(service, journey, standard)
        if _hours(path) > promise.hours:
            yield positions.fault("service", service.id, ("standards", index, "within"), _says(promise, path)), clear


def _says(promise: Term, path: Way) -> str:
    same = all(one.unit == promise.unit for _, one, _ in path)
    said = ", ".join(f"`{step}` {one.number} {one.unit}{f', {times} times' if times > 1 else ''}" for step, one, times in path)
    about = f"{sum(one.number * times for _, one, times in path)} {promise.unit}" if same else f"about {_hours(path) / 24:.0f} days"
    return f"{promise.number} {promise.unit} are promised, but the steps may take {about} one after another ({said}): promise more here, or less there"


#: Step, its term, how often it may come.
Way = list[tuple[str, Term, int]]


def longest(service: Service, journey: Journey, case: Standard, *, rounds: bool = True) -> Way:
    """Steps with a term of their own on the longest way through the journey; those of a circle as often as its limits let them come, or once each."""
    groups = components({step.id: ordered(arm.to for arm in step.ways) for step in journey.steps}, journey.start)
    best: dict[str, Way] = {}
    for group in reversed(groups):
        times = 1 + sum(arm.at_most or 0 for id in group for arm in journey.step(id).next.arms if rounds and arm.to in group)
        inside = [(id, found, times) for id in group if (found := _term(journey.step(id), service, case))]
        after = [best[arm.to] for id in group for arm in journey.step(id).ways if arm.to in best]
        way = inside + max(after, key=_hours, default=[])
        best |= dict.fromkeys(group, way)
    return best.get(journey.start, [])


def _hours(way: Way) -> float:
    return sum(one.hours * times for _, one, times in way)


def _term(step: Step, service: Service, case: Standard) -> Term | None:
    """The shortest promise on the step; of an ask the citizen's own term, unless the promise on the case stands still meanwhile."""
    if step.kind == "ask":
        still = any(rule.awaits == "answer" for rule in case.pauses)
        return None if still or step.reply_within is None else term(step.reply_within)
    if step.kind == "wait" and (lasts := step.lasts or step.within):
        return term(lasts)
    found = [one for standard in service.standards if standard.covers == step.id and (one := term(standard.within))]
    return min(found, key=lambda one: one.hours, default=None)
