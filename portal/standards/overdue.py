"""What a missed promise leads to in time: it is put before one person after the other, and the law may make something of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from portal.errors import Conflict
from portal.events.chain import stamp
from portal.standards import timers
from portal.standards.clockwork import after_due, period
from portal.standards.hours import calendar
from portal.standards.tables import clocks
from portal.standards.tables import timers as timer_rows
from portal.standards.terms import due
from portal.unit_of_work import Row, Work


class PutBefore(NamedTuple):
    """A missed promise and the role of the person of its agency who is to see it; `origin` of its case, `due_at` the date that was missed."""

    case_id: UUID
    origin: str
    agency: str
    clock: UUID
    role: str
    due_at: datetime


#: Ends of a consequence in which it holds.
HOLDS = frozenset({"confirmed", "took-effect"})


def begin(work: Work, row: Row) -> None:
    """A clock was missed a moment ago. Arms the first escalation where it is still owed; `ConsequenceArisen` where the law names one."""
    if row["stopped_at"] is None:
        _arm(work, row, 0)
    consequence = row["rule"].get("consequence")
    if consequence is None:
        return
    unattended = bool(consequence.get("unattended") and consequence.get("signed"))
    undo_until = due(period(consequence.get("undo_within", "5 business_days")), calendar(work, row["calendar_hash"]), work.now) if unattended else None
    work.change(row, consequence="arisen")
    work.record(
        row["case_id"],
        "ConsequenceArisen",
        agency=row["agency"],
        clock=str(row["id"]),
        standard=row["standard"],
        kind=consequence["kind"],
        law=consequence["law"].get("article"),
        official=consequence["official"],
        unattended=unattended,
        undo_until=stamp(undo_until) if undo_until else None,
    )
    if undo_until is not None and row["stopped_at"] is None:
        timers.arm(work, row["case_id"], kind="consequence", subject=row["id"], due_at=undo_until)


def escalate(work: Work, case_id: UUID, clock_id: UUID, level: int) -> PutBefore | None:
    """So long after the breach nobody has stopped the clock: the next person sees it, and the one after is waited for. `StandardEscalated`.

    Before whom it is put now, if anybody.
    """
    row = _of(work, case_id, clock_id)
    people = row["rule"].get("escalate", ())
    if row["stopped_at"] is not None or level >= len(people):
        return None
    work.change(row, escalated_to=people[level]["to"])
    work.record(case_id, "StandardEscalated", agency=row["agency"], clock=str(row["id"]), standard=row["standard"], level=level + 1, to=people[level]["to"])
    _arm(work, row, level + 1)
    return put_before(work, row, people[level]["to"])


def put_before(work: Work, row: Row, role: str) -> PutBefore:
    """A missed promise of a case in hand, and who is to see it."""
    return PutBefore(row["case_id"], work.origin(row["case_id"]), row["agency"], row["id"], role, row["due_at"])


def settle(work: Work, row: Row, *, outcome: str, official: str | None) -> None:
    """An official `confirmed` or `declined` it, it `took-effect`, or is `moot`; Conflict where that was settled before. `ConsequenceSettled`."""
    if row["consequence"] != "arisen":
        raise Conflict("This was settled already.")
    consequence = row["rule"]["consequence"]
    for timer in work.rows(timer_rows, row["case_id"]):
        if timer["subject"] == row["id"] and timer["kind"] == "consequence" and timer["armed"]:
            work.change(timer, armed=False, generation=timer["generation"] + 1)
    work.change(row, consequence=outcome)
    work.record(
        row["case_id"],
        "ConsequenceSettled",
        agency=row["agency"],
        clock=str(row["id"]),
        standard=row["standard"],
        kind=consequence["kind"],
        law=consequence["law"].get("article"),
        outcome=outcome,
        official=official,
    )


def arisen(work: Work, case_id: UUID, standard: str | None = None) -> list[Row]:
    """Clocks of the case (of one standard, where named) whose consequence waits to be settled."""
    return [row for row in work.rows(clocks, case_id) if row["consequence"] == "arisen" and standard in (None, row["standard"])]


def _arm(work: Work, row: Row, level: int) -> None:
    people = row["rule"].get("escalate", ())
    if level < len(people) and row["calendar_hash"]:
        at = after_due(period(people[level]["after"]), calendar(work, row["calendar_hash"]), row["due_at"], row["rule"].get("profile"))
        timers.arm(work, row["case_id"], kind="escalation", subject=row["id"], due_at=at, share=level)


def _of(work: Work, case_id: UUID, id: UUID) -> Row:
    return next(row for row in work.rows(clocks, case_id) if row["id"] == id)
