"""Clocks are the same live and replayed from their events alone; an edit moves nothing, a pause exactly the working time it took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.db import new_id
from portal.standards import changes, clockwork
from portal.standards.tables import timers
from tests.unit.clock_desk import CALENDARS, Desk, standard
from tests.unit.clock_histories import History, differs

seeded = settings(max_examples=120, deadline=None, derandomize=True)
instants = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize("block", range(4))
def test_a_history_is_the_same_live_and_replayed(block: int) -> None:
    assert [found for seed in range(block * 60, block * 60 + 60) if (found := differs(seed))] == []


def test_histories_hold_everything_that_can_happen_to_a_clock() -> None:
    seen = {type for seed in range(80) for type in History(seed).run().types()}
    assert {
        "ClockStarted",
        "ClockPaused",
        "ClockResumed",
        "ClockMoved",
        "ClockReset",
        "ClockStopped",
        "ClockCancelled",
        "StandardMet",
        "StandardMissed",
        "StandardWarned",
    } <= seen


@seeded
@given(st.integers(0, 10**9))
def test_nothing_but_a_lawful_change_moves_a_date(seed: int) -> None:
    history = History(seed)
    history.start()
    for act in history.acts:
        before = {id: clock.due_at for id, clock in history.desk.live().items()}
        told = len(history.desk.events)
        history.desk.now += timedelta(hours=history.chance.randrange(1, 40))
        act()
        lawful = {event.data["clock"] for event in history.desk.events[told:] if event.type in ("ClockPaused", "ClockResumed", "ClockMoved", "ClockReset")}
        assert all(clock.due_at == before[id] for id, clock in history.desk.live().items() if id in before and id not in lawful)


@seeded
@given(st.integers(0, 10**9))
def test_a_reset_carries_over_what_a_clock_still_waits_for_and_nothing_else(seed: int) -> None:
    history = History(seed)
    history.start()
    for act in history.acts:
        if act.__name__ in ("reset", "reset_while_waiting", "late"):
            continue
        history.desk.now += timedelta(hours=history.chance.randrange(1, 40))
        history.fire()
        act()
    now, before = history.desk.now, history.desk.live()
    changes.happened(history.desk.work, history.desk.case, "reported", at=now)
    for id, clock in history.desk.live().items():
        if clock.started_at == now != before[id].started_at:
            waits = [(one.key, max(one.begins, now), one.until) for one in before[id].standstills if one.ended is None and one.until > max(one.begins, now)]
            assert [(one.key, one.begins, one.until) for one in clock.standstills] == waits
            assert clock.status == ("paused" if waits else "running")
            armed = {row["subject"] for row in history.desk.rows(timers, history.desk.case) if row["kind"] == "lapse" and row["armed"]}
            agencies = [UUID(one.key) for one in clock.standstills if one.awaits == "agency"]
            assert all(changes.lapse_id(UUID(id), key) in armed for key in agencies)


@seeded
@given(st.integers(0, 10**9))
def test_no_pause_is_without_an_end(seed: int) -> None:
    for clock in History(seed).run().live().values():
        assert all(one.begins < one.until for one in clock.standstills)


@seeded
@given(instants, st.lists(st.tuples(st.integers(0, 10**11), st.integers(1, 10**12)), max_size=5), st.sampled_from(sorted(CALENDARS)))
def test_a_pause_moves_a_date_by_exactly_the_paused_working_time(start: datetime, waits: list[tuple[int, int]], hash: str) -> None:
    """Of a budget of open time: the time that runs outside the pauses, up to the date, is the budget itself."""
    desk, hours = Desk(start), CALENDARS[hash]
    clock = desk.start(standard(within="13 business_hours"), calendar=hash)
    for wait, length in waits:
        desk.now += timedelta(microseconds=wait)
        key = new_id()
        changes.pause(desk.work, desk.case, awaits="answer", key=key, at=desk.now, until=desk.now + timedelta(microseconds=2 * length))
        desk.now += timedelta(microseconds=length)
        changes.resume(desk.work, desk.case, key, at=desk.now, why="answered")
    found = next(iter(desk.live().values()))
    assert clockwork.used(found, found.due_at) == 13 * 3_600_000_000
    stood = sum(hours.micros_between(begins, ends) for begins, ends in found.pauses)
    assert hours.micros_between(clock["original_due_at"], found.due_at) == stood
