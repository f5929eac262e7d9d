"""What providers of card payments report: each message taken once for ever, a payment of another provider as unknown as none at all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from portal.fees import card, ledger
from portal.outbox import inbox
from portal.plugins.payment import Report
from portal.unit_of_work import Portal, Principal


def take(portal: Portal, account: str, message_id: str, report: Report, *, at: datetime | None = None) -> str:
    """`applied`, `stale`, or `parked` for a payment nobody knows: people look at it. The same for a repeat, without a second effect."""
    id = UUID(report.key)
    body: dict[str, str | None] = {"reference": report.key, "status": report.status, "remote_id": report.remote_id}
    body |= {"amount": str(report.amount), "currency": report.currency}
    with portal.work(Principal("agency", subject=account, agencies=(account,)), at=at) as work:
        case_id = card.find(work, id, account)
        if case_id is None:
            inbox.take(work, source=account, message_id=message_id, case_id=None, status="parked", body=body)
            return inbox.status_of(work, account, message_id) or "parked"
        work.narrow([case_id])
        if not inbox.take(work, source=account, message_id=message_id, case_id=case_id, status="applied", body=body):
            return inbox.status_of(work, account, message_id) or "applied"
        row = ledger.entry_of(work, case_id, id)
        if row is None:
            return "parked"
        fee = ledger.fee_of(work, case_id, row["fee_id"])
        return card.heard(work, fee, row, status=report.status, amount=report.amount, currency=report.currency, remote_id=report.remote_id)
