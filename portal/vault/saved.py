"""Forms that are kept for another day, another device or another channel: what was typed lies in the vault, and goes on a day everybody is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from portal.errors import NotFound
from portal.events.chain import stamp
from portal.unit_of_work import Row, Work
from portal.vault import items
from portal.vault.tables import saved_drafts

#: How long a member of staff has it in hand, and how long its receipt is shown once it was sent.
HELD, SENT = timedelta(hours=2), timedelta(hours=2)


def begin(work: Work, id: UUID, typed: dict[str, Any], *, reference: str, subject: str | None, holder: str | None, channel: str, language: str) -> Row:
    """A new one, in a stream the unit began. `DraftBegun`."""
    item, commitment = items.put(work, id, "draft", typed)
    until = _until(work)
    work.record(
        id,
        "DraftBegun",
        channel=channel,
        service=typed["service"],
        language=language,
        item=str(item),
        commitment=commitment,
        expires_at=stamp(until),
    )
    return work.add(
        saved_drafts,
        case_id=id,
        reference=reference,
        subject=subject,
        holder=holder,
        held_until=work.now + HELD if holder else None,
        service=typed["service"],
        channel=channel,
        language=language,
        item=item,
        status="open",
        reminded=False,
        saved_at=work.now,
        expires_at=until,
    )


def row_of(work: Work, id: UUID) -> Row:
    """The draft in hand, while it is there: NotFound where it never was, was deleted or has lapsed; one that was sent is there while its receipt is."""
    row = next(iter(work.rows(saved_drafts, id)), None)
    if row is None or row["status"] not in ("open", "sent") or row["expires_at"] <= work.now:
        raise NotFound
    return row


def typed(work: Work, row: Row) -> dict[str, Any]:
    """All that was typed; nothing of what was sent."""
    found: dict[str, Any] = items.get(work, row["case_id"], row["item"]) or {}
    return found


def change(work: Work, row: Row, typed: dict[str, Any], *, channel: str, language: str) -> None:
    """What is typed now; it is kept as long as if it were new. `DraftChanged`."""
    id, until = row["case_id"], _until(work)
    commitment = items.replace(work, id, row["item"], typed)
    more = {"held_until": work.now + HELD} if row["holder"] else {}
    work.change(row, service=typed["service"], channel=channel, language=language, saved_at=work.now, expires_at=until, reminded=False, **more)
    work.record(id, "DraftChanged", channel=channel, service=typed["service"], item=str(row["item"]), commitment=commitment, expires_at=stamp(until))


def taken_up(work: Work, row: Row, *, channel: str, how: str, holder: str | None = None) -> None:
    """Somebody goes on with it elsewhere; `holder`: staff who have it in hand from here on. `DraftTakenUp`."""
    if holder:
        work.change(row, holder=holder, held_until=work.now + HELD, channel=channel)
    work.record(row["case_id"], "DraftTakenUp", channel=channel, how=how)


def keep(work: Work, row: Row, subject: str) -> bool:
    """Who signed in keeps it among its own; False where somebody else does. `DraftKept`."""
    if row["subject"] is not None:
        return bool(row["subject"] == subject)
    work.change(row, subject=subject)
    work.record(row["case_id"], "DraftKept")
    return True


def let_go(work: Work, row: Row) -> None:
    """The desk has it in hand no longer."""
    work.change(row, holder=None, held_until=None)


def reminded(work: Work, row: Row) -> None:
    """Its party was told that it goes. `DraftReminded`."""
    work.change(row, reminded=True)
    work.record(row["case_id"], "DraftReminded", expires_at=stamp(row["expires_at"]))


def ended(work: Work, row: Row, why: str, *, channel: str, case: UUID | None = None) -> None:
    """`sent`, `deleted` or `lapsed`: what was typed is erased. `DraftEnded`."""
    items.erase(work, row["case_id"], row["item"])
    work.change(row, status=why, became=case, **({"expires_at": work.now + SENT} if why == "sent" else {}))
    work.record(row["case_id"], "DraftEnded", channel=channel, why=why, case=str(case) if case else None)


def lapsed(work: Work, id: UUID) -> None:
    """Nobody came back in time. Nothing of one that was sent or deleted before. `DraftEnded`."""
    row = next(iter(work.rows(saved_drafts, id)), None)
    if row is not None and row["status"] == "open":
        ended(work, row, "lapsed", channel=row["channel"])


def of_subject(subject: str, now: datetime, *, limit: int) -> Select[Any]:
    """Drafts somebody keeps, the newest change first, for a reader; pass it through `access.visible`."""
    mine = (saved_drafts.c.subject == subject, saved_drafts.c.status == "open", saved_drafts.c.expires_at > now)
    return select(saved_drafts).where(*mine).order_by(saved_drafts.c.saved_at.desc(), saved_drafts.c.case_id).limit(limit)


def _until(work: Work) -> datetime:
    return work.now + timedelta(days=work.portal.settings.draft_days)
