"""Working hours resolved, and what a calendar answers where clocks change, days are short, or its years end."""

from __future__ import annotations

import json
import os
import time as wall
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.catalogue.definitions import WorkingHours
from portal.standards.calendar import ALWAYS, Calendar, CalendarEnds, WrongHours, resolve

OFFICE: dict[str, tuple[str, ...]] = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-12:30", "13:15-17:00"))
EVERY_DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def hours(**changed: Any) -> WorkingHours:
    return WorkingHours(**{"id": "office", "zone": "Europe/Brussels", "weekly": OFFICE, "country": "BE"} | changed)


def every_day(zone: str, *windows: tuple[int, int]) -> Calendar:
    return Calendar(zone, dict.fromkeys(EVERY_DAY, windows))


def test_a_resolved_calendar_survives_storage_and_holds_all_a_promise_needs() -> None:
    body = resolve(hours(special={"2026-12-24": ("09:00-12:00",), "2026-05-15": ()}, closed=("2026-07-20",), worked=("2026-11-11",)))
    assert body["holidays"]["2026"][:3] == ["2026-01-01", "2026-04-05", "2026-04-06"]
    assert "2026-07-20" in body["holidays"]["2026"]
    assert "2026-11-11" not in body["holidays"]["2026"]
    assert (body["years"], len(body["holidays"])) == ([2000, 2050], 51)
    assert set(body["made_with"]) == {"holidays", "tzdata", "country"}
    calendar = Calendar.from_body(json.loads(json.dumps(body)))
    brussels = ZoneInfo("Europe/Brussels")
    expected = {
        datetime(2026, 12, 24, 11, 59): True,
        datetime(2026, 12, 24, 12, 0): False,  # special hours replace the weekly ones
        datetime(2026, 5, 15, 10, 0): False,  # special without hours: closed
        datetime(2026, 7, 20, 10, 0): False,  # closed
        datetime(2026, 11, 11, 10, 0): True,  # a holiday that is worked
        datetime(2026, 7, 21, 10, 0): False,  # the national day
        datetime(2026, 7, 22, 12, 45): False,  # lunch
        datetime(2026, 7, 25, 10, 0): False,  # Saturday
    }
    assert {local: calendar.is_open(local.replace(tzinfo=brussels)) for local in expected} == expected


def test_windows_are_stored_in_order_and_may_touch() -> None:
    assert resolve(hours(weekly={"mon": ("13:00-24:00", "00:00-13:00")}))["weekly"] == {"mon": ["00:00-13:00", "13:00-24:00"]}


@pytest.mark.parametrize(
    ("changed", "path", "says"),
    [
        ({"zone": "Europe/Brusels"}, ("zone",), "did you mean `Europe/Brussels`?"),
        ({"zone": "../etc/passwd"}, ("zone",), "is not a time zone"),
        ({"zone": "Europe"}, ("zone",), "is not a time zone"),
        ({"zone": ""}, ("zone",), "is not a time zone"),
        ({"zone": "localtime"}, ("zone",), "is not a time zone"),
        ({"weekly": {"mon": ("09:00-12:30", "12:00-17:00")}}, ("weekly", "mon", 1), "`09:00-12:30` and `12:00-17:00` overlap"),
        ({"weekly": {"mon": ("17:00-09:00",)}}, ("weekly", "mon", 0), "`17:00-24:00` and on the next day `00:00-09:00`"),
        ({"weekly": {"mon": ("09:00-09:00",)}}, ("weekly", "mon", 0), "ends before it starts"),
        ({"weekly": {"mon": ("09:00-24:01",)}}, ("weekly", "mon", 0), "a time that no day has"),
        ({"weekly": {"mon": ("24:00-24:00",)}}, ("weekly", "mon", 0), "a time that no day has"),
        ({"weekly": {"mon": ("9-17",)}}, ("weekly", "mon", 0), "write `HH:MM-HH:MM`"),
        ({"weekly": {"mon": ("09:60-17:00",)}}, ("weekly", "mon", 0), "write `HH:MM-HH:MM`"),
        ({"weekly": {"mon": "09:00-17:00"}}, ("weekly", "mon"), "write a list"),
        ({"weekly": {"monday": ("09:00-17:00",)}}, ("weekly", "monday"), "write one of mon, tue"),
        ({"weekly": {}}, ("weekly",), "never open"),
        ({"weekly": {"mon": ()}, "special": {"2026-01-05": ()}}, ("weekly",), "never open"),
        ({"country": "ZZ"}, ("country",), "country `ZZ`"),
        ({"country": "US", "subdivision": "ZZ"}, ("subdivision",), "no subdivision of US"),
        ({"country": None, "subdivision": "MA"}, ("subdivision",), "without a country"),
        ({"special": {"2026-02-30": ()}}, ("special", "2026-02-30"), "is not a date"),
        ({"special": {"20260105": ()}}, ("special", "20260105"), "is not a date"),
        ({"special": {"2026-01-05": ("x",)}}, ("special", "2026-01-05", 0), "is not a window"),
        ({"special": {"2026-12-25": ("09:00-12:00",)}}, ("special", "2026-12-25"), "name it in `worked` too"),
        ({"closed": ("2051-01-01",)}, ("closed", 0), "2000 to 2050"),
        ({"worked": ("2026-03-02",)}, ("worked", 0), "is no public holiday"),
        ({"closed": ("2026-12-25",), "worked": ("2026-12-25",)}, ("worked", 0), "both in `closed` and in `worked`"),
    ],
)
def test_wrong_hours_say_where_and_what_to_write(changed: dict[str, Any], path: tuple[str | int, ...], says: str) -> None:
    with pytest.raises(WrongHours) as fault:
        resolve(hours(**changed))
    assert fault.value.path == path
    assert says in str(fault.value)


def test_a_place_that_never_closes_has_23_and_25_hours_on_the_change_days() -> None:
    always = every_day("Europe/Brussels", (0, 1440))
    assert [always.between(always.at(date(2026, *day)), always.at(date(2026, *after))) for day, after in [((3, 29), (3, 30)), ((10, 25), (10, 26))]] == [
        82_800,
        90_000,
    ]
    assert always.between(always.at(date(2000, 1, 1)), always.at(date(2051, 1, 1))) == 51 * 365 * 86_400 + 13 * 86_400
    assert always.add(datetime(2026, 12, 31, 22, 59, tzinfo=UTC), 120) == datetime(2026, 12, 31, 23, 1, tzinfo=UTC)


def test_a_wall_time_in_a_gap_is_shifted_forward_and_the_first_of_two_is_taken() -> None:
    brussels = every_day("Europe/Brussels", (0, 1440))
    assert brussels.at(date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 03:30 summer time
    assert brussels.at(date(2026, 10, 25), time(2, 30, fold=1)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # still summer time
    lord_howe = every_day("Australia/Lord_Howe", (0, 1440))  # half an hour
    assert lord_howe.local(lord_howe.at(date(2026, 10, 4), time(2, 10))).time() == time(2, 40)
    saturday = datetime(2026, 3, 28, 1, 30, tzinfo=UTC)  # 02:30
    assert brussels.local(brussels.add_days(saturday, 1)).time() == time(3, 30)
    assert brussels.local(brussels.add_days(saturday, 2)).time() == time(2, 30)


def test_windows_in_a_gap_shrink_or_vanish_and_windows_in_a_fold_run_once() -> None:
    spring = (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))
    assert every_day("Europe/Brussels", (150, 195)).between(*spring) == 0  # 02:30-03:15 is 03:30-03:15
    assert every_day("Europe/Brussels", (150, 240)).between(*spring) == 1800
    assert every_day("Europe/Brussels", (60, 150), (195, 240)).between(*spring) == 3600 + 3600  # 01:00-03:30 of summer time and 03:15-04:00 are one
    assert every_day("Europe/Brussels", (90, 165), (180, 190)).between(*spring) == 75 * 60  # 01:30-03:45 of summer time holds 03:00-03:10
    backwards = every_day("Europe/Brussels", (150, 165), (180, 190))  # 03:30-03:45 and before it 03:00-03:10
    assert backwards.between(*spring) == 25 * 60
    assert backwards.next_open(spring[0]) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    autumn = (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
    assert every_day("Europe/Brussels", (120, 150)).between(*autumn) == 1800
    assert every_day("Europe/Brussels", (120, 180)).between(*autumn) == 7200


def test_a_year_begins_at_its_first_instant() -> None:
    always, new_years = every_day("Europe/Brussels", (0, 1440)), every_day("Europe/Brussels", (0, 1))
    for year in range(1971, 2100):
        begins = always.at(date(year, 1, 1))
        assert always.is_open(begins)
        assert new_years.next_open(begins) == begins
        assert always.between(begins - timedelta(seconds=1), begins + timedelta(seconds=1)) == 2


def test_a_holiday_wins_over_special_hours_and_a_break_is_cut_out() -> None:
    day, after = date(2026, 1, 5), date(2026, 1, 6)
    written = {"timezone": "UTC", "weekly": {"mon": [["09:00", "12:00"]]}, "special_hours": {"2026-01-05": [["09:00", "17:00"]]}}
    found = []
    for more in ({}, {"holidays": ["2026-01-05"]}, {"breaks": {"2026-01-05": [["08:00", "09:30"], ["12:00", "13:00"], ["16:00", "18:00"]]}}):
        calendar = Calendar.from_pairs(written | more)
        found.append(calendar.between(calendar.at(day), calendar.at(after)) / 3600)
    assert found == [8, 0, 5.5]


def test_a_date_that_never_was_has_no_hours_and_is_no_business_day() -> None:
    apia = every_day("Pacific/Apia", (540, 1020))  # crossed the date line: no 30 December 2011
    assert apia.business_days(date(2011, 12, 29), date(2012, 1, 1)) == 2
    assert apia.local(apia.add_days(apia.at(date(2011, 12, 29), time(10)), 1)) == datetime(2011, 12, 31, 10, tzinfo=ZoneInfo("Pacific/Apia"))


def test_answers_only_depend_on_the_instant_not_on_how_it_is_written_or_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    start, seen = datetime(2026, 3, 27, 15, 30, tzinfo=UTC), set()
    before = os.environ.get("TZ")
    try:
        for host in ("UTC", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"):
            monkeypatch.setenv("TZ", host)
            wall.tzset()
            for zone in (UTC, ZoneInfo("Europe/Brussels"), ZoneInfo(host), timezone(timedelta(hours=-11))):
                calendar, begins = Calendar.from_body(resolve(hours(), years=range(2026, 2028))), start.astimezone(zone)
                due = calendar.add(begins, 7200)
                seen.add((due.isoformat(), calendar.between(begins, due.astimezone(zone)), calendar.add_days(begins, 3).isoformat()))
    finally:
        monkeypatch.delenv("TZ") if before is None else monkeypatch.setenv("TZ", before)
        wall.tzset()
    assert seen == {("2026-03-30T08:30:00+00:00", 7200, "2026-04-01T14:30:00+00:00")}


def test_a_pause_may_overlap_another_lie_outside_or_be_empty() -> None:
    calendar, nine = every_day("UTC", (540, 1020)), datetime(2026, 3, 2, 9, tzinfo=UTC)

    def hour(number: int) -> datetime:
        return nine + timedelta(hours=number)

    pauses = [(hour(3), hour(5)), (hour(1), hour(4)), (hour(-9), hour(-8)), (hour(6), hour(6)), (hour(7), hour(2)), (hour(90), hour(91))]
    assert calendar.add_pausing(nine, 3600, pauses) == hour(1)
    assert calendar.add_pausing(nine, 7200, pauses) == hour(6)
    assert calendar.between_pausing(nine, hour(8), pauses) == 4 * 3600
    assert calendar.next_running(hour(2), pauses) == hour(5)
    assert calendar.next_running(hour(2), [(hour(1), hour(8))]) == hour(24)
    assert calendar.add_pausing(hour(2), 0, pauses) == hour(5)


def test_a_calendar_says_so_where_its_years_end() -> None:
    calendar = Calendar.from_body(resolve(hours(), years=range(2025, 2027)))
    inside, after, before = (datetime(year, 6, 1, 12, tzinfo=UTC) for year in (2026, 2027, 2024))
    for ask in (
        lambda: calendar.is_open(after),
        lambda: calendar.is_open(before),
        lambda: calendar.next_open(datetime(2026, 12, 31, 22, tzinfo=UTC)),
        lambda: calendar.add(inside, 10_000_000),
        lambda: calendar.between(inside, after),
        lambda: calendar.between(before, inside),
        lambda: calendar.add_days(inside, 300),
        lambda: calendar.is_holiday(date(2027, 1, 1)),
    ):
        with pytest.raises(CalendarEnds, match="2025 to 2026"):
            ask()
    with pytest.raises(ValueError, match="publish it for more years"):
        calendar.add(inside, 10_000_000)
    year_end = datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert calendar.between(datetime(2025, 12, 31, 17, tzinfo=UTC), year_end) == calendar.between(datetime(2025, 12, 31, 23, tzinfo=UTC), year_end)
    assert calendar.between(inside, year_end) == calendar.between(inside, year_end - timedelta(hours=7))


def test_an_instant_without_a_zone_and_time_before_the_start_are_refused() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        ALWAYS.is_open(datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="before the start"):
        ALWAYS.add(datetime(2026, 1, 1, tzinfo=UTC), -1)


def test_nothing_is_built_until_it_is_asked_for() -> None:
    calendar = Calendar.from_body(resolve(hours()))
    assert calendar._built == {}
    calendar.add(datetime(2026, 6, 1, tzinfo=UTC), 3600)
    assert set(calendar._built) == {2026}


def test_the_usual_day_is_the_commonest_and_the_longer_of_equals() -> None:
    assert Calendar.from_body(resolve(hours())).day_seconds == 7.25 * 3600
    assert Calendar("UTC", {"mon": [(0, 60)], "tue": [(0, 60)], "wed": [(0, 120)], "thu": [(0, 120)], "fri": [(0, 600)]}).day_seconds == 7200
    with pytest.raises(WrongHours, match="count in business_hours"):
        _ = Calendar("UTC", {}, special={date(2026, 1, 5): [(0, 60)]}).day_seconds
