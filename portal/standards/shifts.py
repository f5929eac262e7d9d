"""A date moved by a term: so long before or after it, counted in whole days of the calendar."""

from __future__ import annotations

from datetime import date

from portal.standards.calendar import Calendar
from portal.standards.legal import later
from portal.standards.terms import Term


def shifted(calendar: Calendar, day: date, term: Term, *, back: bool = False) -> date:
    """The date so long after `day`, or before it. `day` itself is not counted; months end on their last day. CalendarEnds where no calendar reaches.

    ValueError for a term in hours: a date has none.
    """
    if term.unit in ("business_hours", "calendar_hours"):
        raise ValueError(f"a date cannot be moved by `{term}`: write days, weeks or months")
    if term.unit == "business_days":
        return calendar.business_day_before(day, term.count) if back else calendar.business_day_after(day, term.count)
    return later(day, -term.count if back else term.count, term.unit)
