"""The cut-off: as what a start counts, in every profile, and that it never makes a date earlier."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.standards.calendar import ALWAYS, Calendar
from portal.standards.cutoff import received
from portal.standards.terms import PROFILES, UNITS, Term, counts_from, due, parse_term, share_due, used

BRUSSELS = ZoneInfo("Europe/Brussels")
#: Open Monday to Friday with a noon break; Labour Day and Ascension are off, Thursday 16 May ends at noon, Tuesday 21 May opens at 16:00.
OFFICE = Calendar(
    "Europe/Brussels",
    dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ((540, 720), (780, 1020))),
    holidays=[date(2024, 5, 1), date(2024, 5, 9)],
    special={date(2024, 5, 16): ((540, 720),), date(2024, 5, 21): ((960, 1200),)},
    years=range(2023, 2027),
)
#: Sunday to Thursday, late on Sunday; the clocks go by half an hour, at 2:00 on a Sunday.
ISLAND = Calendar("Australia/Lord_Howe", {"sun": ((60, 1020),), **dict.fromkeys(("mon", "tue", "wed", "thu"), ((480, 1020),))}, years=range(2023, 2027))
DAY_AND_NIGHT = Calendar("Europe/Brussels", dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ((0, 1440),)), years=range(2023, 2027))
CUTOFF = time(15)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=BRUSSELS)


@pytest.mark.parametrize(
    ("start", "counts_as"),
    [
        ("05-06T14:59:59.999999", "05-06T14:59:59.999999"),
        ("05-06T15:00", "05-07T09:00"),  # at the instant itself
        ("05-06T16:59", "05-07T09:00"),
        ("05-06T20:00", "05-07T09:00"),
        ("05-06T12:30", "05-06T12:30"),  # in the noon break, as it is
        ("05-06T07:00", "05-06T09:00"),  # before the hours
        ("05-03T15:00", "05-06T09:00"),  # Friday
        ("05-04T10:00", "05-06T09:00"),  # Saturday
        ("05-08T15:00", "05-10T09:00"),  # over Ascension
        ("05-09T10:00", "05-10T09:00"),  # on it
        ("05-16T11:59", "05-16T11:59"),
        ("05-16T12:00", "05-17T09:00"),  # a half day is over before the cut-off
        ("05-21T10:00", "05-21T16:00"),  # a day that opens only after the cut-off
        ("05-21T15:00", "05-22T09:00"),
    ],
)
def test_as_what_a_start_counts(start: str, counts_as: str) -> None:
    assert received(OFFICE, at(start), CUTOFF) == at(counts_as)


def test_where_a_place_never_closes_the_next_day_begins_at_midnight() -> None:
    assert received(DAY_AND_NIGHT, at("05-04T14:59"), CUTOFF) == at("05-04T14:59")
    assert received(DAY_AND_NIGHT, at("05-04T15:00"), CUTOFF) == at("05-05T00:00")


def test_a_cutoff_that_happens_twice_is_the_first_and_one_that_never_happens_comes_later() -> None:
    there = ZoneInfo("Australia/Lord_Howe")
    twice = datetime(2024, 4, 7, 1, 50, tzinfo=there)  # 1:30 to 2:00 comes twice
    for fold in (0, 1):
        assert received(ISLAND, twice.replace(fold=fold), time(1, 45)) == datetime(2024, 4, 8, 8, tzinfo=there)
    never = time(2, 15)  # 2:00 to 2:30 is left out on 6 October
    assert received(ISLAND, datetime(2024, 10, 6, 2, 44, tzinfo=there), never) == datetime(2024, 10, 6, 2, 44, tzinfo=there)
    assert received(ISLAND, datetime(2024, 10, 6, 2, 45, tzinfo=there), never) == datetime(2024, 10, 7, 8, tzinfo=there)


@pytest.mark.parametrize(
    ("text", "profile", "start", "before", "after"),
    [
        ("1 business_days", "same-time", "05-06T16:00", "05-07T16:00", "05-08T09:00"),
        ("3 business_hours", "same-time", "05-06T16:00", "05-07T11:00", "05-07T12:00"),
        ("24 calendar_hours", "same-time", "05-03T16:00", "05-04T16:00", "05-07T09:00"),
        ("1 calendar_weeks", "same-time", "05-03T16:00", "05-10T16:00", "05-13T09:00"),
        ("1 business_days", "opening-hours", "05-06T16:00", "05-07T16:00", "05-07T17:00"),
        ("1 business_days", "eu-1182-71", "05-06T16:00", "05-08T00:00", "05-09T00:00"),
        ("5 calendar_days", "eu-1182-71", "05-08T16:00", "05-14T00:00", "05-16T00:00"),  # the event is Friday the 10th
        ("24 calendar_hours", "eu-1182-71", "05-06T16:00", "05-07T17:00", "05-08T10:00"),
    ],
)
def test_what_it_makes_of_each_profile(text: str, profile: str, start: str, before: str, after: str) -> None:
    assert due(parse_term(text, profile=profile), OFFICE, at(start)) == at(before)
    assert due(parse_term(text, profile=profile, cutoff="15:00"), OFFICE, at(start)) == at(after)
    assert due(parse_term(text, profile=profile, cutoff="16:30"), OFFICE, at(start)) == at(before)


def test_it_goes_with_either_end_but_not_with_counting_as_it_stands() -> None:
    for ends, expected in (("closing", "05-07T17:00"), ("next-open", "05-08T09:00")):
        assert due(parse_term("7 business_hours", ends=ends, cutoff="15:00"), OFFICE, at("05-06T16:00")) == at(expected)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="write one of the two"):
        parse_term("1 business_days", begins="just-count", cutoff="15:00")
    with pytest.raises(ValueError, match="take profile eu-1182-71"):
        parse_term("1 calendar_months", cutoff="15:00")
    parse_term("1 calendar_months", profile="eu-1182-71", cutoff="15:00")
    for text in ("15", "24:00", "9:00", "15:60", "15:00:00", ""):
        with pytest.raises(ValueError, match="is no time of day"):
            parse_term("1 business_days", cutoff=text)


def test_time_after_the_cutoff_is_not_used_and_a_pause_in_it_takes_nothing() -> None:
    term, start = parse_term("7 business_hours", cutoff="15:00"), at("05-06T15:30")
    assert counts_from(term, OFFICE, start) == at("05-07T09:00")
    assert used(term, OFFICE, start, at("05-06T17:00")) == 0
    assert used(term, OFFICE, start, due(term, OFFICE, start)) == 7 * 3600
    assert share_due(term, OFFICE, start, 0.5) == at("05-07T13:30")
    assert due(term, OFFICE, start, [(at("05-06T16:00"), at("05-07T09:00"))]) == at("05-07T17:00")


def allowed(term: tuple[int, Any, Any]) -> bool:
    _, unit, profile = term
    refused = (unit.startswith("calendar") and profile == "opening-hours", (unit, profile) == ("business_hours", "eu-1182-71"))
    return not any(refused) and (unit, profile) != ("calendar_months", "same-time")


terms = st.tuples(st.integers(1, 12), st.sampled_from(UNITS), st.sampled_from(PROFILES)).filter(allowed)
#: From every minute of a year and a half, and within days of one another, so that a cut-off lies between them.
starts = st.datetimes(datetime(2023, 2, 1), datetime(2024, 6, 1), timezones=st.sampled_from([BRUSSELS, ZoneInfo("UTC")]))
times = st.times(time(0, 1), time(23, 59)).map(lambda one: one.replace(second=0, microsecond=0))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(terms, starts, st.timedeltas(timedelta(0), timedelta(days=4)), times, st.sampled_from([OFFICE, ISLAND, DAY_AND_NIGHT]))
def test_a_later_start_is_never_due_earlier_and_a_cutoff_never_makes_a_date_earlier(
    written: tuple[int, Any, Any], start: datetime, after: timedelta, cutoff: time, calendar: Calendar
) -> None:
    term, plain = Term(*written, cutoff=cutoff), Term(*written)
    # Added as an instant: adding to a wall time forgets which of two it was in the hour that comes twice.
    afterwards = start.astimezone(UTC) + after
    first, later = received(calendar, start, cutoff), received(calendar, afterwards, cutoff)
    assert start <= first <= later
    assert due(term, calendar, start) >= due(plain, calendar, start)
    # In the hour that comes twice a later instant may have an earlier wall time, with a cut-off or without.
    slack = timedelta(hours=1) if written[1] in ("business_days", "calendar_days", "calendar_weeks") and written[2] == "same-time" else timedelta(0)
    assert due(term, calendar, afterwards) >= due(term, calendar, start) - slack
    assert first == start or calendar.is_open(first)
    assert used(term, calendar, start, first) == 0
    assert ALWAYS.between(start, first) < 14 * 86_400
