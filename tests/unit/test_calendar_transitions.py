"""Every change of the clocks from 2020 to 2040 in six zones, against a walk that looks at each minute of the week around it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, pairwise
from random import Random  # noqa: TID251 -- seeded, to choose cases
from zoneinfo import ZoneInfo

import pytest

from portal.standards.calendar import Calendar
from portal.standards.resolve import WEEKDAYS, Window

#: Half-hour changes, changes at midnight, changes around Ramadan, and no changes at all (asked in the weeks of the first zone's).
ZONES = ("Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "Asia/Tokyo")
#: Local windows by weekday, in minutes; `edges` open and close inside gaps and folds.
PATTERNS: dict[str, dict[str, list[Window]]] = {
    "office": {day: [(540, 750), (795, 1020)] for day in WEEKDAYS[:5]},
    "always": {day: [(0, 1440)] for day in WEEKDAYS},
    "night": {day: [(0, 180), (1320, 1440)] for day in WEEKDAYS},
    "edges": {day: [(10, 50), (90, 135), (150, 195), (210, 240), (1400, 1430)] for day in WEEKDAYS},
}
MINUTE = timedelta(minutes=1)
DAYS = 7


def transitions(zone: str) -> list[datetime]:
    """The first instants of new offsets, 2020 to 2040, to the minute."""
    there, found = ZoneInfo(zone), []
    at, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
    while at < end:
        after = at + timedelta(days=1)
        if at.astimezone(there).utcoffset() != after.astimezone(there).utcoffset():
            low, high = at, after
            while high - low > MINUTE:
                middle = low + (high - low) // 2 // MINUTE * MINUTE
                low, high = (middle, high) if middle.astimezone(there).utcoffset() == at.astimezone(there).utcoffset() else (low, middle)
            found.append(high)
        at = after
    return found


def weeks() -> Iterator[tuple[str, datetime]]:
    """(zone, instant of a change) for each change; the zones without any are asked in the weeks of Brussels' changes."""
    brussels = transitions(ZONES[0])
    for zone in ZONES:
        for at in transitions(zone) or brussels:
            yield zone, at


def walk(zone: str, around: datetime, pattern: dict[str, list[Window]]) -> tuple[datetime, list[bool]]:
    """The first instant of seven local days around a change, and for each minute from there whether it is open.

    Wall times are found by looking for the first minute that shows them; one that no minute shows is looked for as much later as the gap is long.
    """
    there = ZoneInfo(zone)
    first = around.astimezone(there).date() - timedelta(days=DAYS // 2)
    begins = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    shown: dict[datetime, int] = {}
    gaps: list[tuple[datetime, datetime]] = []
    last = None
    for minute in range((DAYS + 3) * 1440):
        local = (begins + minute * MINUTE).astimezone(there).replace(tzinfo=None)
        shown.setdefault(local, minute)
        if last is not None and local > last + MINUTE:
            gaps.append((last + MINUTE, local))
        last = local

    def minute_of(local: datetime) -> int:
        for from_, to in gaps:
            if from_ <= local < to:
                local += to - from_
        return shown[local]

    origin = minute_of(datetime.combine(first, time()))
    days = [first + timedelta(days=number) for number in range(DAYS + 1)]
    minutes = [False] * (minute_of(datetime.combine(days[-1], time())) - origin)
    for day, after in pairwise(days):
        low, high = (minute_of(datetime.combine(date_, time())) for date_ in (day, after))
        for opens, closes in pattern.get(WEEKDAYS[day.weekday()], []):
            start, end = (minute_of(datetime.combine(day, time()) + bound * MINUTE) for bound in (opens, closes))
            for minute in range(max(low, start), min(high, end)):
                minutes[minute - origin] = True
    return begins + origin * MINUTE, minutes


def compared(zone: str, around: datetime, name: str, *, questions: int, seed: int) -> tuple[int, list[str]]:
    """(cases asked, those answered otherwise than the walk does)."""
    origin, minutes = walk(zone, around, PATTERNS[name])
    calendar, passed = Calendar(zone, PATTERNS[name]), [0, *accumulate(minutes)]
    # The minute after which n open minutes have passed.
    reached = {count: place for place, count in reversed(list(enumerate(passed)))}
    random, wrong, near = Random(f"{zone} {around} {name} {seed}"), [], (around - origin) // MINUTE
    for _ in range(questions):
        places = [min(max(random.choice([near + random.randint(-200, 200), random.randrange(len(minutes))]), 0), len(minutes) - 1) for _ in range(2)]
        low, high = sorted(places)
        start, end, open_minutes = origin + low * MINUTE, origin + high * MINUTE, passed[high] - passed[low]
        if calendar.is_open(start) != minutes[low]:
            wrong.append(f"{zone} {name} is_open {start}")
        if calendar.between(start, end) != open_minutes * 60:
            wrong.append(f"{zone} {name} between {start} {end}")
        if open_minutes and calendar.add(start, open_minutes * 60) != origin + reached[passed[high]] * MINUTE:
            wrong.append(f"{zone} {name} add {start} {open_minutes}")
    return questions * 3, wrong


def exhaustive() -> tuple[int, int]:
    """(cases, failed) over every change, zone and pattern; for `make long`."""
    cases = failed = 0
    for zone, around in weeks():
        for name in PATTERNS:
            asked, wrong = compared(zone, around, name, questions=200, seed=1)
            cases, failed = cases + asked, failed + len(wrong)
    return cases, failed


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("zone", ZONES)
def test_answers_as_the_walk_does_around_changes_of_the_clocks(zone: str, name: str) -> None:
    changes = transitions(zone) or transitions(ZONES[0])
    for around in Random(f"{zone} {name} 7").sample(changes, 2):
        assert compared(zone, around, name, questions=60, seed=7)[1] == []


def test_the_changes_are_found() -> None:
    assert transitions("Europe/Brussels")[:2] == [datetime(2020, 3, 29, 1, tzinfo=UTC), datetime(2020, 10, 25, 1, tzinfo=UTC)]
    assert {zone: len(transitions(zone)) >= 40 for zone in ZONES} == {zone: zone != "Asia/Tokyo" for zone in ZONES}


def test_the_walk_knows_a_day_without_two_to_three() -> None:
    origin, minutes = walk("Europe/Brussels", datetime(2020, 3, 29, 1, tzinfo=UTC), PATTERNS["always"])
    assert (origin, len(minutes)) == (datetime(2020, 3, 25, 23, tzinfo=UTC), DAYS * 1440 - 60)
    assert origin.astimezone(ZoneInfo("Europe/Brussels")).date() == date(2020, 3, 26)
