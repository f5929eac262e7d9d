"""Codes that prove an address, on their way. The rows hold no code and no address: those lie in the vault until the row has left."""

from __future__ import annotations

from uuid import UUID

from portal.outbox.rows import placed
from portal.unit_of_work import Row, Work

KIND = "code"


def place(work: Work, id: UUID, *, channel: str, item: UUID, language: str) -> Row:
    """A code leaves by that channel; `id` is a stream of its own, `item` what the vault keeps of it. `CodeAsked`."""
    work.record(id, "CodeAsked", channel=channel)
    return placed(work, id, kind=KIND, target=f"{KIND}:{channel}", subject=item, body={"channel": channel, "language": language})


def gone(work: Work, row: Row, *, reason: str | None = None) -> None:
    """It left, or nobody needs it any more: whoever waits for it asks again."""
    work.change(row, done_at=work.now, parked_at=None, lease_until=None, refusal=reason)
