"""How often this database was restored, and the one that is under way."""

from __future__ import annotations

from portal.unit_of_work import Work

_UNDER_WAY = "SELECT number FROM restores WHERE ended_at IS NULL"
_BEGIN = "INSERT INTO restores (number, begun_at) SELECT coalesce(max(number), 0) + 1, %s FROM restores RETURNING number"
_END = "UPDATE restores SET ended_at = %s WHERE ended_at IS NULL"


def begun(work: Work) -> int:
    """Number of the restore that is under way, begun now where none is (a unit of the relay)."""
    found = work.sql(_UNDER_WAY) or work.sql(_BEGIN, (work.now,))
    return int(found[0][0])


def ended(work: Work) -> None:
    """All that was to be told to the database was."""
    work.sql(_END, (work.now,))
