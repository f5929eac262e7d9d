"""Questions to providers of card payments, and money that goes back through them. The rows hold references; amounts and addresses are read when they leave."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from portal.outbox.rows import leaves, placed
from portal.unit_of_work import Row, Work

KIND = "card"


def place(work: Work, case_id: UUID, *, provider: str, do: Literal["ask", "pay-back"], payment: UUID, of: UUID | None = None) -> Row | None:
    """Asks what became of a payment, or sends a refund (`of` the payment it was part of). None for a case that may not reach the outside."""
    if not leaves(work, case_id):
        return None
    body = {"do": do, "payment": str(payment), "of": str(of) if of else None}
    return placed(work, case_id, kind=KIND, target=f"{KIND}:{provider}", subject=payment, body=body, key=str(payment) if do == "pay-back" else None)
