"""What must hold of a step that waits: for one thing, with an end that can be told, and with a word for the citizen."""

from __future__ import annotations

from portal.catalogue import syntax
from portal.catalogue.definitions import Journey, Service, Step
from portal.catalogue.documents import Document, Path
from portal.catalogue.faults import instead
from portal.catalogue.inside import closure
from portal.catalogue.known import Known

#: How a wait for an event can end.
WAITED = ("happened", "lapsed")
#: What a wait may be for: one of them.
FOR = ("until", "lasts", "event")


def check_wait(document: Document[Journey], path: Path, step: Step, known: Known) -> None:
    """Note every fault of a step of kind `wait`."""
    if step.kind == "fee" and step.within and (message := syntax.bad_term(step.within)):
        document.note((*path, "within"), message)
    if step.kind != "wait":
        return
    given = [name for name in FOR if getattr(step, name) is not None]
    if len(given) != 1:
        document.note(path, "a step of kind `wait` waits for one thing: write `until:` with a date field, `lasts: TERM`, or `event: NAME`")
    if step.within and not step.event:
        document.note((*path, "within"), "`within` is how long an `event` is waited for: leave it out, or write `lasts`", key=True)
    for name in ("lasts", "within"):
        term = getattr(step, name)
        if term and (message := syntax.bad_term(term)):
            document.note((*path, name), message)
    if step.event and (message := syntax.bad_id(step.event)):
        document.note((*path, "event"), message)
    _until(document, path, step)
    _told(document, path, step, known)


def _until(document: Document[Journey], path: Path, step: Step) -> None:
    if step.until is None:
        return
    if step.until.plus and step.until.minus:
        document.note((*path, "until", "minus"), "a date is moved one way: keep `plus` or `minus`", key=True)
    for name in ("plus", "minus"):
        term = getattr(step.until, name)
        if not term:
            continue
        if message := syntax.bad_term(term):
            document.note((*path, "until", name), message)
        elif term.endswith("_hours"):
            document.note((*path, "until", name), f"a date cannot be moved by `{term}`: write days, weeks or months")


def _told(document: Document[Journey], path: Path, step: Step, known: Known) -> None:
    """Nobody waits without knowing why, or until when: a reason, or a promise of each service that uses the journey."""
    journey = document.value
    if step.reason is not None or journey is None or not step.id:
        return
    journeys, services = known.values()
    users = [one for one in services.values() if one.journey in journeys and journey in closure(journeys[one.journey], journeys)]
    bare = [service.id for service in users if not any(standard.covers == step.id for standard in service.standards)]
    if bare or not users:
        whose = f"no standard of service `{bare[0]}` covers it" if bare else "no standard covers it"
        document.note(path, f"nobody is told why `{step.id}` waits: write `reason:` with a text in each language ({whose})")


def check_until(document: Document[Service], service: Service, journey: Journey, fields: dict[str, str]) -> None:
    """Note each wait of a journey whose date is no date field of the service. `fields`: id -> type."""
    for step in journey.steps:
        name = step.until.field if step.until else ""
        if name and name not in fields:
            says = f"step `{step.id}` of journey `{journey.id}` waits until `{name}`, which is no field here: {instead(name, fields)}"
            document.note(("journey",), says)
        elif name and fields[name] not in ("date", ""):
            document.note(("journey",), f"step `{step.id}` of journey `{journey.id}` waits until `{name}`, which is of type `{fields[name]}`, not a date")
