"""Pages to duty persons. The rows hold the agency and a place in its list; the address stands in the catalogue."""

from __future__ import annotations

from uuid import UUID

from portal.outbox.rows import leaves, placed
from portal.unit_of_work import Row, Work

KIND = "page"
CHANNEL = "email"


def place(work: Work, case_id: UUID, *, call_id: UUID, agency: str, person: int) -> Row | None:
    """The duty person at that place of the agency's list is paged now. The call's ledger records it; None for a case that may not reach the outside."""
    if not leaves(work, case_id):
        return None
    return placed(work, case_id, kind=KIND, target=f"{KIND}:{CHANNEL}", subject=call_id, body={"agency": agency, "person": person})


def told(work: Work, row: Row) -> None:
    """The page, or an escalation, left; whether somebody acts, the ledger of its subject knows."""
    work.change(row, done_at=work.now, parked_at=None, lease_until=None, refusal=None)


def parked(work: Work, row: Row, *, reason: str) -> None:
    """It did not leave; the next person is told by the timer of its subject."""
    work.change(row, parked_at=work.now, lease_until=None, refusal=reason)
