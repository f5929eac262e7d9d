"""Fires timers of clocks in one step for many cases: locked and read together, judged one by one by a pure function, written in one statement.

Measured, a breach with its event, chain, clock and next escalation costs about a quarter of what it costs by rows of a unit of work. What needs more than that
(a consequence, a reaction, two timers of one case in their order) is left to them: portal/standards/sweep.py. Both ways write the same rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from portal.db import new_id
from portal.events import log
from portal.events.chain import stamp
from portal.standards.clockwork import after_due, period
from portal.standards.hours import calendar
from portal.standards.overdue import PutBefore
from portal.unit_of_work import Event, Work

#: Tells people of what was missed; the room of what leaves does (portal/reactions/promises.py).
Tell = Callable[[Work, Sequence[PutBefore]], None]

#: Heads of cases with a due timer, the longest due first. Whoever writes a case holds its head, so what is read after this stands still.
_LOCK = """SELECT h.case_id FROM timers t JOIN case_heads h USING (case_id)
WHERE t.armed AND t.due_at <= %(now)s ORDER BY t.due_at LIMIT %(limit)s FOR UPDATE OF h SKIP LOCKED"""
#: Everything due in these cases. An escalation goes to the person in its place of the list; after a breach comes the first, after each the next.
_READ = """SELECT t.case_id, t.id, t.kind, t.generation, t.share, h.seq, h.hash, h.jurisdiction, h.origin,
c.id, c.standard, c.kind, c.covers, c.agency, c.calendar_hash, c.status, c.due_at, c.stopped_at IS NULL, c.rule ? 'consequence', c.rule->>'profile',
c.rule->'escalate'->t.share::int->>'to', c.rule->'escalate'->(CASE t.kind WHEN 'breach' THEN 0 ELSE t.share::int + 1 END)->>'after',
CASE t.kind WHEN 'breach' THEN c.rule->'tell' END
FROM unnest(%(cases)s::uuid[]) AS held(case_id) JOIN timers t USING (case_id) JOIN case_heads h USING (case_id)
LEFT JOIN clocks c ON c.case_id = t.case_id AND c.id = t.subject AND t.kind IN ('breach', 'warning', 'escalation')
WHERE t.armed AND t.due_at <= %(now)s"""
#: Each row once, or nothing at all: a timer that was moved, a clock or a head that is not as it was read, fails the statement.
_WRITE = f"""WITH fired AS MATERIALIZED (SELECT * FROM json_to_recordset(%(fired)s)
    AS f(case_id uuid, id uuid, generation int, clock uuid, status text, escalated_to text, level int, next uuid, next_at timestamptz)),
{log.ONE_EACH},
flipped AS (UPDATE timers t SET armed = false, fired_at = %(now)s FROM fired f
    WHERE t.case_id = f.case_id AND t.id = f.id AND t.generation = f.generation AND t.armed RETURNING 1),
changed AS (UPDATE clocks c SET status = coalesce(f.status, c.status), escalated_to = coalesce(f.escalated_to, c.escalated_to),
    missed_at = CASE f.status WHEN 'missed' THEN c.due_at ELSE c.missed_at END
    FROM fired f WHERE c.case_id = f.case_id AND c.id = f.clock AND (f.status IS NOT NULL OR f.escalated_to IS NOT NULL) RETURNING 1),
armed AS (INSERT INTO timers (case_id, id, kind, subject, due_at, generation, armed, share)
    SELECT f.case_id, f.next, 'escalation', f.clock, f.next_at, 1, true, f.level FROM fired f WHERE f.next IS NOT NULL)
SELECT portal_expect('timers', (SELECT count(*) FROM flipped), %(timers)s), portal_expect('clocks', (SELECT count(*) FROM changed), %(clocks)s),
    portal_expect('case_heads', (SELECT count(*) FROM advanced), %(heads)s)"""


class Due(NamedTuple):
    """A due timer, its clock and the head of its case; columns of `_READ`. Without a clock everything from `clock` on is None."""

    case_id: UUID
    id: UUID
    kind: str
    generation: int
    share: int | None
    seq: int
    hash: bytes
    jurisdiction: str
    origin: str
    clock: UUID
    standard: str
    clock_kind: str
    covers: str
    agency: str
    calendar_hash: str | None
    status: str
    due_at: datetime
    owed: bool
    consequence: bool
    profile: str | None
    to: str | None
    after: str | None
    #: Roles its standard puts a breach before at once.
    tell: Sequence[str] | None = None


@dataclass(slots=True)
class Outcome:
    """What firing a timer makes: an event, what changes in its clock, and the escalation to wait for; nothing of all that where it came too late."""

    type: str | None = None
    occurred_at: datetime | None = None
    data: dict[str, Any] = field(default_factory=dict)
    status: str | None = None
    escalated_to: str | None = None
    #: Place of the person who is next, if any.
    level: int | None = None
    #: Roles it is put before now.
    told: Sequence[str] = ()


def missed(one: Due) -> Outcome:
    """The date of a running clock has passed: the same as `clocks.miss` where the law makes nothing of it."""
    if one.status not in ("running", "paused"):
        return Outcome()
    data = {"clock": str(one.clock), "due_at": stamp(one.due_at), "standard": one.standard, "kind": one.clock_kind, "covers": one.covers}
    return Outcome("StandardMissed", one.due_at, data, status="missed", level=0 if one.owed else None, told=one.tell or ())


def warned(one: Due) -> Outcome:
    """So much of the time of a running clock is used: the same as `clocks.warn`."""
    if one.status not in ("running", "paused"):
        return Outcome()
    return Outcome("StandardWarned", None, {"clock": str(one.clock), "standard": one.standard, "share": one.share})


def escalated(one: Due) -> Outcome:
    """Nobody has stopped a missed clock for so long: the same as `overdue.escalate`."""
    if not one.owed or one.to is None or one.share is None:
        return Outcome()
    data = {"clock": str(one.clock), "standard": one.standard, "level": one.share + 1, "to": one.to}
    return Outcome("StandardEscalated", None, data, escalated_to=one.to, level=one.share + 1, told=(one.to,))


#: Kind of timer -> what firing it makes of its clock, and the event that tells of it.
KINDS: dict[str, tuple[Callable[[Due], Outcome], str]] = {
    "breach": (missed, "StandardMissed"),
    "warning": (warned, "StandardWarned"),
    "escalation": (escalated, "StandardEscalated"),
}


def fire(work: Work, *, limit: int, tell: Tell | None = None) -> tuple[int, list[UUID]]:
    """Fires up to `limit` due timers in a unit opened as the relay: how many, and the cases it leaves to rows of a unit of work, their timers still armed.

    `tell` is given before whom promises are put, in the same transaction; without it those timers are left.
    """
    held = {case_id for (case_id,) in work.sql(_LOCK, {"now": work.now, "limit": limit})}
    if not held:
        return 0, []
    found = [Due._make(row) for row in work.sql(_READ, {"cases": list(held), "now": work.now})]
    fired, others = apart(found, quiet={kind for kind, (_, type) in KINDS.items() if not work.portal.reactions.get(type)}, telling=tell is not None)
    if fired:
        told = _write(work, fired)
        if told and tell:
            tell(work, told)
    return len(fired), others


def apart(found: Iterable[Due], *, quiet: set[str], telling: bool = True) -> tuple[list[Due], list[UUID]]:
    """Timers that can be fired here, and the cases of all others; `quiet` are kinds no reaction follows. Two timers of a case fire in their order: not here.

    Without `telling` nobody can be told here, and what has to be is left.
    """
    found = list(found)
    timers = Counter(one.case_id for one in found)
    here = [one for one in found if timers[one.case_id] == 1 and _simple(one, quiet) and (telling or not (one.tell or one.kind == "escalation"))]
    return here, list(timers.keys() - {one.case_id for one in here})


def _simple(one: Due, quiet: set[str]) -> bool:
    return one.kind in quiet and one.clock is not None and not (one.kind == "breach" and one.consequence)


def _write(work: Work, fired: list[Due]) -> list[PutBefore]:
    outcomes = [KINDS[one.kind][0](one) for one in fired]
    told = log.sealed((_event(work, *pair) for pair in zip(fired, outcomes, strict=True) if pair[1].type), _heads(fired), work.now)
    values = {
        "now": work.now,
        "fired": orjson.dumps([_row(work, *pair) for pair in zip(fired, outcomes, strict=True)]).decode(),
        "told": log.as_json(told),
        "timers": len(fired),
        "clocks": sum(1 for one in outcomes if one.status or one.escalated_to),
        "heads": len(told),
    }
    work.sql(_WRITE, values)
    work.wakes.add("fold")
    pairs = zip(fired, outcomes, strict=True)
    return [PutBefore(one.case_id, one.origin, one.agency, one.clock, role, one.due_at) for one, outcome in pairs for role in outcome.told]


def _heads(fired: Iterable[Due]) -> dict[UUID, dict[str, Any]]:
    return {one.case_id: {"seq": one.seq, "hash": one.hash, "jurisdiction": one.jurisdiction, "origin": one.origin} for one in fired}


def _event(work: Work, one: Due, outcome: Outcome) -> Event:
    occurred_at = outcome.occurred_at or work.now
    return log.event(one.case_id, str(outcome.type), outcome.data, occurred_at=occurred_at, actor=work.principal.actor, agency=one.agency)


def _row(work: Work, one: Due, outcome: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {"case_id": one.case_id, "id": one.id, "generation": one.generation, "clock": one.clock}
    if outcome.type:
        row |= {"status": outcome.status, "escalated_to": outcome.escalated_to}
    if outcome.level is not None and one.after and one.calendar_hash:
        row |= {"level": outcome.level, "next": new_id(), "next_at": after_due(period(one.after), calendar(work, one.calendar_hash), one.due_at, one.profile)}
    return row
