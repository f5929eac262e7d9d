"""Opening hours as instants: the open windows of one local year, and what wall times mean when clocks change."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from portal.standards.resolve import DAY_MINUTES, Window, cut

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
DAY: Final = DAY_MINUTES * MINUTE


class Year(NamedTuple):
    """The open windows of one local year, in microseconds since 1970 UTC; touching windows are one."""

    number: int
    begins: int
    ends: int
    opens: list[int]
    closes: list[int]
    #: Open time of this year before each window; one longer than the windows, so that the last is the whole year's.
    before: list[int]
    #: Proleptic ordinals of the local dates with any open time.
    days: list[int]

    def passed(self, at: int) -> int:
        """Open time of this year that has passed at an instant."""
        place = bisect_right(self.opens, at) - 1
        if place < 0:
            return 0
        return self.before[place] + min(at, self.closes[place]) - self.opens[place]


@dataclass(frozen=True)
class Opening:
    """When a place is open: weekly windows from Monday on, special dates that replace them, holidays that close, breaks cut out."""

    zone: ZoneInfo
    weekly: tuple[tuple[Window, ...], ...]
    special: Mapping[date, Sequence[Window]]
    holidays: frozenset[date]
    breaks: Mapping[date, Sequence[Window]]

    def year(self, number: int) -> Year:
        """All windows of one local year; takes about a millisecond."""
        opens: list[int] = []
        closes: list[int] = []
        days: list[int] = []
        first = begins = self._midnight(date(number, 1, 1).toordinal())
        for ordinal in range(date(number, 1, 1).toordinal(), date(number + 1, 1, 1).toordinal()):
            ends = self._midnight(ordinal + 1)
            found = self._windows_of(ordinal, begins, ends)
            if found:
                days.append(ordinal)
            for opening, closing in found:
                if closes and opening <= closes[-1]:
                    closes[-1] = max(closes[-1], closing)
                else:
                    opens.append(opening)
                    closes.append(closing)
            begins = ends
        before = [0]
        for opening, closing in zip(opens, closes, strict=True):
            before.append(before[-1] + closing - opening)
        return Year(number, first, begins, opens, closes, before, days)

    def _windows_of(self, ordinal: int, begins: int, ends: int) -> list[tuple[int, int]]:
        """The windows of one local date as instants, inside the date's own bounds; none where a gap has swallowed them."""
        day = date.fromordinal(ordinal)
        if day in self.holidays:
            return []
        written = self.special.get(day)
        if written is None:
            written = self.weekly[day.weekday()]
        if day in self.breaks:
            written = cut(written, self.breaks[day])
        if ends - begins == DAY:
            return [(begins + opens * MINUTE, begins + closes * MINUTE) for opens, closes in written]
        found = [(max(begins, self._wall(day, opens)), min(ends, self._wall(day, closes))) for opens, closes in written]
        return sorted(window for window in found if window[0] < window[1])

    def _wall(self, day: date, minute: int) -> int:
        if minute == DAY_MINUTES:
            return self._midnight(day.toordinal() + 1)
        return to_micros(datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self.zone))

    def _midnight(self, ordinal: int) -> int:
        return to_micros(datetime.fromordinal(ordinal).replace(tzinfo=self.zone))


def to_micros(at: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime; ValueError for one without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no zone: an instant needs one")
    # Python subtracts on the wall clock within one zone and on the time line between two: the epoch is in UTC, so this is the time line.
    passed = at - EPOCH
    return (passed.days * 86_400 + passed.seconds) * SECOND + passed.microseconds


def from_micros(at: int) -> datetime:
    """The other way, in UTC."""
    return EPOCH + timedelta(microseconds=at)
