"""Answers of agencies that came by mail: known by the address we gave for it and by who sent it, understood by the agency's adapter, or read by people."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from portal.outbox import deliveries, inbox
from portal.plugins import discovery
from portal.plugins.agency import Answers, Said
from portal.unit_of_work import RELAY, Portal, Principal, Row, Work
from portal.vault import items

#: Characters of an answer that are kept.
LONGEST = 10_000


def take(portal: Portal, key: UUID, *, sender: str, subject: str, text: str, message_id: str) -> str | None:
    """`applied`, `stale` or `read` (people read it); the same for a repeat, without a second effect. None where nothing of that key ever left."""
    with portal.work(RELAY) as work:
        target = inbox.whose(work, str(key))
    agency = portal.catalogue.agencies.get(target or "")
    if target is None or agency is None:
        return None
    adapter = discovery.adapter(agency.adapter, agency.id)
    trusted = agency.mail is not None and sender.lower() in {one.lower() for one in agency.mail.senders}
    said = adapter.understand(subject, text) if trusted and isinstance(adapter, Answers) else None
    digest = "mail:" + sha256(message_id.encode()).hexdigest()
    with portal.work(Principal("agency", subject=target, agencies=(target,))) as work:
        found = inbox.find(work, target, str(key))
        if found is None:
            return None
        case_id, step_run = found
        work.narrow([case_id])
        row = deliveries.of_step(work, case_id, step_run)
        assert row is not None
        report = said is not None and said.status != "question"
        status = inbox.verdict(row, said.status) if said and report else "read"
        body = {"reference": str(key), "status": said.status if said else None}
        if not inbox.take(work, source=target, message_id=digest, case_id=case_id, status=status, body=body):
            return inbox.status_of(work, target, digest)
        _effect(work, row, said, status, digest, subject=subject, text=text, sender=sender, trusted=trusted)
    return status


def _effect(work: Work, row: Row, said: Said | None, status: str, digest: str, *, subject: str, text: str, sender: str, trusted: bool) -> None:
    """What a person is to read is put before one, whole; the words of a refusal are kept. Then the report has its effect."""
    wanted = said is None or said.status == "question"
    if wanted or (said and said.words):
        words = (f"{subject}\n\n{text}" if wanted else (said and said.words) or "")[:LONGEST]
        whole = words if trusted else f"From {sender}, not an address of this agency:\n{words}"[:LONGEST]
        item, commitment = items.put(work, row["case_id"], "note", whole)
        kind = "question" if said and said.status == "question" else "refusal" if said else "not-understood" if trusted else "not-theirs"
        deliveries.wrote(work, row, item=str(item), commitment=commitment, kind=kind)
    before = inbox.contradiction(row, said.status) if said else None
    if said and status == "applied":
        inbox.apply(work, row, digest, {"status": said.status})
    if said and before:
        deliveries.contradicted(work, row, message=digest, said=said.status, before=before, outcome=None)
