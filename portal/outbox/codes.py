"""Words to an address that is no party's: codes that prove it, reminders of drafts. What they say lies in the vault until it left."""

from __future__ import annotations

from uuid import UUID

from portal.outbox.rows import placed
from portal.unit_of_work import Row, Work

KIND = "code"


def place(work: Work, id: UUID, *, channel: str, item: UUID, language: str, says: str = KIND) -> Row:
    """A code, or what the template `says`, leaves by that channel; `id` is the stream in hand, `item` what the vault keeps of it. `CodeAsked` of a code."""
    if says == KIND:
        work.record(id, "CodeAsked", channel=channel)
    return placed(work, id, kind=KIND, target=f"{KIND}:{channel}", subject=item, body={"channel": channel, "language": language, "says": says})


def gone(work: Work, row: Row, *, reason: str | None = None) -> None:
    """It left, or nobody needs it any more: whoever waits for it asks again."""
    work.change(row, done_at=work.now, parked_at=None, lease_until=None, refusal=reason)
