"""The ledger of fees: the only writer of fees and of what was paid and paid back. Each change is also an event; names never are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, select

from portal.db import new_id
from portal.errors import IllegalMove, Invalid, NotFound
from portal.events.chain import stamp
from portal.fees.moves import moved
from portal.fees.tables import fees, payments
from portal.unit_of_work import Row, Work

#: Largest amount that is taken, minor units: what JSON numbers carry exactly everywhere.
LARGEST = 2**53 - 1
Way = Literal["card", "cash"]


def due(
    work: Work, case_id: UUID, *, step_run_id: UUID, step: str, agency: str, service: str | None, amount: int, currency: str, pay_by: datetime | None
) -> Row:
    """A fee is owed. `FeeDue`."""
    row = work.add(
        fees,
        case_id=case_id,
        id=new_id(),
        step_run_id=step_run_id,
        agency=agency,
        service=service,
        amount=amount,
        currency=currency,
        status="due",
        paid=0,
        refunded=0,
        due_at=work.now,
        pay_by=pay_by,
    )
    told: dict[str, Any] = {"step_run": str(step_run_id), "amount": amount, "currency": currency, "pay_by": stamp(pay_by) if pay_by else None}
    work.record(case_id, "FeeDue", agency=agency, step=step, fee=str(row["id"]), **told)
    return row


def fee_of(work: Work, case_id: UUID, id: UUID) -> Row:
    """A fee of a case in hand; NotFound where there is none."""
    for row in work.rows(fees, case_id):
        if row["id"] == id:
            return row
    raise NotFound("There is no fee of that number.")


def of_case(work: Work, case_id: UUID) -> list[Row]:
    """All fees of a case in hand."""
    return work.rows(fees, case_id)


def of_step(work: Work, case_id: UUID, step_run_id: UUID) -> Row | None:
    """The fee of a step run of a case in hand."""
    return next((row for row in work.rows(fees, case_id) if row["step_run_id"] == step_run_id), None)


def entry_of(work: Work, case_id: UUID, id: UUID) -> Row | None:
    """A payment or refund of a case in hand."""
    return next((row for row in work.rows(payments, case_id) if row["id"] == id), None)


def entries_of(work: Work, fee: Row) -> list[Row]:
    """All payments and refunds of a fee in hand, oldest first."""
    return sorted((row for row in work.rows(payments, fee["case_id"]) if row["fee_id"] == fee["id"]), key=lambda row: (row["begun_at"], row["id"]))


def pay(work: Work, fee: Row, entry: Row) -> None:
    """It was paid by that entry. `FeePaid`."""
    work.change(fee, status=moved("pay", fee["status"]), paid=fee["amount"], settled_at=work.now)
    ids: dict[str, Any] = {"fee": str(fee["id"]), "payment": str(entry["id"]), "step_run": str(fee["step_run_id"])}
    work.record(
        fee["case_id"], "FeePaid", agency=fee["agency"], way=entry["way"], amount=fee["amount"], currency=fee["currency"], receipt=entry["receipt"], **ids
    )


def waive(work: Work, fee: Row, *, law: str, words: UUID, official: str, proposal: UUID | None = None, second: str | None = None) -> None:
    """An official waives it, by law and with reasons. `FeeWaived`."""
    work.change(fee, status=moved("waive", fee["status"]), settled_at=work.now, why=law)
    ids: dict[str, Any] = {"fee": str(fee["id"]), "step_run": str(fee["step_run_id"]), "words": str(words), "proposal": str(proposal) if proposal else None}
    work.record(
        fee["case_id"], "FeeWaived", agency=fee["agency"], amount=fee["amount"], currency=fee["currency"], law=law, official=official, second=second, **ids
    )


def cancel(work: Work, fee: Row, *, why: str) -> None:
    """It is owed no more. `FeeCancelled`."""
    work.change(fee, status=moved("cancel", fee["status"]), settled_at=work.now, why=why)
    work.record(fee["case_id"], "FeeCancelled", agency=fee["agency"], fee=str(fee["id"]), step_run=str(fee["step_run_id"]), why=why)


def entry(work: Work, fee: Row, *, kind: Literal["payment", "refund"], way: Way, amount: int, status: str, **more: Any) -> Row:
    """A row of what goes in or out; it says nothing by itself."""
    return work.add(
        payments,
        case_id=fee["case_id"],
        id=new_id(),
        fee_id=fee["id"],
        agency=fee["agency"],
        kind=kind,
        way=way,
        amount=amount,
        status=status,
        begun_at=work.now,
        asked=0,
        **{"currency": fee["currency"], **more},
    )


def refund(
    work: Work, fee: Row, *, amount: int, why: str, official: str | None, words: UUID | None = None, proposal: UUID | None = None, second: str | None = None
) -> Row:
    """So much goes back by the way it came. `RefundDecided`; IllegalMove where more would go back than was paid."""
    left = refundable(fee)
    verb = "refund-all" if amount == left else "refund"
    status = moved(verb, fee["status"])
    if not 0 < amount <= left:
        raise IllegalMove(f"At most {left} can be paid back of this fee.")
    came = next(row for row in entries_of(work, fee) if row["kind"] == "payment" and row["status"] == "made" and not row["unwanted"])
    work.change(fee, status=status, refunded=fee["refunded"] + amount)
    row = entry(work, fee, kind="refund", way=came["way"], amount=amount, status="open", provider=came["provider"], official=official, why=why)
    _decided(work, fee, row, came, official=official, second=second, words=words, proposal=proposal)
    return row


def send_back(work: Work, fee: Row, came: Row) -> Row:
    """Money that came and settles no fee goes back by itself. `RefundDecided`."""
    why = came["unwanted"]
    more = {"provider": came["provider"], "currency": came["currency"], "why": why, "unwanted": why}
    row = entry(work, fee, kind="refund", way="card", amount=came["amount"], status="open", **more)
    _decided(work, fee, row, came, official=None, second=None, words=None, proposal=None)
    return row


def _decided(work: Work, fee: Row, row: Row, came: Row, *, official: str | None, second: str | None, words: UUID | None, proposal: UUID | None) -> None:
    ids: dict[str, Any] = {
        "fee": str(fee["id"]),
        "payment": str(row["id"]),
        "of": str(came["id"]),
        "words": str(words) if words else None,
        "proposal": str(proposal) if proposal else None,
    }
    told: dict[str, Any] = {"way": row["way"], "amount": row["amount"], "currency": row["currency"], "why": row["why"], "official": official, "second": second}
    work.record(fee["case_id"], "RefundDecided", agency=fee["agency"], **ids, **told)


def paid_back(work: Work, fee: Row, row: Row, *, remote_id: str | None = None, **more: Any) -> None:
    """It has left. `FeeRefunded`."""
    work.change(row, status="made", ended_at=work.now, remote_id=remote_id, **more)
    ids: dict[str, Any] = {"fee": str(fee["id"]), "payment": str(row["id"])}
    told: dict[str, Any] = {"way": row["way"], "amount": row["amount"], "currency": row["currency"], "receipt": row["receipt"], "why": row["why"]}
    work.record(fee["case_id"], "FeeRefunded", agency=fee["agency"], **ids, **told)


def not_paid_back(work: Work, fee: Row, row: Row, *, why: str) -> None:
    """It could not leave by the way it came; people of the agency find another. `RefundFailed`."""
    work.change(row, status="failed", ended_at=work.now)
    if not row["unwanted"]:
        work.change(fee, status=moved("return", fee["status"]), refunded=fee["refunded"] - row["amount"])
    work.record(fee["case_id"], "RefundFailed", agency=fee["agency"], fee=str(fee["id"]), payment=str(row["id"]), why=why)


def refundable(fee: Row) -> int:
    """What can still go back of it."""
    return int(fee["paid"] - fee["refunded"])


def amount_of(given: int, currency: str | None, fee: Row, pointer: str = "/amount") -> int:
    """An amount somebody sends, in the fee's currency; Invalid for any other, and for what is no amount."""
    if currency is not None and currency != fee["currency"]:
        raise Invalid(errors=[{"pointer": "/currency", "detail": f"This fee is in {fee['currency']}."}])
    if not 0 < given <= LARGEST:
        raise Invalid(errors=[{"pointer": pointer, "detail": "Send a whole number of minor units, more than 0."}])
    return given


def of(case_id: UUID) -> Select[Any]:
    """Fees of a case, oldest first, for a reader; pass it through `access.visible`."""
    return select(fees).where(fees.c.case_id == case_id).order_by(fees.c.due_at, fees.c.id)


def one(id: UUID) -> Select[Any]:
    """A fee by its id, for a reader."""
    return select(fees).where(fees.c.id == id)


def entries(case_id: UUID) -> Select[Any]:
    """Payments and refunds of a case, oldest first, for a reader."""
    return select(payments).where(payments.c.case_id == case_id).order_by(payments.c.begun_at, payments.c.id)
