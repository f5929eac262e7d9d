"""Periods as Union law counts them: Regulation (EEC, Euratom) No 1182/71, Article 3."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from portal.standards.calendar import ALWAYS, Calendar, CalendarEnds, Pause, merged
from portal.standards.opening import from_micros
from portal.standards.resolve import DAY_MINUTES

_ONE_DAY = timedelta(days=1)


def later(day: date, count: int, unit: str) -> date:
    """So many calendar_days, calendar_weeks or calendar_months after a date; a day the last month lacks is its last day."""
    try:
        if unit == "calendar_months":
            year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
            return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
        return day + timedelta(days=count * (7 if unit == "calendar_weeks" else 1))
    except (ValueError, OverflowError):
        raise CalendarEnds(f"{count} {unit} after {day} lies beyond the year 9999.") from None


def legal_due(calendar: Calendar, start: datetime, count: int, unit: str, pauses: Collection[Pause] = ()) -> datetime:
    """The instant at which the period ends, in UTC: the start of the next day, or for hours of the next hour.

    Article 3(1): the day, or the clock hour, of the event is not counted. 3(2): a period ends with its last hour; weeks and months end on
    the same weekday or date as the event's, or on the last day of a month that lacks it. 3(3): holidays and weekends count, unless the
    period is in working days. 3(4): a last day that is a holiday, Saturday or Sunday becomes the next working day (not for hours).
    3(5): two days or more hold at least two working days. Working days (Article 2) are Monday to Friday without the calendar's holidays,
    whatever the opening hours.

    The Regulation knows no suspension. Here a pause takes out each local date that it covers whole: the day on which it begins and the
    day on which it ends are both counted (compare Awb 4:15 of the Netherlands), so one that begins on the last day comes too late. In
    hours it takes out its real length.
    """
    local = calendar.local(start)
    if unit == "calendar_hours":
        return ALWAYS.add_pausing(legal_begins(calendar, start, unit), count * 3600, pauses)
    event, out = local.date(), taken_out(calendar, pauses)

    def working(day: date) -> bool:
        return is_working(calendar, day) and day not in out

    if unit == "business_days":
        last = _nth_working(event, count, working)
    else:
        last = nominal_last(event, count, unit, out)
        while not working(last):
            last += _ONE_DAY
        if unit != "calendar_days" or count > 1:
            last = max(last, _nth_working(event, 2, working))
    return calendar.at(last + _ONE_DAY)


def legal_begins(calendar: Calendar, start: datetime, unit: str) -> datetime:
    """The instant (UTC) from which a period counts: after the hour, or the local day, of its event."""
    local = calendar.local(start)
    if unit != "calendar_hours":
        return calendar.at(local.date() + _ONE_DAY)
    into_the_hour = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return local.astimezone(UTC) - into_the_hour + timedelta(hours=1)


@lru_cache(maxsize=256)
def working_days(calendar: Calendar) -> Calendar:
    """The working days of Article 2 at the place of a calendar, as a calendar on which each of them is open from midnight to midnight."""
    return calendar.with_week(dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ((0, DAY_MINUTES),)))


def whole_days(calendar: Calendar, pauses: Collection[Pause]) -> list[Pause]:
    """The local dates that pauses take out of a period, as intervals."""
    return [(calendar.at(day), calendar.at(day + _ONE_DAY)) for day in sorted(taken_out(calendar, pauses))]


def is_working(calendar: Calendar, day: date) -> bool:
    """Whether a local date is a working day of Article 2."""
    return day.weekday() < 5 and not calendar.is_holiday(day)


def taken_out(calendar: Calendar, pauses: Collection[Pause]) -> set[date]:
    """The local dates that pauses cover whole."""
    out: set[date] = set()
    for begins, ends in merged(pauses):
        day = calendar.local(from_micros(begins)).date()
        if calendar.at(day) < from_micros(begins):
            day += _ONE_DAY
        while calendar.at(day + _ONE_DAY) <= from_micros(ends):
            out.add(day)
            day += _ONE_DAY
    return out


def nominal_last(event: date, count: int, unit: str, out: set[date]) -> date:
    """The last counted day of a period in days, weeks or months: moved on by each date taken out after the event, those it is moved over included."""
    day, last = event, later(event, count, unit)
    while day < last:
        day += _ONE_DAY
        if day in out:
            last += _ONE_DAY
    return last


def _nth_working(after: date, count: int, working: Callable[[date], bool]) -> date:
    day = after
    while count:
        day += _ONE_DAY
        count -= working(day)
    return day
