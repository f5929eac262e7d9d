"""Letters for the post room, as its people may see them, and their pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.access import grants, reads
from portal.access.scoping import visible
from portal.db import new_id
from portal.dispatch import sheet
from portal.dispatch.sheet import Sheet
from portal.errors import NotFound
from portal.outbox import prints
from portal.unit_of_work import Portal, Row, Work
from portal.vault import items
from portal.workflow import posting

_SHOWN = (
    "id", "reference", "agency", "template", "status", "copy", "placed_at", "batch", "taken_at", "lease_until", "posted_at", "returned_at", "reason", "version",
)  # fmt: skip


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the list tells of a letter: no name and no address."""
    return {name: row[name] for name in _SHOWN}


def seen(work: Work, id: UUID) -> dict[str, Any]:
    """The row, for the reader; NotFound where it is another agency's."""
    found = work.run(visible(work, prints.one(id)))
    if not found:
        raise NotFound
    reads.note(work, found[0]["case_id"])
    return found[0]


def in_hand(work: Work, id: UUID) -> Row:
    """A letter its reader may see, its case in hand."""
    case_id = seen(work, id)["case_id"]
    work.narrow([case_id])
    grants.demand_open(work, case_id, work.principal.subject)
    return prints.find(work, case_id, id)


def take(work: Work, *, agency: str | None, limit: int) -> tuple[UUID, list[Row]]:
    """Letters that wait, oldest first, are whoever asks from here on: a new batch. Nobody else gets one of them while its lease lasts."""
    who, batch = work.principal, new_id()
    agencies = [one for one in who.agencies if agency in (None, one)]
    found = work.run(visible(work, prints.waiting(agencies=agencies, now=work.now, limit=limit)))
    work.narrow({row["case_id"] for row in found})
    prints.load(work, {row["case_id"] for row in found})
    taken = [row for one in found if prints.free(row := prints.find(work, one["case_id"], one["id"]), work.now)]
    for row in taken:
        prints.take(work, row, batch=batch, by=str(who.subject))
    return batch, taken


def post(work: Work, batch: UUID, *, only: Sequence[UUID], at: datetime | None) -> list[Row]:
    """Letters of a batch, all or those named, were taken to the mail. NotFound where the batch has none."""
    found = _of_batch(work, batch)
    named = [row for row in found if not only or row["id"] in only]
    if not found or (only and {row["id"] for row in named} != set(only)):
        raise NotFound
    work.narrow({row["case_id"] for row in found})
    prints.load(work, {row["case_id"] for row in named})
    posted = [prints.find(work, one["case_id"], one["id"]) for one in named if only or one["status"] == "taken"]
    for row in posted:
        posting.post(work, row, batch=batch, at=at)
    return posted


def batch_sheets(work: Work, batch: UUID) -> list[Sheet]:
    """What is printed of a batch; NotFound where it has nothing its reader may see."""
    return _sheets(work, _of_batch(work, batch))


def one_sheet(work: Work, id: UUID) -> list[Sheet]:
    """What is printed of one letter."""
    return _sheets(work, work.run(visible(work, prints.one(id))))


def pages(portal: Portal, some: Sequence[Sheet], *, at: datetime, both_sides: bool) -> bytes:
    """The PDF, with no transaction open."""
    return sheet.pdf(some, at=at, more=sheet.named(portal.settings.letter_fonts), both_sides=both_sides)


def _of_batch(work: Work, batch: UUID) -> list[dict[str, Any]]:
    return work.run(visible(work, prints.of_batch(batch)))


def _sheets(work: Work, rows: Sequence[Mapping[str, Any]]) -> list[Sheet]:
    kept = {one["id"]: one["value"] for one in work.run(visible(work, items.some([row["item"] for row in rows])))} if rows else {}
    found = [sheet.from_kept(kept[row["item"]]) for row in rows if row["item"] in kept]
    if not found:
        raise NotFound
    for row in rows:
        reads.note(work, row["case_id"])
    return found
