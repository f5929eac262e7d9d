"""Working time: microseconds of one addition on a city's office hours, holidays and changes of clocks included."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from statistics import median

from portal.catalogue.load import load
from portal.standards.calendar import Calendar
from portal.standards.resolve import resolve
from tests.bench.entries import Entry, beside

#: Microseconds an addition may take.
LEVEL = 5.0
STARTS, ROUNDS = 20_000, 5


def measure() -> list[Entry]:
    """`clock.add`: two working weeks (75 open hours) from instants spread over two years."""
    catalogue = load(resolve_calendar=resolve)
    wanted = catalogue.hashes["calendar", "city-council/office"]
    hours = Calendar.from_body(next(one.body for one in catalogue.stored if one.hash == wanted))
    starts = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=53 * number) for number in range(STARTS)]
    rounds = []
    for _ in range(ROUNDS + 1):  # the first builds the years
        begun = time.perf_counter()
        for start in starts:
            hours.add(start, 75 * 3600)
        rounds.append((time.perf_counter() - begun) / STARTS * 1e6)
    return [beside("clock.add", median(rounds[1:]), "µs", "level", LEVEL)]
