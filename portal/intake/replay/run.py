"""Replays a log: reads it whole, then plays what happened through the registry, in the order in which it happened.

Three kinds of moments are merged by instant: a request comes in, is closed, or its promise passes unkept (what a sweeper would have found then). A few
hundred moments make one unit of work, opened at the instant of its last one: `occurred_at` is the log's, `recorded_at` the unit's, never earlier. Since
moments are in time order and a case's own moments never share an instant in the wrong order, each case's history reads as it was lived. Most cases of
such a unit begin in it, so that there is little to read and one statement writes all.

No timer stays armed: the sweeper of the running portal would fire the past at once, before the log says that a case was closed in time. The merge
itself finds what was missed, up to the last instant of the log; what was due after it is left open, since nobody knows how it ended.
Nothing is written before the whole log could be read. A run that was cut off goes on where it stopped: what is in the registry is known by the log's
ids, and what is open there and closed in the log is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from portal.cases import registry
from portal.cases.taken import Taken, taken
from portal.db import metadata, new_id
from portal.errors import Conflict
from portal.intake.replay.entries import entries
from portal.intake.replay.log import Entry
from portal.intake.replay.mapping import Mapping
from portal.intake.replay.reading import Document
from portal.intake.replay.rows import CLOSED_BEFORE_OPENED, Refused, Request, Rows
from portal.parties import register
from portal.standards import clocks, timers
from portal.unit_of_work import ENGINE, READER, Portal, Work
from portal.vault import items

ORIGIN = "replay"
#: Id of the clock of a replayed promise.
STANDARD = "promised-date"
#: Bytes a unit may write, roughly: some 400 cases. Small units cost round trips; in large ones each row's check tries every case of the unit.
UNIT_BYTES = 1 << 20
#: What closing a case or missing its promise reads of it: one statement a table for all cases of a unit, instead of one a case.
_READ_AHEAD = ("cases", "clocks", "timers", "tasks", "case_parties")

#: Told how many moments of how many have been played.
Progress = Callable[[int, int], None]


class Kind(IntEnum):
    """What happens in a moment; at one instant in this order. A promise is kept that is fulfilled at its last instant."""

    OPENED = 0
    CLOSED = 1
    MISSED = 2


#: Bytes of JSON such a moment writes, roughly.
_WEIGHT = {Kind.OPENED: 5000, Kind.CLOSED: 2500, Kind.MISSED: 1500}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken."""

    number: int
    line: int
    external_id: str
    reason: str
    detail: str


@dataclass
class Outcome:
    """What became of a log. Counts of promises are of the rows taken in this run."""

    read: int = 0
    taken: int = 0
    known: int = 0
    closed: int = 0
    missed: int = 0
    refused: list[Refusal] = field(default_factory=list)
    #: Every row that is in the registry now, in the log's order.
    requests: list[Request] = field(default_factory=list)
    new: list[Request] = field(default_factory=list)

    def promised(self, source: str | None) -> int:
        """Rows taken whose date is `computed`, `imported`, or that had none."""
        return sum(request.due_source == source for request in self.new)

    @property
    def differing(self) -> list[Request]:
        """Rows taken whose date in the log is not the one our standard gives."""
        return [request for request in self.new if request.differs]


def replay(
    portal: Portal,
    file: Path,
    mapping: Mapping,
    document: Document,
    *,
    now: datetime,
    limit: int | None = None,
    unit_bytes: int = UNIT_BYTES,
    progress: Progress = lambda done, of: None,
) -> Outcome:
    """Plays the log. UnreadableLog before anything is written, Conflict where another run of the same source is under way."""
    with _alone(portal, mapping.named):
        outcome = Outcome()
        known = _known(portal, mapping)
        for request in _requests(outcome, Rows(mapping, portal.catalogue, now), file, mapping, document, limit):
            there = known.get(request.external_id)
            outcome.known += there is not None
            outcome.requests.append(request)
            if there is None:
                outcome.new.append(request)
            else:
                request.case_id, request.reference = there.case_id, there.reference
        play = [request for request in outcome.requests if request.case_id is None or known[request.external_id].open]
        _play(portal, mapping, outcome, play, unit_bytes, progress)
        return outcome


def _known(portal: Portal, mapping: Mapping) -> dict[str, Taken]:
    with portal.work(READER) as work:
        return taken(work, origin=ORIGIN, source=mapping.named)


@contextmanager
def _alone(portal: Portal, source: str) -> Iterator[None]:
    """One run of a source at a time: an advisory lock, held by a connection of its own and lost with it."""
    number = int.from_bytes(sha256(f"replay\x00{source}".encode()).digest()[:8], signed=True)
    with portal.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (number,)).scalar():
            raise Conflict(f"Another replay of `{source}` is under way. Wait until it has ended.")
        try:
            yield
        finally:
            connection.exec_driver_sql("SELECT pg_advisory_unlock(%s)", (number,))


# ---------------------------------------------------------------------- reading


def _requests(outcome: Outcome, rows: Rows, file: Path, mapping: Mapping, document: Document, limit: int | None) -> Iterator[Request]:
    seen: dict[str, int] = {}
    for entry in entries(file, mapping, document):
        if limit is not None and outcome.read >= limit:
            return
        outcome.read += 1
        try:
            request = rows.request(entry)
            if (first := seen.setdefault(request.external_id, entry.number)) != entry.number:
                raise Refused("the id stands in the log twice", f"first in row {first}")
        except Refused as refused:
            outcome.refused.append(Refusal(entry.number, entry.line, _id(rows, entry), refused.reason, refused.detail))
        else:
            yield request


def _id(rows: Rows, entry: Entry) -> str:
    try:
        return rows.external_id(entry.texts) or ""
    except Refused:
        return ""


# ---------------------------------------------------------------------- playing


Moment = tuple[datetime, Kind, int, Request]


def _moments(requests: Sequence[Request], last: datetime) -> list[Moment]:
    """What happened up to the log's last instant, in order. A closing before the opening is played at the opening, and keeps its own time."""
    found: list[Moment] = []
    for place, request in enumerate(requests):
        if request.case_id is None:
            found.append((request.opened_at, Kind.OPENED, place, request))
        if request.closed_at:
            found.append((max(request.opened_at, request.closed_at), Kind.CLOSED, place, request))
    for place, request in enumerate(requests):
        due_at = request.due_at
        if due_at and (request.closed_at is None or due_at < request.closed_at) and (at := max(due_at, request.opened_at)) <= last:
            found.append((at, Kind.MISSED, place, request))
    found.sort(key=lambda moment: moment[:3])
    return found


def _play(portal: Portal, mapping: Mapping, outcome: Outcome, requests: Sequence[Request], size: int, progress: Progress) -> None:
    ends = (request.closed_at or request.opened_at for request in outcome.requests)
    moments = _moments(requests, max((*ends, *(request.opened_at for request in outcome.requests)), default=datetime.min))
    done = 0
    for unit in _units(moments, size):
        _unit(portal, mapping, outcome, unit)
        done += len(unit)
        progress(done, len(moments))


def _units(moments: Iterable[Moment], size: int) -> Iterator[list[Moment]]:
    """Moments in runs that write about `size` bytes, one moment at least."""
    unit: list[Moment] = []
    weight = 0
    for moment in moments:
        _, kind, _, request = moment
        own = _WEIGHT[kind] + (6 * len(request.text or "") if kind is Kind.OPENED else 0)
        if unit and weight + own > size:
            yield unit
            unit, weight = [], 0
        unit.append(moment)
        weight += own
    if unit:
        yield unit


def _unit(portal: Portal, mapping: Mapping, outcome: Outcome, moments: Sequence[Moment]) -> None:
    new: list[UUID] = []
    for _, kind, _, request in moments:
        if kind is Kind.OPENED:
            request.case_id = new_id()
            new.append(request.case_id)
    before = {request.case_id for *_, request in moments if request.case_id} - set(new)
    with portal.work(ENGINE, at=moments[-1][0], new_cases=new) as work:
        if before:
            work.narrow(before)
            for table in _READ_AHEAD:
                work.load(metadata.tables[table], before)
        for _, kind, _, request in moments:
            _PLAYED[kind](work, mapping, request)
        work.settle()
        recorded = [event.type for event in work.recorded()]
    outcome.taken += recorded.count("CaseOpened")
    outcome.closed += recorded.count("CaseClosed")
    outcome.missed += recorded.count("StandardMissed")


def _open(work: Work, mapping: Mapping, request: Request) -> None:
    case_id, party = request.case_id, new_id()
    assert case_id is not None
    for kind, value in (("words", request.text), ("location", request.location)):
        if value:
            items.put(work, case_id, kind, value, party_id=party)
    opening = registry.Opening(
        case_id=case_id,
        service=request.service,
        service_hash=None,
        agency=request.agency,
        channel=request.channel,
        language=mapping.language,
        zone=mapping.zone,
        received_at=request.opened_at,
        jurisdiction=mapping.jurisdiction,
        origin=ORIGIN,
        party=party,
        area=request.area,
        source=mapping.named,
        external_id=request.external_id,
        flags=tuple(request.flags),
    )
    request.reference = registry.open_case(work, opening)["reference"]
    register.put_on(work, case_id, party_id=party, role="applicant", subject=None, language=mapping.language, channel=None, contact=None)
    request.text = request.location = None
    if request.due_at and request.due_source:
        _promise(work, request, case_id, request.due_at, request.due_source)


def _promise(work: Work, request: Request, case_id: UUID, due_at: datetime, source: str) -> None:
    clock = clocks.take_over(
        work,
        case_id,
        standard=STANDARD,
        agency=request.agency,
        started_at=request.opened_at,
        due_at=due_at,
        source=source,
        rule=request.promise.rule if request.promise else {},
        calendar_hash=request.promise.calendar_hash if request.promise else None,
    )
    timers.disarm(work, case_id, clock["id"])


def _close(work: Work, _: Mapping, request: Request) -> None:
    assert request.case_id is not None
    if registry.case_of(work, request.case_id)["status"] == "closed":
        return
    early = request.closed_at is not None and request.closed_at < request.opened_at
    registry.close(work, request.case_id, outcome="done", at=request.closed_at, flags=(CLOSED_BEFORE_OPENED,) if early else ())


def _miss(work: Work, _: Mapping, request: Request) -> None:
    assert request.case_id is not None
    for clock in clocks.of_case(work, request.case_id):
        if clock["standard"] == STANDARD:
            clocks.miss(work, request.case_id, clock["id"])


_PLAYED: dict[Kind, Callable[[Work, Mapping, Request], None]] = {Kind.OPENED: _open, Kind.CLOSED: _close, Kind.MISSED: _miss}
