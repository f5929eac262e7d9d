"""Quiet hours in every zone and over every change of its clocks; and the hour of the one message a day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.outbox.quiet import DAILY, next_daily, until

ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("posix/"))
INSTANTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC))
HOURS = st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: tuple(f"{one:02d}:00" for one in pair))


def quiet(hours: tuple[str, str], at: datetime, zone: ZoneInfo) -> bool:
    """What the wall clock says."""
    begin, end = (time.fromisoformat(one) for one in hours)
    here = at.astimezone(zone).time()
    return (here >= begin or here < end) if begin > end else begin <= here < end


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(ZONES), INSTANTS, HOURS)
def test_nothing_leaves_in_them_and_nothing_waits_longer(zone: str, now: datetime, hours: tuple[str, str]) -> None:
    place = ZoneInfo(zone)
    found = until(hours, now, place)
    if not quiet(hours, now, place):
        assert found is None
        return
    assert found is not None and now < found <= now + timedelta(hours=26)
    assert not quiet(hours, found, place), (zone, now, found)
    # A minute earlier it is quiet, but where the clock was set forward over the end, or strikes it twice.
    before = found - timedelta(minutes=1)
    moved = {(found + timedelta(hours=hour)).astimezone(place).utcoffset() for hour in (-4, 0, 4)}
    assert quiet(hours, before, place) or len(moved) > 1


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("2026-10-24T20:00:00+00:00", "2026-10-25T07:00:00+00:00"),
        ("2026-03-28T21:00:00+00:00", "2026-03-29T06:00:00+00:00"),
        ("2026-06-01T18:59:59+00:00", None),
        ("2026-06-01T19:00:00+00:00", "2026-06-02T06:00:00+00:00"),
        ("2026-06-02T05:59:59+00:00", "2026-06-02T06:00:00+00:00"),
        ("2026-06-02T06:00:00+00:00", None),
    ],
)
def test_the_nights_in_which_clocks_change(now: str, leaves: str | None) -> None:
    found = until(("21:00", "08:00"), datetime.fromisoformat(now), ZoneInfo("Europe/Brussels"))
    assert found == (datetime.fromisoformat(leaves) if leaves else None)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(ZONES), INSTANTS)
def test_the_hour_of_the_day(zone: str, now: datetime) -> None:
    place, found = ZoneInfo(zone), next_daily(now, ZoneInfo(zone))
    assert now < found <= now + timedelta(hours=27)
    assert found.astimezone(place).time() >= DAILY
