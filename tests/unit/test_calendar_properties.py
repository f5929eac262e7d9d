"""Laws of working time that hold for any hours, any instant and any pauses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.standards.calendar import Calendar, Pause
from portal.standards.resolve import WEEKDAYS, Window

ZONES = ("Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "Asia/Tokyo", "Pacific/Apia")
MICROSECOND = timedelta(microseconds=1)
seeded = settings(max_examples=150, deadline=None, derandomize=True)

instants = st.datetimes(datetime(2008, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
spans = st.timedeltas(timedelta(0), timedelta(days=500))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    def windows() -> list[Window]:
        bounds = draw(st.lists(st.integers(0, 96), min_size=0, max_size=6, unique=True).map(sorted))
        return [(opens * 15, closes * 15) for opens, closes in zip(bounds[::2], bounds[1::2], strict=False)]

    weekly = {day: windows() for day in WEEKDAYS}
    weekly[draw(st.sampled_from(WEEKDAYS))] = draw(st.sampled_from([[(540, 1020)], [(0, 1440)], [(90, 150), (165, 240)]]))
    closed = draw(st.lists(st.dates(datetime(2009, 1, 1).date(), datetime(2041, 1, 1).date()), max_size=8))
    return Calendar(draw(st.sampled_from(ZONES)), weekly, holidays=closed)


@st.composite
def pauses(draw: st.DrawFn, start: datetime) -> list[Pause]:
    begins = draw(st.lists(st.timedeltas(timedelta(days=-3), timedelta(days=60)), max_size=6))
    return [(start + after, start + after + draw(st.timedeltas(timedelta(0), timedelta(days=9)))) for after in begins]


budgets = st.integers(1, 200 * 3600)


@seeded
@given(calendars(), instants, budgets)
def test_adding_then_measuring_gives_the_budget_back_and_no_earlier_instant_does(calendar: Calendar, start: datetime, seconds: int) -> None:
    due = calendar.add(start, seconds)
    assert calendar.micros_between(start, due) == seconds * 1_000_000
    assert calendar.micros_between(start, due - MICROSECOND) == seconds * 1_000_000 - 1
    assert calendar.is_open(due - MICROSECOND)


@seeded
@given(calendars(), instants, spans, budgets, budgets)
def test_later_starts_and_larger_budgets_are_never_due_earlier(calendar: Calendar, start: datetime, span: timedelta, seconds: int, more: int) -> None:
    due = calendar.add(start, seconds)
    assert calendar.add(start + span, seconds) >= due
    assert calendar.add(start, seconds + more) == calendar.add(due, more) > due
    assert calendar.next_open(start) <= calendar.next_open(start + span)
    assert calendar.add_days(start, 3) <= calendar.add_days(start, 4)


@seeded
@given(calendars(), instants, spans, spans)
def test_open_time_adds_up_and_never_exceeds_real_time(calendar: Calendar, start: datetime, one: timedelta, two: timedelta) -> None:
    middle, end = start + one, start + one + two
    whole = calendar.micros_between(start, end)
    assert whole == calendar.micros_between(start, middle) + calendar.micros_between(middle, end)
    assert 0 <= whole <= (end - start) // MICROSECOND
    assert calendar.between(end, start) == 0


@seeded
@given(st.data(), calendars(), instants, budgets)
def test_pauses_only_ever_move_a_due_date_on_and_take_no_budget(data: st.DataObject, calendar: Calendar, start: datetime, seconds: int) -> None:
    stops = data.draw(pauses(start))
    due = calendar.add_pausing(start, seconds, stops)
    assert due >= calendar.add(start, seconds)
    assert calendar.between_pausing(start, due, stops) == seconds
    assert calendar.micros_between(start, due - MICROSECOND, stops) == seconds * 1_000_000 - 1
    assert due == calendar.add_pausing(start, seconds, [*reversed(stops), *stops])
    running = calendar.next_running(start, stops)
    assert calendar.is_open(running)
    assert not any(begins <= running < ends for begins, ends in stops)
    assert calendar.micros_between(start, running, stops) == 0


@seeded
@given(calendars(), instants)
def test_the_next_open_instant_is_open_and_nothing_before_it_is(calendar: Calendar, at: datetime) -> None:
    opens = calendar.next_open(at)
    assert calendar.is_open(opens)
    assert calendar.micros_between(at, opens) == 0
    assert calendar.is_open(at) == (opens == at)
