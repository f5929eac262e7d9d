"""What must hold in how things are decided: letters and laws there are, a remedy with its term, or a word why not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portal.catalogue import letters, rulings, syntax
from portal.catalogue.definitions import Agency, Journey, Outcome, Remedy, Ruling, Service, Step
from portal.catalogue.documents import AnyDocument, Document, Path
from portal.catalogue.faults import instead
from portal.catalogue.inside import closure
from portal.catalogue.known import Known


def check_agency_ruling(document: Document[Agency], known: Known) -> None:
    """Faults of what an agency says of all its decisions, and of who takes objections to them."""
    agency = document.value
    if agency is None:
        return
    if agency.objections and agency.objections not in known.names["service"]:
        document.note(("objections",), f"there is no service `{agency.objections}`: {instead(agency.objections, known.names['service'])}")
    if agency.decision:
        _ruling(document, ("decision",), agency.decision, known, None)


def check_step_rulings(document: Document[Journey], known: Known) -> None:
    """Faults of what a journey says of its decisions."""
    for index, step in enumerate(document.value.steps if document.value else ()):
        if step.decision:
            _ruling(document, ("steps", index, "decision"), step.decision, known, step.outcomes)


def check_rulings(document: Document[Service], known: Known) -> None:
    """Faults of what a service says of its decisions; and whether each of its outcomes has a letter and a remedy, or says why not."""
    service = document.value
    journey = known.journey(service.journey) if service else None
    if service is None or journey is None:
        return
    deciding = {step.id: step for one in (closure(journey, known.values()[0]) if journey else ()) for step in one.steps if step.kind == "decide" and step.id}
    for id, ruling in service.decisions.items():
        if id not in deciding:
            document.note(("decisions", id), f"journey `{journey.id}` decides nothing at `{id}`: {instead(id, deciding)}", key=True)
        elif isinstance(ruling, Ruling):
            _ruling(document, ("decisions", id), ruling, known, deciding[id].outcomes)
    if not document.faults:
        _complete(document, service, deciding.values(), known)


def _complete(document: Document[Service], service: Service, steps: Iterable[Step], known: Known) -> None:
    agencies: dict[str, Any] = {id: known.agency(id) for id in known.agencies}
    for step in steps:
        agency = agencies.get(step.agency or service.agency)
        if agency is None:
            continue
        path: Path = ("decisions", step.id) if step.id in service.decisions else ("journey",)
        for outcome in step.outcomes:
            one = rulings.ruled(outcome, rulings.said(service, step, agencies), service.law)
            for message in _lacks(one, service, agency, known):
                document.note(path, f"outcome `{outcome}` of step `{step.id}` {message}")


def _lacks(one: rulings.Ruled, service: Service, agency: Agency, known: Known) -> Iterable[str]:
    where = f"for this service (`decisions`), for the step, or for all of `{agency.id}` (`decision`)"
    if one.letter is None and one.no_letter is None:
        yield f"has no letter: write `letter: LETTER`, or `no_letter:` and why not, {where}"
    if one.remedy is None:
        yield f"has no remedy: write `remedy:` with `kind`, `within` and `law`, or `kind: none` and why in `text`, {where}"
    elif one.remedy.kind == "objection" and not agency.objections:
        yield f"can be objected to, but nobody takes objections: write `objections: SERVICE` in the `agency.yaml` of `{agency.id}`"
    letter, fields = known.letter(one.letter), {field.id for field in service.fields}
    for text in letters.texts(letter) if letter else ():
        for _, place in (found for words in text.values() for found in letters.places(words)):
            field = place.removeprefix(letters.ANSWERS)
            if place.startswith(letters.ANSWERS) and field not in fields:
                yield f"goes out as letter `{one.letter}`, which names the answer `{field}`, no question here: {instead(field, fields)}"


def _ruling(document: AnyDocument, path: Path, ruling: Ruling, known: Known, outcomes: tuple[str, ...] | None) -> None:
    _letter(document, path, ruling.letter, known)
    _remedy(document, (*path, "remedy"), ruling.remedy)
    for name, outcome in ruling.outcomes.items():
        below = (*path, "outcomes", name)
        if outcomes is not None and name not in outcomes:
            document.note(below, f"the step has no outcome `{name}`: {instead(name, outcomes)}", key=True)
        if isinstance(outcome, Outcome):
            _letter(document, below, outcome.letter, known)
            _remedy(document, (*below, "remedy"), outcome.remedy)


def _letter(document: AnyDocument, path: Path, letter: str | None, known: Known) -> None:
    if letter and letter not in known.names["letter"]:
        document.note((*path, "letter"), f"there is no letter `{letter}`: {instead(letter, known.names['letter'])}")


def _remedy(document: AnyDocument, path: Path, remedy: Remedy | None) -> None:
    if remedy is None:
        return
    if remedy.kind == "none":
        if remedy.text is None:
            document.note(path, "say in `text` why nothing can be done against it")
        if remedy.within:
            document.note((*path, "within"), "there is no remedy, and so no term: leave `within` out", key=True)
    elif remedy.kind and not remedy.within:
        document.note(path, f"an {remedy.kind} has a term: write `within: 6 calendar_weeks`")
    if remedy.within and (message := syntax.bad_term(remedy.within)):
        document.note((*path, "within"), message)
    elif remedy.within and remedy.within.endswith("_hours"):
        document.note((*path, "within"), "a remedy is counted in days, weeks or months, from the day after the service")
    elif remedy.within and remedy.profile == "opening-hours" and not remedy.within.endswith("business_days"):
        document.note((*path, "profile"), "opening hours count business days only: take `eu-1182-71` or `same-time`")
    if remedy.profile and remedy.profile not in syntax.PROFILES:
        document.note((*path, "profile"), f"unknown profile `{remedy.profile}`: {instead(remedy.profile, syntax.PROFILES)}")
