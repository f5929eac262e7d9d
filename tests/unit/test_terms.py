"""Terms: what may be written, and the due instant each way of counting gives, with and without pauses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.standards.calendar import Calendar, CalendarEnds
from portal.standards.terms import PROFILES, UNITS, Term, due, due_date, parse_term, share_due, used

BRUSSELS = ZoneInfo("Europe/Brussels")
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ((540, 1020),))
#: Belgium, May 2024: Labour Day and Ascension; Friday 10 May is worked.
OFFICE = Calendar(
    "Europe/Brussels",
    WEEK,
    holidays=[date(2024, 1, 1), date(2024, 4, 1), date(2024, 5, 1), date(2024, 5, 9), date(2024, 5, 20)],
    special={date(2024, 5, 16): ((540, 720),)},
    years=range(2023, 2027),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-{text}").replace(tzinfo=BRUSSELS)


def due_of(text: str, start: str, *pauses: tuple[str, str], **how: Any) -> datetime:
    return due(parse_term(text, **how), OFFICE, at(start), [(at(begins), at(ends)) for begins, ends in pauses])


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_written_out_is_read(unit: str) -> None:
    assert str(parse_term(f"5 {unit}")) == f"5 {unit}"


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("P1D", "write `1 business_days` or `1 calendar_days`"),
        ("PT4H", "a unit written out"),
        ("5 days", "write `5 business_days` or `5 calendar_days`"),
        ("5d", "write `5 business_days` or `5 calendar_days`"),
        ("4h", "write `4 business_hours` or `4 calendar_hours`"),
        ("2 weeks", "write `2 calendar_weeks`"),
        ("1 month", "write `1 calendar_months`"),
        ("3 working days", "write `3 business_days`"),
        ("1 business_day", "write `1 business_days`"),
        ("5  business_days", "write `5 business_days`"),
        ("05 business_days", "whole units from 1 to 99999"),
        ("0 business_days", "whole units from 1 to 99999"),
        ("-3 calendar_days", "write `5 calendar_days`"),
        ("1.5 business_hours", "whole units from 1 to 99999"),
        ("100000 calendar_days", "whole units from 1 to 99999"),
        ("10 minutes", "with a unit of business_days"),
        ("5", "with a unit of business_days"),
        ("٣ business_days", "a unit written out"),
        ("", "a unit written out"),
        ("soon\n", "a unit written out"),
    ],
)
def test_a_term_that_could_mean_two_things_is_refused_with_what_to_write(text: str, write: str) -> None:
    with pytest.raises(ValueError, match="is not a term") as fault:
        parse_term(text)
    assert write in str(fault.value)


def test_a_profile_without_meaning_for_the_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="write one of same-time, opening-hours, eu-1182-71"):
        parse_term("5 business_days", profile="fast")
    with pytest.raises(ValueError, match="write business_days or business_hours"):
        parse_term("5 calendar_days", profile="opening-hours")
    with pytest.raises(ValueError, match="write calendar_hours"):
        parse_term("5 business_hours", profile="eu-1182-71")
    with pytest.raises(ValueError, match="write 1 or more"):
        Term(0, "business_days")


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("1 business_days", "05-06T10:15", "05-07T10:15"),
        ("1 business_days", "05-08T10:15", "05-10T10:15"),  # over Ascension
        ("1 business_days", "05-08T07:00", "05-10T09:00"),  # rolled to the opening
        ("1 business_days", "05-08T18:00", "05-13T09:00"),  # rolled over Ascension to Friday, due Monday
        ("1 business_days", "05-04T12:00", "05-07T09:00"),  # Saturday
        ("1 business_days", "05-15T16:00", "05-16T16:00"),  # a short day: the wall time stays
        ("5 business_hours", "05-15T16:00", "05-17T10:00"),
        ("3 business_hours", "05-06T14:00", "05-06T17:00"),  # ends exactly at closing
        ("10 calendar_days", "03-25T10:15", "04-04T10:15"),  # over the change of the clocks
        ("1 calendar_days", "03-30T02:30", "03-31T03:30"),  # into the gap
        ("2 calendar_weeks", "05-04T12:00", "05-18T12:00"),
        ("1 calendar_months", "01-31T12:00", "02-29T12:00"),
        ("13 calendar_months", "01-31T12:00", "2025-02-28T12:00"),
        ("24 calendar_hours", "03-30T12:00", "03-31T13:00"),
    ],
)
def test_same_time(text: str, start: str, expected: str) -> None:
    whole = expected if expected.startswith("20") else f"2024-{expected}"
    assert due_of(text, start) == datetime.fromisoformat(whole).replace(tzinfo=BRUSSELS)


def test_where_systems_differ_a_term_says_which() -> None:
    assert due_of("3 business_hours", "05-06T14:00", ends="next-open") == at("05-07T09:00")
    assert due_of("1 business_days", "05-04T12:00", begins="just-count") == at("05-06T12:00")
    assert due_of("1 business_days", "05-06T20:00", begins="just-count") == at("05-07T20:00")


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("1 business_days", "05-06T10:15", "05-07T10:15"),
        ("1 business_days", "05-06T09:00", "05-06T17:00"),  # a day's hours, spent the same day
        ("2 business_days", "05-15T09:00", "05-17T14:00"),  # eight hours, then three, then five
    ],
)
def test_opening_hours(text: str, start: str, expected: str) -> None:
    assert due_of(text, start, profile="opening-hours") == at(expected)


@pytest.mark.parametrize(
    ("text", "start", "last_day"),
    [
        ("5 calendar_days", "05-03T10:00", "05-08"),
        ("6 calendar_days", "05-03T10:00", "05-10"),  # a holiday becomes the next working day
        ("1 calendar_days", "05-03T10:00", "05-06"),  # Saturday becomes Monday
        ("2 calendar_days", "05-03T10:00", "05-07"),  # two days hold two working days: Article 3(5)
        ("2 calendar_weeks", "05-06T10:00", "05-21"),  # Whit Monday
        ("1 calendar_weeks", "05-06T23:59", "05-13"),
        ("1 calendar_months", "01-31T10:00", "02-29"),
        ("1 calendar_months", "03-01T10:00", "04-02"),  # Easter Monday
        ("1 calendar_months", "05-15T00:00", "06-17"),  # Saturday
        ("3 business_days", "05-07T10:00", "05-13"),
        ("1 business_days", "05-04T10:00", "05-06"),
    ],
)
def test_eu_1182_71(text: str, start: str, last_day: str) -> None:
    ends = due_of(text, start, profile="eu-1182-71")
    assert ends == at(f"{last_day}T00:00") + timedelta(days=1)
    assert due_date(OFFICE, ends) == date.fromisoformat(f"2024-{last_day}")


def test_eu_1182_71_does_not_count_the_hour_of_the_event() -> None:
    assert due_of("72 calendar_hours", "05-03T14:20", profile="eu-1182-71") == at("05-06T15:00")
    assert due_of("1 calendar_hours", "05-03T14:00", profile="eu-1182-71") == at("05-03T16:00")
    assert due_of("1 calendar_hours", "05-03T14:00", ("05-03T15:10", "05-03T15:30"), profile="eu-1182-71") == at("05-03T16:20")


@pytest.mark.parametrize(
    ("text", "profile", "pause", "expected"),
    [
        ("2 business_days", "same-time", ("05-06T12:00", "05-06T13:30"), "05-08T11:30"),
        ("2 business_days", "same-time", ("05-06T17:00", "05-07T09:00"), "05-08T10:00"),  # no open time lost
        ("2 business_days", "same-time", ("05-06T10:00", "05-08T10:00"), "05-13T10:00"),  # two whole days, over Ascension and the weekend
        ("2 business_days", "same-time", ("05-08T10:00", "05-20T10:00"), "05-08T10:00"),  # begins when it is due
        ("4 business_hours", "same-time", ("05-06T12:00", "05-06T13:00"), "05-06T15:00"),
        ("2 calendar_days", "same-time", ("05-07T12:00", "05-08T13:00"), "05-09T11:00"),
        ("2 calendar_hours", "same-time", ("05-06T09:00", "05-06T11:00"), "05-06T13:00"),
        ("2 business_days", "opening-hours", ("05-06T12:00", "05-06T13:30"), "05-08T11:30"),
        ("3 calendar_days", "eu-1182-71", ("05-07T12:00", "05-08T13:00"), "05-11T00:00"),  # no whole day: Thursday is a holiday, so Friday
        ("2 calendar_days", "eu-1182-71", ("05-06T12:00", "05-08T13:00"), "05-11T00:00"),  # the 7th is out
        ("1 business_days", "eu-1182-71", ("05-06T12:00", "05-08T00:00"), "05-09T00:00"),
        ("7 calendar_days", "eu-1182-71", ("05-06T12:00", "05-08T13:00"), "05-15T00:00"),  # the 7th is out, so the 14th
        ("7 calendar_days", "eu-1182-71", ("05-13T12:00", "05-16T00:00"), "05-14T00:00"),  # the 13th, the last, is counted all the same
    ],
)
def test_a_pause_moves_the_date_on(text: str, profile: str, pause: tuple[str, str], expected: str) -> None:
    assert due_of(text, "05-06T10:00", pause, profile=profile) == at(expected)


def test_time_used_is_open_time_or_real_time_without_the_pauses() -> None:
    start, until, pauses = at("05-06T10:00"), at("05-07T10:00"), [(at("05-06T16:00"), at("05-06T18:00"))]
    assert used(parse_term("2 business_days"), OFFICE, start, until, pauses) == 7 * 3600
    assert used(parse_term("2 calendar_days"), OFFICE, start, until, pauses) == 22 * 3600


def test_a_share_of_a_term_falls_on_its_own_kind_of_time() -> None:
    start = at("05-06T10:00")
    assert share_due(parse_term("2 business_days"), OFFICE, start, 0.75) == at("05-07T14:00")
    assert share_due(parse_term("2 business_days"), OFFICE, start, 0.75, [(at("05-06T12:00"), at("05-06T13:00"))]) == at("05-07T15:00")
    assert share_due(parse_term("10 calendar_hours"), OFFICE, start, 0.1) == at("05-06T11:00")
    early = Term(1, "business_days", begins="just-count")  # Sunday 07:00 to Monday 07:00: no open time at all
    assert share_due(early, OFFICE, at("05-05T07:00"), 0.5) == due(early, OFFICE, at("05-05T07:00")) == at("05-06T07:00")
    with pytest.raises(ValueError, match="between 0 and 1"):
        share_due(parse_term("2 business_days"), OFFICE, start, 1.0)


def test_a_term_beyond_the_calendar_gives_no_date() -> None:
    for text in ("900 business_days", "9999 business_hours", "99999 calendar_months"):
        with pytest.raises(CalendarEnds):
            due_of(text, "05-06T10:00")


starts = st.datetimes(datetime(2023, 2, 1), datetime(2024, 6, 1), timezones=st.just(UTC))
terms = st.builds(
    lambda count, unit, profile: (count, unit, profile),
    st.integers(1, 12),
    st.sampled_from(UNITS),
    st.sampled_from(PROFILES),
).filter(lambda term: not (term[2] == "opening-hours" and term[1].startswith("calendar")) and term[1:] != ("business_hours", "eu-1182-71"))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(terms, starts, st.timedeltas(timedelta(0), timedelta(days=20)), st.timedeltas(timedelta(0), timedelta(days=20)))
def test_every_term_is_due_after_its_start_and_a_pause_or_a_later_start_never_brings_it_forward(
    written: tuple[int, Any, Any], start: datetime, after: timedelta, length: timedelta
) -> None:
    term, pauses = Term(*written), [(start + after, start + after + length)]
    plain, paused = due(term, OFFICE, start), due(term, OFFICE, start, pauses)
    assert start < plain <= paused
    assert paused - plain <= timedelta(days=60)
    if "eu" in term.profile or term.unit.startswith("business"):  # a later wall time in a gap may come out before
        assert due(term, OFFICE, start + after) >= plain
    if after >= plain - start:
        assert paused == plain or term.profile == "eu-1182-71"
    assert used(term, OFFICE, start, plain) == used(term, OFFICE, start, paused, pauses) or term.profile != "opening-hours"
    assert start < share_due(term, OFFICE, start, 0.5, pauses) <= paused
