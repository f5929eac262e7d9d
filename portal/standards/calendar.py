"""Working time on absolute instants: is it open, what is due after so much open time, how much open time has passed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

from portal.errors import Refusal
from portal.standards.opening import SECOND, Opening, Year, from_micros, to_micros
from portal.standards.resolve import DAY_MINUTES, WEEKDAYS, Window, WrongHours, resolve, windows, zone

__all__ = ["ALWAYS", "Calendar", "CalendarEnds", "Pause", "WrongHours", "merged", "resolve"]

#: Half-open interval of instants in which a clock stands still.
Pause = tuple[datetime, datetime]

#: Mean length of a Gregorian year: a first guess at the year of an instant, corrected against the year's own bounds.
_YEAR: Final = 31_556_952 * SECOND


class CalendarEnds(Refusal, ValueError):
    """This calendar does not reach that far: no date is given rather than a wrong one. Publish it for more years."""

    status, slug = 422, "calendar-ends"


class Calendar:
    """Opening hours of one place. Instants in are aware datetimes in any zone, instants out are in UTC, exact to the microsecond.

    Windows are local and half-open: the opening instant is open, the closing instant is closed. Open time is real time passed, so a
    local day may hold 23 or 25 open hours. A wall time that happens twice (clocks go back) is the first of the two; one that never
    happens (clocks go forward) is shifted forward by the length of the gap, and a window emptied by that does not exist.
    A business day is a local date with any open time. Years are built when first asked for; building twice is harmless, so threads may share one.
    """

    def __init__(
        self,
        name: str,
        weekly: Mapping[str, Sequence[Window]],
        *,
        special: Mapping[date, Sequence[Window]] | None = None,
        holidays: Iterable[date] = (),
        breaks: Mapping[date, Sequence[Window]] | None = None,
        years: range = range(1900, 2200),
        place: tuple[str, str | None] | None = None,
    ) -> None:
        self.zone = zone(name)
        self.years = years
        #: Country and subdivision whose holidays it keeps, for their names.
        self.place = place
        days = tuple(tuple(weekly.get(day, ())) for day in WEEKDAYS)
        self._opening = Opening(self.zone, days, dict(special or {}), frozenset(holidays), dict(breaks or {}))
        self._built: dict[int, Year] = {}

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> Calendar:
        """From what `resolve` made and the database keeps."""
        first, last = body["years"]
        return cls(
            body["zone"],
            {day: windows(texts, ("weekly", day)) for day, texts in body["weekly"].items()},
            special={date.fromisoformat(day): windows(texts, ("special", day)) for day, texts in body["special"].items()},
            holidays=(date.fromisoformat(day) for days in body["holidays"].values() for day in days),
            years=range(first, last + 1),
            place=(body["made_with"]["country"], body["made_with"].get("subdivision")) if body.get("made_with", {}).get("country") else None,
        )

    @classmethod
    def from_pairs(cls, written: Mapping[str, Any]) -> Calendar:
        """From `{timezone, weekly: {mon: [["09:00", "17:00"]]}, holidays, special_hours, breaks}`, the form of the clock vectors.

        Breaks are cut out of the day's hours; a holiday wins over special hours. WrongHours where it cannot be read.
        """
        unknown = sorted(set(written.get("weekly", {})) - set(WEEKDAYS))
        if unknown:
            raise WrongHours(f"`{unknown[0]}` is not a weekday: write one of {', '.join(WEEKDAYS)}", ("weekly", unknown[0]))
        return cls(
            written["timezone"],
            {day: _pairs(pairs, ("weekly", day)) for day, pairs in written["weekly"].items()},
            special={date.fromisoformat(day): _pairs(pairs, ("special_hours", day)) for day, pairs in written.get("special_hours", {}).items()},
            holidays=(date.fromisoformat(day) for day in written.get("holidays", ())),
            breaks={date.fromisoformat(day): _pairs(pairs, ("breaks", day)) for day, pairs in written.get("breaks", {}).items()},
        )

    def is_open(self, at: datetime) -> bool:
        """Whether that instant lies in a window."""
        instant = to_micros(at)
        year = self._year_of(instant)
        place = bisect_right(year.opens, instant) - 1
        return place >= 0 and instant < year.closes[place]

    def next_open(self, at: datetime) -> datetime:
        """The first open instant at or after `at`."""
        return from_micros(self._next_open(to_micros(at)))

    def add(self, start: datetime, seconds: int) -> datetime:
        """The earliest instant at which exactly that many open seconds have passed since `start`; of 0, the next open instant.

        A budget that ends exactly at a closing instant is due then; `next_open` of it is what other systems answer.
        """
        return from_micros(self._add(to_micros(start), _whole(seconds) * SECOND))

    def between(self, start: datetime, end: datetime) -> int:
        """Whole open seconds in [start, end); 0 when `end` is not after `start`."""
        return self._between(to_micros(start), to_micros(end)) // SECOND

    def micros_between(self, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> int:
        """Open microseconds in [start, end) outside the pauses."""
        return self._running(to_micros(start), to_micros(end), merged(pauses))

    def add_micros(self, start: datetime, micros: int, pauses: Iterable[Pause] = ()) -> datetime:
        """As `add_pausing`, with a budget in microseconds."""
        return from_micros(self._add_running(to_micros(start), _whole(micros), merged(pauses)))

    def add_pausing(self, start: datetime, seconds: int, pauses: Iterable[Pause]) -> datetime:
        """As `add`, while the clock stands still in the pauses: half-open intervals in any order that may overlap."""
        return self.add_micros(start, _whole(seconds) * SECOND, pauses)

    def between_pausing(self, start: datetime, end: datetime, pauses: Iterable[Pause]) -> int:
        """As `between`, leaving out the pauses."""
        return self.micros_between(start, end, pauses) // SECOND

    def next_running(self, at: datetime, pauses: Iterable[Pause]) -> datetime:
        """The first instant at or after `at` that is open and not paused."""
        return from_micros(self._next_running(to_micros(at), merged(pauses)))

    def add_days(self, start: datetime, days: int, *, roll: bool = True) -> datetime:
        """The same wall time `days` business days later.

        A start outside hours is first rolled forward to the next open instant; with `roll=False` it is counted from as it stands,
        and only business days after its date count. 0 days is the next open instant both ways. The wall time may lie outside the hours
        of a shorter day.
        """
        if _whole(days) == 0:
            return self.next_open(start)
        local = self.local(self.next_open(start) if roll else start)
        return self.at(self.business_day_after(local.date(), days), local.time())

    def at(self, day: date, clock: time = time()) -> datetime:
        """The instant of a wall time here; of a date alone, the instant it begins."""
        return datetime.combine(day, clock.replace(fold=0), self.zone).astimezone(UTC)

    def local(self, at: datetime) -> datetime:
        """The wall time here at that instant."""
        return at.astimezone(self.zone)

    def business_day_after(self, day: date, count: int) -> date:
        """The `count`-th business day after a date, which itself is not counted. `count` is at least 1."""
        number = day.year
        year = self._year(number)
        place = bisect_right(year.days, day.toordinal()) + count - 1
        while place >= len(year.days):
            place -= len(year.days)
            number += 1
            year = self._year(number)
        return date.fromordinal(year.days[place])

    def business_day_before(self, day: date, count: int) -> date:
        """The `count`-th business day before a date, which itself is not counted. `count` is at least 1."""
        number = day.year
        year = self._year(number)
        place = bisect_left(year.days, day.toordinal()) - count
        while place < 0:
            number -= 1
            year = self._year(number)
            place += len(year.days)
        return date.fromordinal(year.days[place])

    def business_days(self, first: date, until: date) -> int:
        """How many business days lie in [first, until)."""
        if until <= first:
            return 0
        low, high = first.toordinal(), until.toordinal()
        days = [self._year(number).days for number in range(first.year, until.year + 1)]
        return sum(map(len, days[:-1])) + bisect_left(days[-1], high) - bisect_left(days[0], low)

    def is_holiday(self, day: date) -> bool:
        """Whether that local date is a holiday. Weekends as such are not."""
        if day.year not in self.years:
            raise self._ends()
        return day in self._opening.holidays

    def opens_on(self, weekday: int) -> bool:
        """Whether the place opens on that day of an ordinary week; Monday is 0."""
        return bool(self._opening.weekly[weekday])

    def with_week(self, weekly: Mapping[str, Sequence[Window]]) -> Calendar:
        """The same place, years and holidays with another week, and no special hours."""
        return Calendar(self.zone.key, weekly, holidays=self._opening.holidays, years=self.years)

    @property
    def day_seconds(self) -> int:
        """Opening time of the usual day: the commonest length among the weekdays that open, the longer one of equals."""
        lengths = Counter(sum(closes - opens for opens, closes in day) for day in self._opening.weekly if day)
        if not lengths:
            raise WrongHours("these hours open on special dates alone, so they have no usual day: count in business_hours", ("weekly",))
        return max(lengths, key=lambda length: (lengths[length], length)) * 60

    def _between(self, start: int, end: int) -> int:
        if end <= start:
            return 0
        first = self._year_of(start)
        if end <= first.ends:
            return first.passed(end) - first.passed(start)
        total, number = first.before[-1] - first.passed(start), first.number
        while True:
            number += 1
            year = self._year(number)
            if end <= year.ends:
                return total + year.passed(end)
            total += year.before[-1]

    def _add(self, start: int, budget: int) -> int:
        if budget == 0:
            return self._next_open(start)
        year = self._year_of(start)
        target = year.passed(start) + budget
        if target > year.before[-1]:
            number = year.number
            while target > year.before[-1]:
                target -= year.before[-1]
                number += 1
                year = self._year(number)
        place = bisect_left(year.before, target) - 1
        return year.opens[place] + target - year.before[place]

    def _next_open(self, at: int) -> int:
        year = self._year_of(at)
        place = bisect_right(year.opens, at)
        if place and at < year.closes[place - 1]:
            return at
        number = year.number
        while place == len(year.opens):
            place, number = 0, number + 1
            year = self._year(number)
        return year.opens[place]

    def _next_running(self, at: int, pauses: list[tuple[int, int]]) -> int:
        at = self._next_open(at)
        for begins, ends in pauses:
            if begins <= at < ends:
                at = self._next_open(ends)
        return at

    def _running(self, start: int, end: int, pauses: list[tuple[int, int]]) -> int:
        return self._between(start, end) - sum(self._between(max(start, begins), min(end, ends)) for begins, ends in pauses)

    def _add_running(self, start: int, budget: int, pauses: list[tuple[int, int]]) -> int:
        if budget == 0:
            return self._next_running(start, pauses)
        for begins, ends in pauses:
            if ends <= start:
                continue
            here = self._between(start, begins)
            if here >= budget:
                break
            budget -= here
            start = ends
        return self._add(start, budget)

    def _year_of(self, at: int) -> Year:
        number = min(max(1970 + at // _YEAR, self.years[0]), self.years[-1])
        year = self._year(number)
        while at < year.begins:
            number -= 1
            year = self._year(number)
        while at >= year.ends:
            number += 1
            year = self._year(number)
        return year

    def _year(self, number: int) -> Year:
        year = self._built.get(number)
        if year is None:
            if number not in self.years:
                raise self._ends()
            year = self._built[number] = self._opening.year(number)
        return year

    def _ends(self) -> CalendarEnds:
        return CalendarEnds(f"This calendar holds the years {self.years[0]} to {self.years[-1]} only: publish it for more years.")


def _whole(number: int) -> int:
    if number < 0:
        raise ValueError(f"{number} lies before the start: time is only added forward")
    return number


def merged(pauses: Iterable[Pause]) -> list[tuple[int, int]]:
    """Pauses in order, as microseconds, with those that overlap or touch made one and empty ones left out."""
    found: list[tuple[int, int]] = []
    for begins, ends in sorted((to_micros(begins), to_micros(ends)) for begins, ends in pauses):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        elif begins < ends:
            found.append((begins, ends))
    return found


def _pairs(pairs: Sequence[Sequence[str]], path: tuple[str | int, ...]) -> tuple[Window, ...]:
    for place, pair in enumerate(pairs):
        if isinstance(pair, str) or len(pair) != 2:
            raise WrongHours(f'`{pair}` is not a pair of times: write ["09:00", "12:30"]', (*path, place))
    return windows([f"{opens}-{closes}" for opens, closes in pairs], path)


#: Real time: the working time of a place that never closes.
ALWAYS: Final = Calendar("UTC", dict.fromkeys(WEEKDAYS, ((0, DAY_MINUTES),)), years=range(1, 9999))
