"""What was asked of a party: the only writer of asks. While one is open, the case waits."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from portal.cases.moves import moved
from portal.cases.tables import asks, cases
from portal.db import new_id
from portal.errors import Conflict
from portal.events.chain import stamp
from portal.unit_of_work import Row, Work


def ask(
    work: Work,
    case_id: UUID,
    *,
    agency: str,
    fields: Sequence[str],
    words: UUID | None,
    commitment: str | None,
    reply_by: datetime | None,
    task_id: UUID | None = None,
    step_run_id: UUID | None = None,
    step: str | None = None,
) -> Row:
    """Asks the party; the case waits. Conflict where the same task or step has asked and not heard yet. `PartyAsked`."""
    if any((one["task_id"], one["step_run_id"]) == (task_id, step_run_id) for one in still_open(work, case_id)):
        raise Conflict("The party was asked already and has not answered yet.")
    case = work.rows(cases, case_id)[0]
    if case["status"] != "waiting":
        work.change(case, status=moved("ask", case["status"]))
    row = work.add(
        asks,
        case_id=case_id,
        id=new_id(),
        agency=agency,
        task_id=task_id,
        step_run_id=step_run_id,
        fields=list(fields),
        words=words,
        asked_at=work.now,
        reply_by=reply_by,
    )
    told: dict[str, Any] = {"ask": str(row["id"]), "task": _text(task_id), "step_run": _text(step_run_id), "item": _text(words), "commitment": commitment}
    work.record(case_id, "PartyAsked", agency=agency, step=step, fields=list(fields), reply_by=stamp(reply_by) if reply_by else None, **told)
    return row


def end(work: Work, row: Row, *, why: str, at: datetime | None = None) -> None:
    """It was `answered`, has `lapsed`, or was `cancelled`; with the last one the case goes on. `AskEnded`."""
    at = at or work.now
    work.change(row, ended_at=at, ended=why)
    case = work.rows(cases, row["case_id"])[0]
    if case["status"] == "waiting" and not still_open(work, row["case_id"]):
        work.change(case, status=moved("begin", case["status"]))
    told: dict[str, Any] = {"ask": str(row["id"]), "task": _text(row["task_id"]), "step_run": _text(row["step_run_id"]), "why": why}
    work.record(row["case_id"], "AskEnded", occurred_at=at, agency=row["agency"], **told)


def replied(work: Work, case: Row, given: Set[str], *, at: datetime | None = None) -> None:
    """The party gave these fields (or they are asked no more), or wrote. An ask ends once none is left, one in words with any reply; a part ends nothing."""
    if case["status"] != "waiting":
        return
    for row in still_open(work, case["case_id"]):
        left = [name for name in row["fields"] if name not in given]
        if not left:
            end(work, row, why="answered", at=max(at, row["asked_at"]) if at else None)
        elif len(left) < len(row["fields"]):
            work.change(row, fields=left)


def cancel(work: Work, case_id: UUID, *, task_id: UUID | None = None, step_run_id: UUID | None = None) -> None:
    """Asks of the case (of one task or step run, where named) that are open are no longer needed."""
    for row in still_open(work, case_id):
        if task_id in (None, row["task_id"]) and step_run_id in (None, row["step_run_id"]):
            end(work, row, why="cancelled")


def over(work: Work, case: Row) -> None:
    """The case goes on without an answer, whatever was asked."""
    if case["status"] == "waiting":
        cancel(work, case["case_id"])


def of_case(work: Work, case_id: UUID) -> list[Row]:
    """All asks of a case in hand, oldest first."""
    return work.rows(asks, case_id)


def still_open(work: Work, case_id: UUID) -> list[Row]:
    """Those nobody has answered yet."""
    return [row for row in work.rows(asks, case_id) if row["ended_at"] is None]


def find(work: Work, case_id: UUID, id: UUID) -> Row | None:
    """The ask of that id, in a case in hand."""
    return next((row for row in work.rows(asks, case_id) if row["id"] == id), None)


def statement(case_id: UUID) -> Select[Any]:
    """What the party is asked now, for a reader; pass it through `access.visible`."""
    return select(asks).where(asks.c.case_id == case_id, asks.c.ended_at.is_(None)).order_by(asks.c.asked_at)


def _text(id: UUID | None) -> str | None:
    return str(id) if id else None
