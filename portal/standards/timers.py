"""Timers: rows that fire at an instant. PostgreSQL is the truth; a generation keeps a moved timer from firing twice."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from portal.db import new_id
from portal.standards.tables import timers
from portal.unit_of_work import Row, Work


def arm(work: Work, case_id: UUID, *, kind: str, subject: UUID, due_at: datetime, share: int | None = None) -> Row:
    """A timer for a clock, a duty call or a claim. The event of its subject tells of it."""
    return work.add(timers, case_id=case_id, id=new_id(), kind=kind, subject=subject, due_at=due_at, generation=1, armed=True, share=share)


def known(work: Work, case_id: UUID, subject: UUID, *, kind: str) -> bool:
    """Whether there is a timer of that kind, armed or not."""
    return any(row["subject"] == subject and row["kind"] == kind for row in work.rows(timers, case_id))


def move(work: Work, case_id: UUID, subject: UUID, *, kind: str, due_at: datetime) -> None:
    """The timer of that kind fires at another instant; it may have fired before."""
    for row in work.rows(timers, case_id):
        if row["subject"] == subject and row["kind"] == kind:
            work.change(row, due_at=due_at, generation=row["generation"] + 1, armed=True, fired_at=None)


def disarm(work: Work, case_id: UUID, subject: UUID) -> None:
    """Timers of that subject will not fire any more."""
    for row in work.rows(timers, case_id):
        if row["subject"] == subject and row["armed"]:
            work.change(row, armed=False, generation=row["generation"] + 1)
