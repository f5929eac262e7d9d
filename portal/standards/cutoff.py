"""The cut-off: until what time of day something that comes in counts as received that day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from portal.standards.calendar import Calendar


def received(calendar: Calendar, start: datetime, cutoff: time) -> datetime:
    """The instant (UTC) from which a start counts under a cut-off, a local time of day.

    On a working day, from its first opening until the cut-off, a start counts as it is, in a noon break too. At the cut-off itself or
    later it counts as the first opening of the next working day; so it does once that day's last hours are over, where they end before
    the cut-off (half days). Before the hours of a working day, and on any other day, it counts as the next opening, since whatever came
    in after the last cut-off waits for that. So a later start never counts as an earlier one. A working day is one on which the place
    opens. A cut-off that happens twice (clocks go back) is the first; one that never happens comes later by the gap.
    Source: Directive (EU) 2015/2366, Article 78(1), "a cut-off time near the end of a business day beyond which any payment order received
    shall be deemed to have been received on the following business day", and likewise what comes in on a day that is none.
    """
    day = calendar.local(start).date()
    if not calendar.business_days(day, day + timedelta(days=1)):
        return calendar.next_open(start)
    if start < calendar.at(day, cutoff):
        opening = calendar.next_open(calendar.at(day))
        if start < opening:
            return opening
        if calendar.micros_between(start, calendar.at(day + timedelta(days=1))):
            return start.astimezone(UTC)
    return calendar.next_open(calendar.at(calendar.business_day_after(day, 1)))
