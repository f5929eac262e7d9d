"""Danger: a named duty person is paged until somebody acknowledges."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from portal.cases.tables import duty_calls
from portal.db import new_id
from portal.errors import NotFound
from portal.unit_of_work import Row, Work


def unanswered(limit: int) -> Select[Any]:
    """Calls nobody has answered, the longest waiting first, for a reader; pass it through `access.visible`."""
    return select(duty_calls).where(duty_calls.c.acknowledged_at.is_(None)).order_by(duty_calls.c.paged_at, duty_calls.c.id).limit(limit)


def call(work: Work, case_id: UUID, *, agency: str) -> Row:
    """Pages the first duty person of the agency. `DutyPaged`."""
    row = work.add(duty_calls, case_id=case_id, id=new_id(), agency=agency, person=0, pages=1, paged_at=work.now)
    _paged(work, row)
    return row


def call_next(work: Work, case_id: UUID, call_id: UUID, *, people: int) -> None:
    """Pages the next duty person in turn, unless somebody has acknowledged. `DutyPaged`."""
    row = _call(work, case_id, call_id)
    if row["acknowledged_at"] is None:
        work.change(row, person=(row["person"] + 1) % max(people, 1), pages=row["pages"] + 1, paged_at=work.now)
        _paged(work, row)


def acknowledge(work: Work, case_id: UUID, *, by: str) -> None:
    """Somebody answers every open call of the case. `DutyAcknowledged`; NotFound where nobody was paged."""
    calls = work.rows(duty_calls, case_id)
    if not calls:
        raise NotFound
    for row in calls:
        if row["acknowledged_at"] is None:
            work.change(row, acknowledged_at=work.now, acknowledged_by=by)
            work.record(case_id, "DutyAcknowledged", agency=row["agency"], call=str(row["id"]))


def _call(work: Work, case_id: UUID, call_id: UUID) -> Row:
    return next(row for row in work.rows(duty_calls, case_id) if row["id"] == call_id)


def _paged(work: Work, row: Row) -> None:
    work.record(row["case_id"], "DutyPaged", agency=row["agency"], call=str(row["id"]), person=row["person"], page=row["pages"])
