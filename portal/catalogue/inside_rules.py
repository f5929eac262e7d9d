"""What must hold of a step that begins another journey: it is there, it ends, and it never begins itself."""

from __future__ import annotations

from collections.abc import Mapping

from portal.catalogue import inside
from portal.catalogue.definitions import Journey, Service, Step
from portal.catalogue.documents import Document, Path
from portal.catalogue.faults import instead
from portal.catalogue.known import Known


def check_inside(document: Document[Journey], path: Path, step: Step, known: Known) -> None:
    """Note every fault of a step of kind `journey`."""
    if step.kind != "journey" or document.value is None:
        return
    if (step.journey is None) == (step.service is None):
        document.note(path, "a step of kind `journey` begins one thing: write `journey: ID`, or `service: ID` for a part of a life event")
        return
    if step.agency is not None:
        document.note((*path, "agency"), "the steps inside say whose they are: leave it out here", key=True)
    kind, id = ("journey", step.journey) if step.journey else ("service", step.service)
    if id and id not in known.names[kind]:
        document.note((*path, kind), f"there is no {kind} `{id}`: {instead(id, known.names[kind])}")
        return
    journeys, services = known.values()
    way = inside.circle(document.value, journeys, services)
    if way and _leads(step, services) in way:
        document.note((*path, kind), f"a journey cannot begin itself: `{'` begins `'.join(way)}`")
        return
    _part(document, (*path, kind), step, journeys, services)
    _ids(document, path, step, journeys)
    _outcomes(document, path, step, inside.ends(step, journeys, services))


def _leads(step: Step, services: Mapping[str, Service]) -> str | None:
    return services[step.service].journey if step.service and step.service in services else step.journey


def _part(document: Document[Journey], path: Path, step: Step, journeys: Mapping[str, Journey], services: Mapping[str, Service]) -> None:
    part = services.get(step.service or "")
    if part is None:
        return
    if part.triage:
        document.note(path, f"service `{part.id}` finds doors: it cannot be a part of a life event")
    journey = journeys.get(part.journey)
    if journey and inside.parts(journey, journeys):
        document.note(path, f"service `{part.id}` has parts of its own: name those parts here instead")


def _ids(document: Document[Journey], path: Path, step: Step, journeys: Mapping[str, Journey]) -> None:
    """Promises and costs name steps by id, so a journey and those inside it share no id."""
    child = journeys.get(step.journey or "")
    if child is None or document.value is None:
        return
    own = {one.id for one in document.value.steps}
    for one in inside.closure(child, journeys):
        for id in sorted(own & {other.id for other in one.steps}):
            document.note((*path, "journey"), f"journey `{one.id}` has a step `{id}` too: give one of them another id, so that promises and costs can name it")


def _outcomes(document: Document[Journey], path: Path, step: Step, ends: set[str]) -> None:
    if step.next.how != "outcome" or not ends:
        return
    named = {arm.outcome or "" for arm in step.next.arms}
    for outcome in sorted(ends - named):
        document.note((*path, "next"), f"no way where it ends `{outcome}`: write `{outcome}: STEP` or `{outcome}: end` below `next`", key=True)
    for outcome in sorted(named - ends):
        document.note((*path, "next", outcome), f"`{outcome}` is no outcome of it: {instead(outcome, sorted(ends))}", key=True)


def check_parts(document: Document[Service], service: Service, known: Known) -> None:
    """Note where a service has parts without being a life event, and where its parts do not mean the same by one field."""
    journeys, services = known.values()
    journey = journeys.get(service.journey)
    if journey is None or not inside.parts(journey, journeys):
        return
    if not service.life_event:
        document.note(("journey",), f"journey `{journey.id}` has parts, and so is for life events: write `life_event: true`, or take another journey")
    own = [field.id for field in service.fields]
    for known_field, other, part in inside.disagree(service, journeys, services):
        at: Path = ("fields", own.index(other.id), "type") if other.id in own else ("journey",)
        says = f"part `{part}` asks `{other.id}` as `{other.type}`, here it is asked as `{known_field.type}`"
        if known_field.type == other.type:
            says = f"part `{part}` and this ask `{other.id}` with other options"
        document.note(at, f"{says}: one question is asked once, so give one of them another id")
