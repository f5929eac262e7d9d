"""Letters for the post room: queued, taken in batches, posted, come back, printed again. A letter is in one person's hands at a time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select, tuple_

from portal.errors import IllegalMove, NotFound, Stale
from portal.events.chain import stamp
from portal.outbox.tables import prints
from portal.unit_of_work import Row, Work

#: Channel whose notices become letters.
CHANNEL = "post"
STATUSES = ("waiting", "taken", "posted", "returned")
#: A batch is its taker's for so long; then what was not posted may be taken anew.
LEASE = timedelta(hours=4)
#: Letters taken at once.
MOST = 100
#: Why a letter came back, and why one is printed again.
RETURNED = ("unknown", "moved", "refused", "unclaimed", "incomplete-address", "deceased", "other")
AGAIN = ("spoilt", "lost", "other-address", "asked-for")


class NotInHand(IllegalMove):
    """This letter is not in that batch any more: somebody took it anew, or it was posted. Load the list and look."""

    slug = "not-in-hand"


def queue(work: Work, row: Row, *, item: UUID, agency: str, reference: str) -> Row:
    """The letter of a notice (`row` of the outbox, of a case in hand) waits to be printed. `LetterQueued`."""
    made = work.add(
        prints,
        case_id=row["case_id"],
        id=row["id"],
        reference=reference,
        agency=agency,
        template=row["body"]["template"],
        item=item,
        status="waiting",
        copy=1,
        placed_at=work.now,
        version=1,
    )
    work.record(row["case_id"], "LetterQueued", agency=agency, channel=CHANNEL, notice=str(row["id"]), template=made["template"])
    return made


def of_case(work: Work, case_id: UUID) -> list[Row]:
    """Letters of a case in hand."""
    return work.rows(prints, case_id)


def find(work: Work, case_id: UUID, id: UUID) -> Row:
    """A letter of a case in hand; NotFound where there is none."""
    row = next((one for one in of_case(work, case_id) if one["id"] == id), None)
    if row is None:
        raise NotFound
    return row


def load(work: Work, case_ids: Collection[UUID]) -> None:
    """Reads the letters of many cases in hand at once."""
    work.load(prints, case_ids)


def free(row: Row, now: datetime) -> bool:
    """Whether it may be taken to be printed."""
    return bool(row["status"] == "waiting" or (row["status"] == "taken" and row["lease_until"] <= now))


def take(work: Work, row: Row, *, batch: UUID, by: str) -> None:
    """Somebody takes it to print it. `LetterTaken`. NotInHand where another has it."""
    if not free(row, work.now):
        raise NotInHand
    work.change(row, status="taken", batch=batch, taken_by=by, taken_at=work.now, lease_until=work.now + LEASE, version=row["version"] + 1)
    _told(work, row, "LetterTaken", batch=str(batch))


def posted(work: Work, row: Row, *, batch: UUID, at: datetime) -> bool:
    """It was taken to the mail. `LetterPosted`. True for the first time its party is told so. NotInHand where it is not in that batch."""
    if row["batch"] != batch or row["status"] != "taken":
        raise NotInHand
    first = row["posted_at"] is None
    work.change(row, status="posted", posted_at=at, lease_until=None, version=row["version"] + 1)
    _told(work, row, "LetterPosted", batch=str(batch), at=stamp(at))
    return first


def returned(work: Work, row: Row, *, reason: str, version: int | None) -> None:
    """The mail brought it back. `LetterReturned`. IllegalMove for one that was not posted."""
    _demand(row, version)
    if row["status"] != "posted":
        raise IllegalMove("Only a letter that was posted can come back.")
    work.change(row, status="returned", returned_at=work.now, reason=reason, version=row["version"] + 1)
    _told(work, row, "LetterReturned", reason=reason)


def again(work: Work, row: Row, *, reason: str, item: UUID | None, version: int | None) -> None:
    """It is printed once more, as it was, or (`item`) to another address. `LetterReprinted`. IllegalMove for one that waits to be printed."""
    _demand(row, version)
    if row["status"] == "waiting":
        raise IllegalMove("This letter waits to be printed already.")
    come_back = row["status"] == "returned"
    work.change(row, status="waiting", copy=row["copy"] + 1, batch=None, taken_by=None, taken_at=None, lease_until=None, version=row["version"] + 1)
    work.change(row, returned_at=None, reason=None, **({"posted_at": None} if come_back else {}), **({"item": item} if item else {}))
    _told(work, row, "LetterReprinted", reason=reason)


def listed(*, agencies: Collection[str], statuses: Collection[str], after: tuple[datetime, UUID] | None, limit: int, newest: bool = False) -> Select[Any]:
    """Letters, oldest first, or the `newest`; pass it through `access.visible`."""
    found = select(prints).where(prints.c.status.in_(statuses))
    if agencies:
        found = found.where(prints.c.agency.in_(agencies))
    if after:
        found = found.where(tuple_(prints.c.placed_at, prints.c.id) > tuple_(*after))
    order = (prints.c.placed_at.desc(), prints.c.id.desc()) if newest else (prints.c.placed_at, prints.c.id)
    return found.order_by(*order).limit(limit)


def waiting(*, agencies: Collection[str], now: datetime, limit: int) -> Select[Any]:
    """Letters somebody may take, oldest first; pass it through `access.visible`."""
    lapsed = and_(prints.c.status == "taken", prints.c.lease_until <= now)
    open_ones = prints.c.status.in_(("waiting", "taken"))
    found = select(prints).where(prints.c.agency.in_(agencies), open_ones, or_(prints.c.status == "waiting", lapsed))
    return found.order_by(prints.c.placed_at, prints.c.id).limit(limit)


def of_batch(batch: UUID) -> Select[Any]:
    """Letters of a batch, in the order of the list; pass it through `access.visible`."""
    return select(prints).where(prints.c.batch == batch).order_by(prints.c.placed_at, prints.c.id)


def one(id: UUID) -> Select[Any]:
    """A letter, for a reader; pass it through `access.visible`."""
    return select(prints).where(prints.c.id == id)


def _demand(row: Row, version: int | None) -> None:
    if version is not None and version != row["version"]:
        raise Stale


def _told(work: Work, row: Row, type: str, **more: Any) -> None:
    work.record(row["case_id"], type, agency=row["agency"], channel=CHANNEL, notice=str(row["id"]), copy=row["copy"], **more)
