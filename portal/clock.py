"""Time that does not come from the database: leases in a process and measuring. Everything else asks `work.now`."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The machine's own idea of now, aware, in UTC; never stored as the time of a fact."""
    return datetime.now(UTC)
