"""Stored calendars, prepared once a process."""

from __future__ import annotations

from portal.standards.calendar import Calendar
from portal.unit_of_work import Work

_calendars: dict[str, Calendar] = {}


def calendar(work: Work, hash: str) -> Calendar:
    """The calendar of that hash, prepared; a clock keeps the version it started on. KeyError where it was never published."""
    if hash not in _calendars:
        _calendars[hash] = Calendar.from_body(work.portal.pinned(work, hash))
    return _calendars[hash]
