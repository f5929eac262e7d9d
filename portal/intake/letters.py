"""A letter that came in: counted from the day it was received, whoever wrote it down and when; how far back is bounded, and is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any, Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.cases import registry
from portal.catalogue.definitions import Agency
from portal.catalogue.words import says_nothing
from portal.errors import Invalid, NotAllowed
from portal.events.chain import stamp
from portal.intake import objections, party
from portal.intake.objections import Objection
from portal.intake.receive import Received, Submission, receive
from portal.unit_of_work import Row, Work
from portal.vault import items

#: What a letter about a request may be. `new` begins one.
Kind = Literal["new", "reply", "withdrawal", "objection"]
KINDS: tuple[str, ...] = get_args(Kind)
CHANNEL = "post"
#: Whoever may write down a letter that came in longer ago than its agency lets everybody: the second person.
SECOND = ("team-lead", "champion")
#: Days; further back is a slip of the pen.
LONGEST = 3_653
#: Characters of a reason.
REASON_LIMIT = 2_000


class SecondPerson(NotAllowed):
    """This letter came in longer ago than you may write down by yourself. Ask a team lead or a champion to do it, with a reason."""

    slug = "second-person"


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """When and where a letter came in: `on`, the local day on which the first agency had it (no wrong door). `reason`: why it is written down so late."""

    agency: Agency
    on: date
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Backdated:
    """What a day of receipt comes to."""

    at: datetime
    #: Calendar days before the day it was written down; and whether that is more than everybody may.
    days: int
    beyond: bool


def dated(work: Work, arrival: Arrival) -> Backdated:
    """The instant a letter counts from: the beginning of its day, for nobody knows the hour. Invalid for a day to come, or without a reason;
    SecondPerson where it is too long ago for whoever asks."""
    zone = ZoneInfo(arrival.agency.calendars[0].zone)
    days = (work.now.astimezone(zone).date() - arrival.on).days
    if days < 0:
        raise Invalid(errors=[{"pointer": "/received_on", "detail": "This day is still to come: write the day the letter came in."}])
    beyond = days > arrival.agency.letters_back_days
    if days > LONGEST:
        raise Invalid(errors=[{"pointer": "/received_on", "detail": "This is more than ten years ago: look at the date once more."}])
    if beyond and not set(SECOND) & {*work.principal.roles, work.principal.scope}:
        raise SecondPerson(f"This letter came in more than {arrival.agency.letters_back_days} days ago. {SecondPerson.__doc__}")
    if beyond and says_nothing(arrival.reason or ""):
        raise Invalid(errors=[{"pointer": "/reason", "detail": "Say why it is written down only now."}])
    return Backdated(datetime.combine(arrival.on, time(), zone).astimezone(UTC), days, beyond)


def open_by_letter(work: Work, case_id: UUID, given: Submission, arrival: Arrival) -> Received:
    """A request that came by letter: its promises run from the day it was received, and are missed where that day says so. `LetterReceived`."""
    back = dated(work, arrival)
    taken = receive(work, replace(given, channel=CHANNEL, received_at=back.at), case_id=case_id)
    _told(work, taken.case, "new", back, arrival)
    return taken


def on_case(
    work: Work, case_id: UUID, kind: str, arrival: Arrival, *, text: str | None, answers: Mapping[str, Any] | None = None, objection: UUID | None = None
) -> Row | None:
    """A letter about a case in hand. The objection's case, for one. Raises what the same act of its party raises. `LetterReceived`."""
    back, made = dated(work, arrival), None
    case = registry.case_of(work, case_id)
    _told(work, case, kind, back, arrival)
    if kind == "withdrawal":
        party.take_back(work, case_id, text)
    elif kind == "objection" and objection is not None:
        made, _ = objections.object_to(work, case_id, objection, Objection(text=_demanded(text)), received_at=back.at, channel=CHANNEL)
    else:
        if answers:
            party.answer(work, case_id, answers, at=back.at)
        if text or not answers:
            party.write(work, case_id, _demanded(text), channel=CHANNEL, sender="party", at=back.at)
    return made


def _demanded(text: str | None) -> str:
    if says_nothing(text or ""):
        raise Invalid(errors=[{"pointer": "/text", "detail": "Write down what the letter says, in short."}])
    return str(text)


def _told(work: Work, case: Row, kind: str, back: Backdated, arrival: Arrival) -> None:
    item, commitment = items.put(work, case["case_id"], "note", arrival.reason.strip()[:REASON_LIMIT]) if arrival.reason else (None, None)
    work.record(
        case["case_id"],
        "LetterReceived",
        occurred_at=back.at,
        agency=arrival.agency.id,
        channel=CHANNEL,
        kind=kind,
        received_at=stamp(back.at),
        days=back.days,
        beyond=back.beyond,
        reason=str(item) if item else None,
        commitment=commitment,
    )
