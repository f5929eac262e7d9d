"""What must hold in one service's definition, and between it, its agency and its journey."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from portal.catalogue import syntax
from portal.catalogue.definitions import Agency, Field, Journey, Service, Standard, WorkingHours
from portal.catalogue.documents import Document, Path
from portal.catalogue.fact_names import bad_fact
from portal.catalogue.faults import instead
from portal.catalogue.inside import asked_once, whole
from portal.catalogue.inside_rules import check_parts
from portal.catalogue.known import Known
from portal.catalogue.languages import is_language
from portal.catalogue.purposes import check_matters
from portal.catalogue.standard_rules import check_conditions, check_cutoff
from portal.catalogue.wait_rules import check_until

#: Characters nobody minds to be read to.
SPOKEN_AT_ONCE = 600
#: Steps that are work for somebody, and so cost.
COSTING = ("work", "send", "decide", "ask")


def check_service(document: Document[Service], known: Known) -> None:
    """Note every fault of a service: its own and those of its references."""
    service = document.value
    if service is None:
        return
    _named(document, service)
    if service.version < 1 and not _faulty(document, "version"):
        document.note(("version",), "a version is a whole number from 1")
    agency, journey = known.agency(service.agency), known.journey(service.journey)
    if journey and not (journey.steps and all(step.id for step in journey.steps)):
        journey = None  # its own faults come first
    _reference(document, ("agency",), "agency", service.agency, known)
    _reference(document, ("journey",), "journey", service.journey, known)
    if journey:
        journey = whole(journey, known.values()[0])
        check_parts(document, service, known)
    _channels(document, service, known)
    _standards(document, service, agency, journey, known)
    _fields(document, service)
    if journey:
        _costs(document, service, journey)
        _queues(document, service, agency, journey)
        fields = asked_once(service, *known.values())
        _asked(document, fields, journey)
        check_until(document, service, journey, {field.id: field.type for field in fields})
    _fee(document, service)
    for index, id in enumerate(service.shared_tables):
        _reference(document, ("shared_tables", index), "table", id, known)
    _synonyms(document, service)
    check_matters(document, known)
    if service.danger and agency and not (agency.duty and agency.emergency):
        document.note(("danger",), f"agency `{agency.id}` must name `duty` persons and an `emergency` number before it offers a service with danger")


def _faulty(document: Document[Service], *path: str | int) -> bool:
    at = document.fault(path, "")
    return any((fault.line, fault.column) == (at.line, at.column) for fault in document.faults)


def _note(document: Document[Service], path: Path, message: str | None) -> None:
    if message:
        document.note(path, message)


def _named(document: Document[Service], service: Service) -> None:
    stem, folder = document.source.stem, document.source.folder
    if service.id and (message := syntax.bad_id(service.id)):
        document.note(("id",), message)
    elif service.id and service.id != stem:
        document.note(("id",), f"the id is `{service.id}`, but the file is `{stem}.yaml`: give both the same name")
    if service.agency and service.agency != folder:
        document.note(("agency",), f"the agency is `{service.agency}`, but the folder is `{folder}`: write `agency: {folder}`, or move the file")


def _reference(document: Document[Service], path: Path, kind: str, id: str, known: Known) -> None:
    if id and id not in known.names[kind]:
        document.note(path, f"there is no {kind} `{id}`: {instead(id, known.names[kind])}")


def _repeated(document: Document[Service], path: Path, words: Sequence[str], *, last: str | None = "id") -> None:
    for index, word in enumerate(words):
        if word and word in words[:index]:
            document.note((*path, index, last) if last else (*path, index), f"`{word}` stands in `{path[-1]}` twice: keep one, or choose another")


def _channels(document: Document[Service], service: Service, known: Known) -> None:
    for index, channel in enumerate(service.channels):
        if channel and channel not in known.channels:
            document.note(("channels", index), f"unknown channel `{channel}`: {instead(channel, known.channels)}")
    _repeated(document, ("channels",), service.channels, last=None)


def _standards(document: Document[Service], service: Service, agency: Agency | None, journey: Journey | None, known: Known) -> None:
    _repeated(document, ("standards",), [standard.id for standard in service.standards])
    for index, standard in enumerate(service.standards):
        path: Path = ("standards", index)
        _note(document, (*path, "id"), standard.id and syntax.bad_id(standard.id))
        _note(document, (*path, "within"), standard.within and syntax.bad_term(standard.within))
        if standard.profile and standard.profile not in syntax.PROFILES:
            document.note((*path, "profile"), f"unknown profile `{standard.profile}`: {instead(standard.profile, syntax.PROFILES)}")
        steps = [] if journey is None else [step.id for step in journey.steps if step.id]
        if journey and standard.covers and standard.covers not in ("case", "first-answer", *steps):
            document.note((*path, "covers"), f"nothing `{standard.covers}` to cover: {instead(standard.covers, ['case', 'first-answer', *steps])}")
        if standard.calendar and (message := _calendar(standard.calendar, agency, known)):
            document.note((*path, "calendar"), message)
        _warnings(document, path, standard)
        check_conditions(document, path, standard, agency, journey)
        check_cutoff(document, path, standard, _hours(standard.calendar, agency, known))


def _hours(name: str | None, agency: Agency | None, known: Known) -> WorkingHours | None:
    """The calendar a standard runs on; None where it cannot be told."""
    owner, _, calendar = (name or "").rpartition("/")
    held = known.agency(owner) if owner else agency
    return next((entry for entry in held.calendars if not name or entry.id == calendar), None) if held else None


def _calendar(name: str, agency: Agency | None, known: Known) -> str | None:
    owner, _, calendar = name.rpartition("/")
    if owner and owner not in known.names["agency"]:
        return f"there is no agency `{owner}`: {instead(owner, known.names['agency'])}"
    held = known.agency(owner) if owner else agency
    ids = [entry.id for entry in held.calendars] if held else []
    return f"agency `{held.id}` has no calendar `{calendar}`: {instead(calendar, ids)}" if held and calendar not in ids else None


def _warnings(document: Document[Service], path: Path, standard: Standard) -> None:
    for index, share in enumerate(standard.warn_at):
        if not 0 < share < 1 and not _faulty(document, *path, "warn_at", index):
            document.note((*path, "warn_at", index), f"{share:g} is no share of the term: write a number between 0 and 1, such as 0.75")
    if any(after <= before for before, after in pairwise(standard.warn_at)):
        document.note((*path, "warn_at"), "warnings must rise: write the smaller share first, each once")


def _fields(document: Document[Service], service: Service) -> None:
    _repeated(document, ("fields",), [field.id.replace("-", "_") for field in service.fields])
    facts = [field.fact for field in service.fields]
    for index, field in enumerate(service.fields):
        _field(document, ("fields", index), field)
        if field.fact and field.fact in facts[:index]:
            document.note(("fields", index, "fact"), f"`{field.fact}` is said of two fields: it would be used again in both; leave it out of one")


def _field(document: Document[Service], path: Path, field: Field) -> None:
    _note(document, (*path, "id"), field.id and syntax.bad_question(field.id))
    _note(document, (*path, "fact"), bad_fact(field))
    for code, said in (field.script or {}).items():
        if not said.strip() or len(said) > SPOKEN_AT_ONCE:
            document.note((*path, "script", code), f"a script is read aloud: write one to three sentences, at most {SPOKEN_AT_ONCE} characters")
    if field.type in ("choice", "choices") and not field.options:
        document.note((*path, "type"), f"a {field.type} needs `options`: write at least two, each with `id` and `title`")
    if field.type and field.type not in ("choice", "choices") and field.options:
        document.note((*path, "options"), f"`options` are for `choice` and `choices`, not for `{field.type}`: change the type, or leave them out", key=True)
    _repeated(document, (*path, "options"), [option.id for option in field.options])
    for index, option in enumerate(field.options):
        _note(document, (*path, "options", index, "id"), option.id and syntax.bad_word(option.id))
    if field.minimum is not None and field.maximum is not None and field.minimum > field.maximum:
        document.note((*path, "maximum"), f"the maximum {field.maximum} is below the minimum {field.minimum}: swap them")
    if field.max_length < 1 and not _faulty(document, *path, "max_length"):
        document.note((*path, "max_length"), "`max_length` counts characters: write a whole number from 1")


def _costs(document: Document[Service], service: Service, journey: Journey) -> None:
    costing = [step.id for step in journey.steps if step.kind in COSTING and step.id]
    steps = {step.id for step in journey.steps}
    missing = [id for id in costing if id not in service.costs]
    if missing and not _faulty(document, "costs"):
        document.note(
            ("costs",), f"no cost for step `{'`, `'.join(missing)}` of journey `{journey.id}`: write `{missing[0]}: AMOUNT` in minor units of the currency"
        )
    for id, amount in service.costs.items():
        if id not in steps:
            document.note(("costs", id), f"journey `{journey.id}` has no step `{id}`: {instead(id, costing)}", key=True)
        if amount < 0:
            document.note(("costs", id), "a cost cannot be negative: write minor units of the currency, 0 or more")


def _queues(document: Document[Service], service: Service, agency: Agency | None, journey: Journey) -> None:
    queues = [queue.id for queue in agency.queues] if agency else []
    for step in journey.steps:
        if agency and step.queue and step.agency is None and step.queue not in queues:
            message = f"step `{step.id}` of journey `{journey.id}` uses queue `{step.queue}`, which agency `{agency.id}` has not: {instead(step.queue, queues)}"
            document.note(("journey",), message)


def _asked(document: Document[Service], fields: Sequence[Field], journey: Journey) -> None:
    own = [field.id for field in fields]
    for step in journey.steps:
        for name in step.fields:
            if name and name not in own:
                document.note(("journey",), f"step `{step.id}` of journey `{journey.id}` asks for `{name}`, which is no field here: {instead(name, own)}")


def _fee(document: Document[Service], service: Service) -> None:
    fee: Any = service.fee
    if fee is None:
        return
    _note(document, ("fee", "currency"), fee.currency and syntax.bad_currency(fee.currency))
    if fee.amount is None and fee.table is None:
        document.note(("fee",), "`amount` is missing: write `amount: ...` in minor units of the currency, or `table: ...`")
    if fee.amount is not None and fee.table is not None:
        document.note(("fee", "table"), "a fee has an `amount` or comes from a `table`, not both: leave one out", key=True)
    if fee.amount is not None and fee.amount < 0:
        document.note(("fee", "amount"), "a fee cannot be negative: write minor units of the currency, 0 or more")


def _synonyms(document: Document[Service], service: Service) -> None:
    for language, words in service.synonyms.items():
        if not is_language(language):
            document.note(("synonyms", language), f"`{language}` is not a language code: write two or three small letters, such as `en`", key=True)
        if not words:
            document.note(("synonyms", language), f"`synonyms.{language}` is empty: write words people use, or leave the line out")
