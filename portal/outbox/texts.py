"""Messages that leave by a carrier and belong to no party: what is said to who writes to us. And what carriers say became of any."""

from __future__ import annotations

from uuid import UUID

from portal.outbox import notices
from portal.outbox.rows import leaves, placed, row_of
from portal.unit_of_work import Row, Work

KIND = "text"
#: Statuses only ever move on.
RANKS = {"sent": 1, "delivered": 2, "failed": 2}


def place(work: Work, id: UUID, *, channel: str, item: UUID) -> Row | None:
    """A message to the address in that vault item of the stream. None, and nothing, where it may not reach the outside."""
    return placed(work, id, kind=KIND, target=channel, subject=None, body={"item": str(item)}) if leaves(work, id) else None


def told(work: Work, row: Row) -> None:
    """The carrier has it."""
    work.change(row, done_at=work.now, parked_at=None, lease_until=None, refusal=None)


def parked(work: Work, row: Row, *, reason: str) -> None:
    """It cannot leave."""
    work.change(row, parked_at=work.now, lease_until=None, refusal=reason)


def reported(work: Work, case_id: UUID, id: UUID, *, status: str, code: str | None, passing: bool = False, stopped: bool = False) -> bool:
    """What the carrier says became of a row of a case in hand; False where there is none, or it says nothing new. `TextReported`.

    Of a notice that failed: `NoticeReturned`; `passing`: it may arrive another time, `stopped`: silence was asked for.
    """
    row = row_of(work, case_id, id)
    if row is None or not row["attempts"] or RANKS[status] <= (row["reported"] or 0):
        return False
    work.change(row, reported=RANKS[status])
    work.record(case_id, "TextReported", channel=row["target"], notice=str(id), status=status, code=code)
    if status == "failed" and row["kind"] == notices.KIND:
        notices.returned(work, row, code="carrier-stopped" if stopped else f"carrier-{code or 'failed'}", passing=passing)
    return True
