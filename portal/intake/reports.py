"""What agencies report back on handovers: taken once, applied in rank order, kept and tried again where the reference is not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portal.outbox import deliveries, inbox, strays
from portal.runs import ledger
from portal.unit_of_work import Portal, Principal, Row, Work
from portal.vault import items

#: Characters of an agency's words that are kept.
LONGEST = 10_000


@dataclass(frozen=True)
class Report:
    """One signed message of an agency. `reference`: the key we gave with the delivery, which is the step run's id."""

    message_id: str
    reference: str
    status: str
    remote_id: str | None = None
    outcome: str | None = None
    #: Something a journey may wait for has happened there.
    event: str | None = None
    #: Why it is refused, or what they say of it; kept where the handover is known, for words may name somebody.
    words: str | None = field(default=None, repr=False)

    @property
    def body(self) -> dict[str, str | None]:
        """What is stored of it."""
        return {"reference": self.reference, "status": self.status, "remote_id": self.remote_id, "outcome": self.outcome, "event": self.event}


def take(portal: Portal, agency: str, report: Report, *, at: datetime | None = None) -> str:
    """`applied`, `stale` or `unmatched`; the same for a repeat, without a second effect. Another agency's handover is as unknown as none at all."""
    with portal.work(_as(agency), at=at) as work:
        found = inbox.find(work, agency, report.reference)
        status, row = "unmatched", None
        if found:
            case_id, step_run = found
            work.narrow([case_id])
            row = deliveries.of_step(work, case_id, step_run)
            status = inbox.verdict(row, report.status) if row else status
        if not inbox.take(work, source=agency, message_id=report.message_id, case_id=found[0] if found else None, status=status, body=report.body):
            return inbox.status_of(work, agency, report.message_id) or status
        if row:
            if report.words:
                item, commitment = items.put(work, row["case_id"], "note", report.words[:LONGEST])
                deliveries.wrote(work, row, item=str(item), commitment=commitment, kind="refusal")
            _apply(work, row, status, report.message_id, report.body)
    return status


def match(portal: Portal, limit: int = 100, *, at: datetime | None = None) -> int:
    """Tries reports again whose reference was not known when they came (an answer may overtake our own commit); how many were looked at."""
    waiting = inbox.unmatched(portal, limit, at=at)
    for one in waiting:
        _try_again(portal, one, at=at)
    return len(waiting)


def _try_again(portal: Portal, one: inbox.Unmatched, *, at: datetime | None) -> None:
    with portal.work(_as(one.source), at=at) as work:
        found = inbox.find(work, one.source, one.body["reference"] or "")
        if not found:
            if inbox.again(work, one):
                known = {**one.body, "message": one.message_id, "received_at": one.received_at.isoformat()}
                strays.found(work, agency=one.source, kind="report", name=one.body["reference"] or one.message_id, known=known)
            return
        case_id, step_run = found
        work.narrow([case_id])
        row = deliveries.of_step(work, case_id, step_run)
        if row is None:
            return
        status = inbox.verdict(row, one.body["status"] or "")
        if inbox.settle(work, one, status=status, case_id=case_id):
            _apply(work, row, status, one.message_id, one.body)


def _apply(work: Work, row: Row, status: str, message_id: str, body: Mapping[str, str | None]) -> None:
    """What a report says of the handover, where that is new, and the event it tells of, which is new with each message."""
    before = inbox.contradiction(row, body["status"] or "")
    if status == "applied":
        inbox.apply(work, row, message_id, dict(body))
    if before:
        deliveries.contradicted(work, row, message=message_id, said=body["status"] or "", before=before, outcome=body.get("outcome"))
    if body.get("event"):
        ledger.signal(work, row["case_id"], event=body["event"] or "", source="agency", agency=row["target"])


def attached(work: Work, row: Row, known: Mapping[str, str | None]) -> str:
    """A report that named no handover we know is taken for this one, of a case in hand; `applied` or `stale`."""
    status = inbox.verdict(row, known["status"] or "")
    _apply(work, row, status, known["message"] or "", known)
    return status


def _as(agency: str) -> Principal:
    return Principal("agency", subject=agency, agencies=(agency,))
