"""Rows of documents: received, scanned; each change with its event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, select

from portal.db import new_id
from portal.documents.tables import documents
from portal.errors import Conflict, IllegalMove, NotFound
from portal.unit_of_work import Row, Work

#: Files a case may hold, and bytes they come to; what was replaced counts, for it is kept.
MOST, MOST_BYTES = 50, 100 * 1024 * 1024
Verdict = Literal["clean", "infected", "unreadable"]


class TooManyFiles(IllegalMove):
    """This request holds as many files as it may. Write a message, and we will find another way."""

    slug = "too-many-files"


class NotScannedYet(Conflict):
    """The file is being looked through for viruses. Try again in a moment."""

    slug = "not-scanned-yet"


class NotSafe(Conflict):
    """The file was found to be unsafe, or could not be looked through, and stays closed. Its sender is asked for another one."""

    slug = "not-safe"


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies in the store, about to be written down."""

    item: UUID
    commitment: str
    media_type: str
    size: int
    kept_as: str
    original: bool
    sender: str
    channel: str
    replaces: UUID | None = None


def receive(work: Work, case_id: UUID, given: Received) -> Row:
    """A file comes in. `DocumentReceived`. TooManyFiles beyond the limits; NotFound where what it replaces is not of this case."""
    there = work.rows(documents, case_id)
    if len(there) >= MOST or sum(row["size"] for row in there) + given.size > MOST_BYTES:
        raise TooManyFiles
    before = [row for row in there if row["lineage"] == _lineage(there, given.replaces)] if given.replaces else []
    id = new_id()
    row = work.add(
        documents,
        case_id=case_id,
        id=id,
        lineage=before[0]["lineage"] if before else id,
        number=max((one["number"] for one in before), default=0) + 1,
        item=given.item,
        media_type=given.media_type,
        size=given.size,
        kept_as=given.kept_as,
        original=given.original,
        sender=given.sender,
        channel=given.channel,
        status="pending",
        received_at=work.now,
    )
    told: dict[str, Any] = {"document": str(id), "number": row["number"], "replaces": str(given.replaces) if given.replaces else None}
    told |= {"item": str(given.item), "commitment": given.commitment, "media_type": given.media_type, "size": given.size}
    work.record(case_id, "DocumentReceived", channel=given.channel, sender=given.sender, original=given.original, **told)
    return row


def scanned(work: Work, case_id: UUID, id: UUID, verdict: Verdict) -> None:
    """The scanner has looked; the first word counts. `DocumentScanned`."""
    row = document_of(work, case_id, id)
    if row["status"] == "pending":
        work.change(row, status=verdict, scanned_at=work.now)
        work.record(case_id, "DocumentScanned", document=str(id), verdict=verdict, sender=row["sender"])


def document_of(work: Work, case_id: UUID, id: UUID) -> Row:
    """A document of a case in hand; NotFound where there is none."""
    found = next((row for row in work.rows(documents, case_id) if row["id"] == id), None)
    if found is None:
        raise NotFound
    return found


def in_hand(work: Work, case_id: UUID) -> list[Row]:
    """All documents of a case in hand, oldest first; of those that replace one another, the newest last."""
    return sorted(work.rows(documents, case_id), key=lambda row: (row["received_at"], row["number"], row["id"]))


def of(case_id: UUID) -> Select[Any]:
    """All documents of a case, oldest first, for a reader; pass it through `access.visible`."""
    return select(documents).where(documents.c.case_id == case_id).order_by(documents.c.received_at, documents.c.id)


def demand_open(row: Any) -> None:
    """Returns for what may be opened; NotScannedYet or NotSafe else."""
    if row["status"] == "pending":
        raise NotScannedYet(retry_after=5)
    if row["status"] != "clean":
        raise NotSafe


def _lineage(there: list[Row], replaced: UUID) -> UUID:
    found = next((row["lineage"] for row in there if row["id"] == replaced), None)
    if found is None:
        raise NotFound("The file it is to replace is not among those of this request.")
    lineage: UUID = found
    return lineage
