"""Instants as people write them when they ask for figures."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(text: str) -> datetime:
    """A date (its 00:00 UTC) or an RFC 3339 instant with its offset, aware; ValueError that says what to write."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no instant; write 2026-01-31, or 2026-01-31T00:00:00Z.") from None
    if found.tzinfo:
        return found
    if len(text) > len("2026-01-31"):
        raise ValueError(f"{text!r} does not say its offset; end it with Z, or with one such as -05:00.")
    return found.replace(tzinfo=UTC)
