"""Missed promises put before people of an agency. Rows hold the agency, the role and the clock; name and address stand in the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from portal.db import new_id
from portal.events.chain import stamp
from portal.outbox.rows import OUTSIDE, leaves, placed
from portal.unit_of_work import Row, Work

KIND = "escalation"
CHANNEL = "email"
TARGET = f"{KIND}:{CHANNEL}"
#: Of cases that somebody holds so much later: those nobody works on leave first.
HELD_LATER = timedelta(minutes=1)

#: The same rows as `placed` makes, for a unit that fires many timers in one step.
_PLACE = f"""INSERT INTO outbox (case_id, id, kind, target, subject, body, key, placed_at, next_at, attempts, crashes, epoch, asks)
SELECT case_id, id, '{KIND}', '{TARGET}', clock, body, id::text, %(now)s, next_at, 0, 0, 0, 0
FROM json_to_recordset(%(told)s) AS t(case_id uuid, id uuid, clock uuid, body jsonb, next_at timestamptz)"""


class Told(NamedTuple):
    """A missed promise and the role it is put before. `origin` is its case's; `due_at` the date that was missed."""

    case_id: UUID
    origin: str
    agency: str
    clock: UUID
    role: str
    due_at: datetime


def place(work: Work, one: Told, *, held: bool) -> Row | None:
    """The person of that role is told soon, sooner where nobody holds the case. None for a case that may not reach the outside."""
    if not leaves(work, one.case_id):
        return None
    return placed(work, one.case_id, kind=KIND, target=TARGET, subject=one.clock, body=_body(one), next_at=_next(work, held))


def place_many(work: Work, some: Iterable[Told], *, held: Collection[UUID]) -> None:
    """`place` for many cases whose heads the unit, opened as the relay, has locked."""
    rows = [
        {"case_id": one.case_id, "id": new_id(), "clock": one.clock, "body": _body(one), "next_at": _next(work, one.case_id in held)}
        for one in some
        if one.origin in OUTSIDE
    ]
    if rows:
        work.sql(_PLACE, {"now": work.now, "told": orjson.dumps(rows).decode()})
        work.wakes.add("drain")


def _body(one: Told) -> dict[str, Any]:
    return {"agency": one.agency, "role": one.role, "due_at": stamp(one.due_at)}


def _next(work: Work, held: bool) -> datetime:
    return work.now + HELD_LATER if held else work.now
