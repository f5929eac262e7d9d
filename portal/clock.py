"""Time that does not come from the database: leases in a process and measuring. Everything else asks `work.now`."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """The machine's own idea of now, aware, in UTC; never stored as the time of a fact."""
    return datetime.now(UTC)


def local_date(at: datetime, zone: str) -> str:
    """The date on the wall of that zone, YYYY-MM-DD (ISO 8601)."""
    return at.astimezone(ZoneInfo(zone)).date().isoformat()
