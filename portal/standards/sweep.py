"""Fires what is due: many timers of many cases in one unit of work, with their events and reactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.standards.tables import clocks, timers
from portal.unit_of_work import RELAY, Portal, Row, Work

#: Kind of timer -> what firing it means. A fired row is given with its timer.
Fire = Callable[[Work, Row], None]

#: Heads are locked before timers, by case; a head that somebody holds is left for the next sweep.
_DUE = """SELECT t.case_id, t.id, t.generation FROM timers t JOIN case_heads h USING (case_id)
WHERE t.armed AND t.due_at <= %(now)s ORDER BY t.due_at LIMIT %(limit)s FOR UPDATE OF h SKIP LOCKED"""
_NEXT = "SELECT min(due_at) FROM timers WHERE armed"


def sweep(portal: Portal, fire: Mapping[str, Fire], *, limit: int = 1000, at: datetime | None = None) -> int:
    """Fires up to `limit` due timers, each exactly once and never early; returns how many. No leader: sweeps may run side by side."""
    with portal.work(RELAY, at=at) as work:
        return fire_due(work, fire, limit=limit)


def fire_due(work: Work, fire: Mapping[str, Fire], *, limit: int) -> int:
    """The same inside a unit opened as the relay."""
    found = work.sql(_DUE, {"now": work.now, "limit": limit})
    if not found:
        return 0
    case_ids = {case_id for case_id, _, _ in found}
    work.narrow(case_ids)
    work.load(timers, case_ids)
    work.load(clocks, case_ids)
    fired = 0
    for row in _unmoved(work, found):
        work.change(row, armed=False, fired_at=work.now)
        fire[row["kind"]](work, row)
        fired += 1
    return fired


def next_due(work: Work) -> datetime | None:
    """Instant of the next armed timer."""
    at: datetime | None = work.sql(_NEXT)[0][0]
    return at


def _unmoved(work: Work, found: list[tuple[Any, ...]]) -> list[Row]:
    """Rows that are still as the sweep saw them."""
    wanted: dict[tuple[UUID, UUID], int] = {(case_id, id): generation for case_id, id, generation in found}
    by_id = {(row["case_id"], row["id"]): row for case_id in {case_id for case_id, _ in wanted} for row in work.rows(timers, case_id)}
    return [by_id[key] for key, generation in wanted.items() if by_id[key]["armed"] and by_id[key]["generation"] == generation]
