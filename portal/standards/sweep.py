"""Fires what is due, each timer once and never early: those of clocks a thousand at a time, all others by rows of a unit of work, with their reactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from portal.errors import Unavailable
from portal.standards import firing
from portal.standards.tables import clocks, timers
from portal.unit_of_work import RELAY, Portal, Row, Work

#: Kind of timer -> what firing it means. A fired row is given with its timer.
Fire = Callable[[Work, Row], None]

#: Cases a unit takes that works row by row: what a policy costs a row grows with the cases in hand.
TOGETHER = 100

#: A head that somebody holds is left for the next sweep.
_HOLD = "SELECT case_id FROM case_heads WHERE case_id = ANY(%(cases)s) ORDER BY case_id FOR UPDATE SKIP LOCKED"
_NEXT = "SELECT min(due_at) FROM timers WHERE armed"


def sweep(portal: Portal, fire: Mapping[str, Fire], *, limit: int = 1000, at: datetime | None = None, tell: firing.Tell | None = None) -> int:
    """Fires up to `limit` due timers, each exactly once and never early; returns how many. No leader: sweeps may run side by side.

    A timer that cannot be fired does not stop the others: what it raised is raised at the end, and it stays armed.
    """
    with portal.work(RELAY, at=at) as work:
        fired, others = firing.fire(work, limit=limit, tell=tell)
    faults: list[Exception] = []
    for some in _portions(others, TOGETHER):
        try:
            fired += _rows(portal, fire, some, at)
        except Unavailable:
            raise
        except Exception:
            fired += _one_by_one(portal, fire, some, at, faults)
    if faults:
        raise faults[0]
    return fired


def fire_due(work: Work, fire: Mapping[str, Fire], case_ids: Iterable[UUID]) -> int:
    """Fires what is due in these cases, in a unit opened as the relay: timers of a case in their order, each after what followed from the one before."""
    held = [case_id for (case_id,) in work.sql(_HOLD, {"cases": list(case_ids)})]
    work.narrow(held)
    work.load(timers, held)
    work.load(clocks, held)
    fired = 0
    while turn := list(_first(work, held)):
        for row in turn:
            work.change(row, armed=False, fired_at=work.now)
            fire[row["kind"]](work, row)
        work.settle()
        fired += len(turn)
    return fired


def next_due(work: Work) -> datetime | None:
    """Instant of the next armed timer."""
    at: datetime | None = work.sql(_NEXT)[0][0]
    return at


def _first(work: Work, case_ids: Iterable[UUID]) -> Iterator[Row]:
    """Of each case the timer that is due and was due first. What fired before it may have moved or disarmed it."""
    for case_id in case_ids:
        due = [row for row in work.rows(timers, case_id) if row["armed"] and row["due_at"] <= work.now]
        if due:
            yield min(due, key=lambda row: (row["due_at"], row["id"]))


def _rows(portal: Portal, fire: Mapping[str, Fire], case_ids: Sequence[UUID], at: datetime | None) -> int:
    with portal.work(RELAY, at=at) as work:
        return fire_due(work, fire, case_ids)


def _one_by_one(portal: Portal, fire: Mapping[str, Fire], case_ids: Sequence[UUID], at: datetime | None, faults: list[Exception]) -> int:
    fired = 0
    for case_id in case_ids:
        try:
            fired += _rows(portal, fire, [case_id], at)
        except Exception as fault:
            faults.append(fault)
    return fired


def _portions(cases: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    return (cases[start : start + size] for start in range(0, len(cases), size))
