"""The ledger of referrals: the only writer of offers and of their answers. Until one is accepted, who offered owns the work."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select, tuple_

from portal.db import new_id
from portal.errors import Conflict, NotFound, Stale
from portal.events.chain import stamp
from portal.referrals.tables import referrals
from portal.unit_of_work import Row, Work

OPEN = frozenset({"offered", "disputed"})


def offer(
    work: Work,
    task: Row,
    *,
    scope: str,
    from_service: str | None,
    to_agency: str,
    to_service: str | None,
    words: UUID,
    commitment: str,
    evidence: UUID | None,
    by: str,
    clock: UUID | None = None,
    answer_by: datetime | None = None,
    disputed: bool = False,
    beside: bool = False,
) -> Row:
    """The task's case, or its step, is offered to another door; without `answer_by` nobody is asked. `ReferralOffered`, and `ReferralDisputed` for a loop.

    Conflict where the same task is on offer already, unless it is offered `beside` that: whoever takes it first has it.
    """
    before = of_case(work, task["case_id"])
    if not beside and any(one["task_id"] == task["id"] and one["status"] in OPEN for one in before):
        raise Conflict("This is on offer to another door already: wait for its answer, or take the offer back first.")
    row = work.add(
        referrals,
        case_id=task["case_id"],
        id=new_id(),
        reference=task["reference"],
        scope=scope,
        task_id=task["id"],
        step_run_id=task["step_run_id"],
        from_agency=task["agency"],
        from_service=from_service,
        to_agency=to_agency,
        to_service=to_service,
        status="disputed" if disputed else "offered",
        number=len(before) + 1,
        at_once=answer_by is None and not disputed,
        words=words,
        evidence=evidence,
        offered_by=by,
        offered_at=work.now,
        clock_id=clock,
        answer_by=answer_by,
        version=1,
    )
    told: dict[str, Any] = {"scope": scope, "from_service": from_service, "to_service": to_service, "number": row["number"], "at_once": row["at_once"]}
    told |= {"task": str(task["id"]), "words": str(words), "commitment": commitment, "evidence": str(evidence) if evidence else None}
    _record(work, row, "ReferralOffered", answer_by=stamp(answer_by) if answer_by else None, **told)
    if disputed:
        _record(work, row, "ReferralDisputed", to_service=to_service, number=row["number"])
    return row


def accept(work: Work, row: Row, *, service: str | None, by: str, settled: bool = False, answer: UUID | None = None, commitment: str | None = None) -> None:
    """The other door takes it; `settled`: a champion said so. `ReferralAccepted`; what moves is a reaction."""
    _answered(work, row, "accepted", by=by, answer=answer, to_service=service, to_agency=row["to_agency"])
    said: dict[str, Any] = {"scope": row["scope"], "service": service, "task": str(row["task_id"]), "settled": settled, "at_once": row["at_once"]}
    _record(work, row, "ReferralAccepted", words=str(answer) if answer else None, commitment=commitment, **said)


def decline(work: Work, row: Row, *, by: str, answer: UUID, commitment: str, settled: bool = False) -> None:
    """The other door says why it is not there; `settled`: a champion said so. `ReferralDeclined`."""
    _answered(work, row, "declined", by=by, answer=answer)
    _record(work, row, "ReferralDeclined", task=str(row["task_id"]), words=str(answer), commitment=commitment, settled=settled)


def lapse(work: Work, row: Row) -> None:
    """Nobody answered in time. `ReferralLapsed`."""
    _answered(work, row, "lapsed", by=None)
    _record(work, row, "ReferralLapsed", task=str(row["task_id"]))


def end(work: Work, row: Row, *, why: str) -> None:
    """Who offered takes it back, or it is no longer needed. `ReferralEnded`."""
    _answered(work, row, "ended", by=None)
    _record(work, row, "ReferralEnded", task=str(row["task_id"]), why=why)


def redirect(work: Work, row: Row, *, to_agency: str) -> None:
    """A champion gives a disputed one to another agency than was asked; the acceptance that follows tells of it."""
    work.change(row, to_agency=to_agency)


def present(row: Row, version: int | None, *statuses: str) -> None:
    """Stale where it changed since it was read, Conflict where it was answered already."""
    if version is not None and version != row["version"]:
        raise Stale
    if row["status"] not in statuses:
        raise Conflict(f"This referral waits for no such answer any more: it is {row['status']}.", standing=row["status"])


def find(work: Work, case_id: UUID, id: UUID) -> Row:
    """A referral of a case in hand; NotFound where there is none."""
    for row in of_case(work, case_id):
        if row["id"] == id:
            return row
    raise NotFound


def of_case(work: Work, case_id: UUID) -> list[Row]:
    """All referrals of a case in hand, oldest first."""
    return work.rows(referrals, case_id)


def still_open(work: Work, case_id: UUID, task_id: UUID | None = None) -> list[Row]:
    """Those on offer or in dispute (of one task, where named)."""
    return [row for row in of_case(work, case_id) if row["status"] in OPEN and task_id in (None, row["task_id"])]


def one(id: UUID) -> Select[Any]:
    """One referral, for a reader; pass it through `access.visible`."""
    return select(referrals).where(referrals.c.id == id)


def of_reader(case_id: UUID) -> Select[Any]:
    """Referrals of a case, oldest first, for a reader; pass it through `access.visible`."""
    return select(referrals).where(referrals.c.case_id == case_id).order_by(referrals.c.offered_at, referrals.c.id)


def listed(
    *,
    agencies: Collection[str] = (),
    box: str | None = None,
    statuses: Collection[str] = (),
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> Select[Any]:
    """Referrals, oldest first, for a reader; `box`: `in`, those offered to the agencies, `out`, those they offered."""
    found = select(referrals)
    if box == "in":
        found = found.where(referrals.c.to_agency.in_(agencies), referrals.c.status != "disputed")
    elif box == "out":
        found = found.where(referrals.c.from_agency.in_(agencies))
    elif agencies:
        found = found.where(or_(referrals.c.to_agency.in_(agencies), referrals.c.from_agency.in_(agencies)))
    if statuses:
        found = found.where(referrals.c.status.in_(sorted(statuses)))
    if after:
        found = found.where(tuple_(referrals.c.offered_at, referrals.c.id) > tuple_(*after))
    return found.order_by(referrals.c.offered_at, referrals.c.id).limit(limit)


def _answered(work: Work, row: Row, status: str, *, by: str | None, **more: Any) -> None:
    work.change(row, status=status, answered_by=by, answered_at=work.now, version=row["version"] + 1, **more)


def _record(work: Work, row: Row, type: str, **data: Any) -> None:
    doors = {"from_agency": row["from_agency"], "to_agency": row["to_agency"]}
    work.record(row["case_id"], type, agency=row["to_agency"], referral=str(row["id"]), **doors, **data)
