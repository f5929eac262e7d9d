"""Card payments: one open at a time; what providers say of them is decided: late, twice, out of order, of another amount, for nothing that is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from portal.errors import IllegalMove
from portal.fees import ledger
from portal.unit_of_work import Row, Work

#: When the provider is asked what became of a payment that was not made as far as we know, counted from its beginning.
ASKED_AFTER = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24), timedelta(hours=72))
#: After so many times it has expired. It is asked about once more: money may still have come, and its report be lost.
EXPIRES = 5

_FIND = "SELECT case_id FROM payments WHERE id = %s AND provider = %s"


def begin(work: Work, fee: Row, *, provider: str) -> Row:
    """The payment that is open for the fee, or a new one. `PaymentBegun`; IllegalMove where nothing is due."""
    if fee["status"] != "due":
        raise IllegalMove("Nothing is due any more: this fee is %(status)s.", values={"status": fee["status"]})
    for row in ledger.entries_of(work, fee):
        if row["kind"] == "payment" and row["status"] == "open":
            return row
    row = ledger.entry(work, fee, kind="payment", way="card", amount=fee["amount"], status="open", provider=provider)
    ids: dict[str, Any] = {"payment": str(row["id"]), "fee": str(fee["id"])}
    work.record(fee["case_id"], "PaymentBegun", agency=fee["agency"], provider=provider, amount=row["amount"], currency=row["currency"], **ids)
    return row


def placed(work: Work, row: Row, *, pay_at: str) -> None:
    """The provider has a page for it."""
    if row["status"] == "open":
        work.change(row, pay_at=pay_at)


def find(work: Work, id: UUID, provider: str) -> UUID | None:
    """The case of a payment of this very provider, in a unit as the provider; None where there is none."""
    found = work.sql(_FIND, (id, provider))
    return found[0][0] if found else None


def heard(
    work: Work, fee: Row, row: Row, *, status: Literal["open", "made", "failed", "unknown"], amount: int, currency: str, remote_id: str | None
) -> Literal["applied", "stale"]:
    """What the provider says became of a payment. `applied` where it says something new; what comes late or again changes nothing."""
    if row["kind"] != "payment" or row["way"] != "card":
        return "stale"
    if status == "made":
        return _came(work, fee, row, amount=amount, currency=currency, remote_id=remote_id)
    if row["status"] == "open" and (status == "failed" or row["asked"] >= EXPIRES):
        failed(work, fee, row, why="declined" if status == "failed" else "expired")
        return "applied"
    return "stale"


def _came(work: Work, fee: Row, row: Row, *, amount: int, currency: str, remote_id: str | None) -> Literal["applied", "stale"]:
    """Money has come. Where it is not what was asked for, or nothing is due, it goes back by itself."""
    known = [one for one in ledger.entries_of(work, fee) if one["kind"] == "payment" and one["status"] == "made"]
    if any(one["remote_id"] == remote_id for one in known):
        return "stale"
    if row["status"] == "made":
        _unwanted(work, fee, row, "paid-twice", amount=amount, currency=currency, remote_id=remote_id)
    elif (amount, currency) != (row["amount"], row["currency"]):
        if row["status"] == "open":
            failed(work, fee, row, why="other-amount")
        _unwanted(work, fee, row, "other-amount", amount=amount, currency=currency, remote_id=remote_id)
    elif fee["status"] != "due":
        work.change(row, status="failed", ended_at=row["ended_at"] or work.now)
        _unwanted(work, fee, row, "not-due", amount=amount, currency=currency, remote_id=remote_id)
    else:
        work.change(row, status="made", remote_id=remote_id, ended_at=work.now)
        ledger.pay(work, fee, row)
    return "applied"


def _unwanted(work: Work, fee: Row, row: Row, why: str, *, amount: int, currency: str, remote_id: str | None) -> None:
    """An entry of its own for money that settles no fee, and its way back. `PaymentUnwanted`, `RefundDecided`."""
    more: dict[str, Any] = {"provider": row["provider"], "remote_id": remote_id, "unwanted": why, "ended_at": work.now}
    came = ledger.entry(work, fee, kind="payment", way="card", amount=amount, status="made", currency=currency, **more)
    ids: dict[str, Any] = {"payment": str(came["id"]), "fee": str(fee["id"]), "why": why}
    work.record(fee["case_id"], "PaymentUnwanted", agency=fee["agency"], amount=amount, currency=currency, **ids)
    ledger.send_back(work, fee, came)


def failed(work: Work, fee: Row, row: Row, *, why: str) -> None:
    """It will not be made; another may be begun. `PaymentFailed`."""
    work.change(row, status="failed", ended_at=work.now, why=why)
    work.record(fee["case_id"], "PaymentFailed", agency=fee["agency"], payment=str(row["id"]), fee=str(fee["id"]), why=why)


def asked(work: Work, row: Row) -> timedelta | None:
    """The provider is asked once more; after how long since its beginning the next time, None after the last."""
    work.change(row, asked=row["asked"] + 1)
    return ASKED_AFTER[row["asked"]] if row["asked"] < len(ASKED_AFTER) else None
