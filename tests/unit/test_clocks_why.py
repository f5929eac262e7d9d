"""Why this date: the sum is repeated from the intervals alone, and who held the case adds up to the microsecond."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.db import new_id
from portal.standards import changes, clocks, clockwork
from portal.standards.why import Why, explain
from portal.views.why_sentences import Teller
from tests.unit.clock_desk import CALENDARS, Desk, standard, strict
from tests.unit.clock_histories import History

FRIDAY = datetime(2026, 11, 6, 13, 0, tzinfo=UTC)
HOUR = 3_600_000_000
seeded = settings(max_examples=80, deadline=None, derandomize=True)


def explained(desk: Desk) -> dict[str, Why]:
    return explain(desk.events, CALENDARS.__getitem__, now=desk.now)


def only(desk: Desk) -> Why:
    (found,) = explained(desk).values()
    return found


@pytest.fixture
def desk() -> Desk:
    """A case of the hall, on a Friday at 14:00 local time."""
    desk = Desk(FRIDAY)
    desk.record(desk.case, "CaseOpened", agency="hall", zone="Europe/Brussels")
    return desk


def step(desk: Desk, agency: str) -> str:
    run = str(new_id())
    desk.record(desk.case, "StepBegun", agency=agency, step="consult", run=run, step_run=run, kind="send")
    return run


def ended(desk: Desk, run: str) -> None:
    desk.record(desk.case, "StepEnded", agency="any", step="consult", run=run, step_run=run, outcome=None, cost=None)


def test_what_counted_and_what_was_closed_and_why(desk: Desk) -> None:
    desk.start(standard())
    # 14:00-17:00 on Friday, Monday and Tuesday with a noon break, not Wednesday the 11th, and until 14:00 on the Monday after.
    found = only(desk)
    assert found.clock.due_at == datetime(2026, 11, 16, 13, tzinfo=UTC)
    closed = {(one.why, one.day) for one in found.intervals if one.state == "closed"}
    assert closed == {("outside-hours", None), ("break", None), ("weekend", None), ("holiday", date(2026, 11, 11))}
    assert sum(one.micros for one in found.intervals if one.state == "counted") == 5 * 7 * HOUR


def test_who_held_the_case_adds_up_exactly(desk: Desk) -> None:
    desk.start(standard(within="30 business_days"))
    own = step(desk, "hall")
    asked = step(desk, "roads")
    desk.now += timedelta(days=3, hours=1, microseconds=7)
    ended(desk, own)
    desk.now += timedelta(days=2, microseconds=11)
    ended(desk, asked)
    desk.now += timedelta(hours=1)
    desk.record(desk.case, "CaseReferred", agency="water", to_agency="water", to_service=None, from_agency="hall", from_service=None, words=None)
    desk.now += timedelta(days=1)
    found = only(desk)
    assert set(found.held) == {"hall", "roads", "water"}
    hours = CALENDARS["tests-brussels"]
    # While the hall worked on it too, the time is its own: two at once are not counted twice.
    assert found.held["roads"] == hours.micros_between(
        FRIDAY + timedelta(days=3, hours=1, microseconds=7), FRIDAY + timedelta(days=5, hours=1, microseconds=18)
    )
    assert sum(found.held.values()) == hours.micros_between(FRIDAY, desk.now)


def test_a_pause_is_nobodys_time(desk: Desk) -> None:
    desk.start(standard())
    desk.now += timedelta(hours=1)
    key = new_id()
    changes.pause(desk.work, desk.case, awaits="answer", key=key, at=desk.now, until=desk.now + timedelta(days=7))
    desk.now += timedelta(days=3)
    changes.resume(desk.work, desk.case, key, at=desk.now, why="answered")
    found = only(desk)
    paused = [one for one in found.intervals if one.state == "paused"]
    assert {(one.why, one.holder) for one in paused} == {("answer", "party")}
    assert found.held == {"hall": HOUR}


@seeded
@given(st.integers(0, 10**9))
def test_the_sum_is_repeated_from_the_intervals_alone(seed: int) -> None:
    """No gap, no overlap; what counted is what was used; what was held adds up to it; what counted up to the date is the time that was given."""
    history = History(seed)
    history.desk.record(history.desk.case, "CaseOpened", agency="hall", zone="Europe/Brussels")
    desk = history.run(8)
    for id, why in explained(desk).items():
        clock, intervals = desk.live()[id], why.intervals
        assert all(before.ends == after.begins for before, after in pairwise(intervals))
        assert not intervals or (intervals[0].begins, intervals[-1].ends) == (clock.started_at, max(why.until, clock.due_at))
        counted = [one for one in intervals if one.state == "counted"]
        assert sum(one.micros for one in counted if one.ends <= why.until) == clockwork.used(clock, why.until) == sum(why.held.values())
        assert sum(one.micros for one in counted if one.ends <= clock.due_at) == clockwork.used(clock, clock.due_at)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [("en", "So the date is"), ("fr", "La date est donc"), ("es", "la fecha es el"), ("ar", "فالتاريخ إذن هو"), ("nl", "So the date is")],
)
def test_the_sentences_name_what_happened(desk: Desk, language: str, wanted: str) -> None:
    row = desk.start(strict())
    changes.extend(desk.work, row)
    desk.now += timedelta(days=1, hours=2)  # the day it began on does not count
    changes.pause(desk.work, desk.case, awaits="answer", key=new_id(), at=desk.now, until=desk.now + timedelta(days=9))
    desk.now += timedelta(days=2)
    told: Any = [event for event in desk.events if event.data.get("clock") == str(row["id"])]
    said = Teller(language, "Europe/Brussels", {"hall": {"en": "The hall", "fr": "La mairie"}}).sentences(only(desk), told)
    text = " ".join(said)
    assert wanted in text
    assert "{" not in text
    assert text.count("15") >= 2  # the article that stops it and the one that extends it
    assert ("The hall" in text) or ("La mairie" in text)


def test_a_holiday_is_named_by_its_date(desk: Desk) -> None:
    row = desk.start(standard())
    told: Any = [event for event in desk.events if event.data.get("clock") == str(row["id"])]
    assert any("11 November 2026" in one for one in Teller("en", "Europe/Brussels", {}).sentences(only(desk), told))
    assert any("11 novembre 2026" in one for one in Teller("fr", "Europe/Brussels", {}).sentences(only(desk), told))


def test_a_step_is_held_by_who_does_it(desk: Desk) -> None:
    run = step(desk, "roads")
    desk.start(standard("answers"), step_run=UUID(run))
    desk.now += timedelta(hours=2)
    clocks.stop(desk.work, desk.case, lambda _: True, at=desk.now)
    assert only(desk).held == {"roads": 2 * HOUR}
