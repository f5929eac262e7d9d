"""Takes a request from any door, whoever it belongs to: finds its service or leaves that to people, and opens the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.cases import registry
from portal.catalogue import find
from portal.catalogue.areas import Placed
from portal.catalogue.definitions import Service
from portal.catalogue.tabled import Found
from portal.catalogue.words import says_nothing
from portal.clock import local_date
from portal.db import new_id
from portal.errors import Invalid
from portal.intake import answers as rules
from portal.intake import foretold, known, reaching
from portal.intake.contacts import contact_of as contact_of
from portal.intake.placing import place
from portal.parties import register
from portal.unit_of_work import Row, Work
from portal.vault import items

#: Characters of free text that are taken.
TEXT_LIMIT = 20_000


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What came in. `service` or `text` is enough. `contact`: name, email, phone, address; `location`: lat, long, address, area."""

    service: str | None = None
    text: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    contact: Mapping[str, Any] = field(default_factory=dict)
    location: Mapping[str, Any] = field(default_factory=dict)
    channel: str = "web"
    language: str | None = None
    subject: str | None = None
    #: When the request reached us, where that was earlier (post); never in the future.
    received_at: datetime | None = None
    source: str | None = None
    external_id: str | None = None
    #: The service that is meant, where nobody can ask for the answers that are missing before it is taken.
    meant: str | None = None
    #: Answers the party takes over from other matters of theirs; whoever asks has proved to stand on those for itself.
    reuse: Sequence[known.Reuse] = ()
    #: The party is told that it was received; False where it was told often enough today.
    acknowledge: bool = True


@dataclass(frozen=True)
class Received:
    """The case, and what is still asked of the party."""

    case: Row
    service: Service | None
    missing: list[str]
    danger: bool
    #: What the service's table says of who may ask; None where it has none, or cannot tell yet.
    eligibility: Found | None = None


def receive(work: Work, given: Submission, *, case_id: UUID | None = None) -> Received:
    """Opens the case in the unit at hand; what follows are reactions. Raises Invalid with a pointer for each value that cannot be taken."""
    text = _text(given.text)
    if not given.service and says_nothing(text or ""):
        raise Invalid(
            "Say what it is about: send `text`, or the `service` it is for.", errors=[{"pointer": "/text", "detail": "Send a sentence, or a service."}]
        )
    service = _service(work, given, text)
    facts = {"channel": given.channel, "area": given.location.get("area"), "language": given.language}
    case_id = case_id or new_id()
    taken = _taken_over(work, given, service, case_id, facts) if given.reuse else []
    said = {**given.answers, **{had.field.id: had.value for one in taken for had in one.known}}
    answers = rules.checked(service, said, facts=facts, complete=bool(given.service)) if service else _none(said)
    contact = contact_of(given.contact)
    asked_for, placed = service, Placed()
    if service is not None:
        placed = place(work.catalogue, service, given.location, answers)
        service = work.catalogue.services[placed.service] if placed.service else None
    danger = bool(asked_for and asked_for.danger) or bool(service and service.danger) or bool(text and find.danger(work.catalogue, text))
    case = _open(work, given, case_id, service, text, answers, contact, danger, placed.doubt)
    if taken and asked_for:
        known.agreed(work, case_id, taken, agency=case["agency"], service=(service or asked_for).id)
    today = {**facts, "answers": answers, "today": local_date(work.now, case["zone"])}
    found = foretold.tell(work, case["case_id"], service, today) if service and answers else None
    return Received(case, service, rules.missing(service, answers, facts=facts) if service else [], danger, found)


def _taken_over(work: Work, given: Submission, service: Service | None, case_id: UUID, facts: Mapping[str, Any]) -> list[known.Taken]:
    """Answers that come from other matters. Invalid where no service is named, or something is both said and taken over."""
    if service is None or not given.service:
        raise Invalid(errors=[{"pointer": "/reuse", "detail": "Answers belong to a service: name it in `service`."}])
    twice = [name for one in given.reuse for name in one.fields if name in given.answers]
    if twice:
        raise Invalid(errors=[{"pointer": f"/answers/{name}", "detail": "This is answered and taken over: choose one."} for name in twice])
    return known.take(work, service, given.reuse, case_id, facts=facts)


def _service(work: Work, given: Submission, text: str | None) -> Service | None:
    if given.service:
        service = work.catalogue.services.get(given.service)
        if service is None or service.triage:
            unknown = "There is no service of that name; GET /api/v1/services lists them. Or send only `text`: people will find its door."
            raise Invalid(errors=[{"pointer": "/service", "detail": unknown}])
        return service
    if given.meant:
        return work.catalogue.services[given.meant]
    match = find.confident(find.rank(work.catalogue, text or "", given.language))
    return work.catalogue.services[match.service_id] if match else None


def _open(
    work: Work,
    given: Submission,
    case_id: UUID,
    service: Service | None,
    text: str | None,
    answers: dict[str, Any],
    contact: dict[str, str],
    danger: bool,
    doors: tuple[str, ...] = (),
) -> Row:
    door = service or work.catalogue.triage
    agency = work.catalogue.agencies[door.agency]
    party = new_id()
    language = given.language or work.portal.settings.default_language
    contact_item = items.put(work, case_id, "contact", contact, party_id=party)[0] if contact else None
    answers_item, commitment = items.put(work, case_id, "answers", answers, party_id=party)
    if text:
        items.put(work, case_id, "words", text, party_id=party)
    if given.location:
        items.put(work, case_id, "location", dict(given.location), party_id=party)
    told_by = _told_by(given.channel, contact)
    case = registry.open_case(
        work,
        registry.Opening(
            case_id=case_id,
            service=service.id if service else None,
            service_hash=work.catalogue.hashes["service", service.id] if service else None,
            agency=door.agency,
            channel=given.channel,
            language=language,
            zone=agency.calendars[0].zone,
            received_at=_received_at(work, given.received_at),
            jurisdiction=agency.jurisdiction,
            origin="demo" if work.portal.settings.mode != "production" else "live",
            party=party,
            answers=answers_item,
            commitment=commitment,
            area=given.location.get("area"),
            danger=danger,
            source=given.source,
            external_id=given.external_id,
            flags=() if given.acknowledge else ("unacknowledged",),
            data={"doors": list(doors)} if doors else {},
        ),
    )
    on_it = register.put_on(work, case_id, party_id=party, role="applicant", subject=given.subject, language=language, channel=told_by, contact=contact_item)
    reaching.follow(work, on_it, reaching.of_person(work, given.subject))
    return case


def _told_by(channel: str, contact: Mapping[str, str]) -> str | None:
    """By which channel the party is told; None: it looks the case up itself."""
    if contact.get("email"):
        return "email"
    by = {"sms": "phone", "post": "address"}.get(channel)
    return channel if by and contact.get(by) else None


def _received_at(work: Work, given: datetime | None) -> datetime:
    if given is None:
        return work.now
    if given > work.now + timedelta(minutes=1):
        raise Invalid(errors=[{"pointer": "/received_at", "detail": "This lies in the future."}])
    return given


def _text(text: str | None) -> str | None:
    try:
        return rules.plain(text, limit=TEXT_LIMIT) if text is not None else None
    except rules.Wrong as wrong:
        raise Invalid(errors=[{"pointer": "/text", "detail": str(wrong)}]) from wrong


def _none(answers: Mapping[str, Any]) -> dict[str, Any]:
    if answers:
        raise Invalid(errors=[{"pointer": "/answers", "detail": "Answers belong to a service: name it in `service`, or say it all in `text`."}])
    return {}
