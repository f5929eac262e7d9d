"""What may lawfully move a date, on the real ledger of clocks and worked examples."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from portal.catalogue.definitions import Consequence
from portal.db import new_id
from portal.errors import IllegalMove
from portal.standards import changes, clocks, overdue
from portal.standards.tables import timers
from portal.unit_of_work import Row
from tests.unit.clock_desk import CALENDARS, LAW, Desk, standard, strict

#: A Monday; Brussels is one hour ahead of UTC.
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def desk() -> Desk:
    return Desk(MONDAY)


def ask(desk: Desk, *, until: datetime | None, key: UUID | None = None) -> tuple[UUID, list[Row]]:
    key = key or new_id()
    return key, changes.pause(desk.work, desk.case, awaits="answer", key=key, at=desk.now, until=until)


def breach_timer(desk: Desk, clock: Row) -> Row:
    return next(row for row in desk.rows(timers, desk.case) if row["subject"] == clock["id"] and row["kind"] == "breach")


def test_a_pause_moves_a_date_by_exactly_the_working_time_it_took(desk: Desk) -> None:
    clock = desk.start(standard())
    assert clock["due_at"] == MONDAY + 7 * DAY
    desk.now = MONDAY + timedelta(hours=1.5)
    key, still = ask(desk, until=MONDAY + 10 * DAY)
    assert still == [clock]
    assert clock["status"] == "paused"
    desk.now = MONDAY + timedelta(hours=3.5)
    changes.resume(desk.work, desk.case, key, at=desk.now, why="answered")
    # Asked at 11:30, answered at 13:30 local time, with the noon hour closed: one hour of work.
    assert clock["due_at"] == MONDAY + 7 * DAY + timedelta(hours=1)
    assert clock["status"] == "running"
    assert clock["original_due_at"] == MONDAY + 7 * DAY
    assert breach_timer(desk, clock)["due_at"] == clock["due_at"]


def test_a_pause_in_closed_hours_moves_nothing(desk: Desk) -> None:
    clock = desk.start(standard())
    desk.now = MONDAY + timedelta(hours=8)
    key, _ = ask(desk, until=MONDAY + 10 * DAY)
    changes.resume(desk.work, desk.case, key, at=MONDAY + timedelta(hours=20), why="answered")
    assert clock["due_at"] == clock["original_due_at"]


def test_without_a_date_to_reply_by_nothing_stands_still(desk: Desk) -> None:
    """Raad van State, RVS:2016:2527."""
    clock = desk.start(standard())
    _, still = ask(desk, until=None)
    assert still == []
    assert (clock["status"], clock["due_at"], clock["pauses"]) == ("running", clock["original_due_at"], [])
    assert "ClockPaused" not in desk.types()


def test_a_pause_ends_by_itself_at_its_own_date(desk: Desk) -> None:
    clock = desk.start(standard())
    key, _ = ask(desk, until=MONDAY + 2 * DAY)
    promised = clock["due_at"]
    changes.resume(desk.work, desk.case, key, at=MONDAY + 30 * DAY, why="lapsed")
    # The 11th of November is a holiday in Belgium.
    assert clock["due_at"] == promised == MONDAY + 10 * DAY


def test_the_law_of_the_netherlands_starts_a_pause_the_day_after(desk: Desk) -> None:
    """Algemene wet bestuursrecht, 4:15: from the day after the request until the answer."""
    clock = desk.start(strict())
    assert clock["due_at"] == datetime(2026, 11, 16, 23, tzinfo=UTC)
    key, _ = ask(desk, until=datetime(2026, 11, 20, 23, tzinfo=UTC))
    paused = desk.events[-1].data
    assert paused["from"] == "2026-11-02T23:00:00.000000Z"
    assert paused["law"] == "15"
    changes.resume(desk.work, desk.case, key, at=datetime(2026, 11, 6, 10, tzinfo=UTC), why="answered")
    # The whole days 3, 4 and 5 November are taken out.
    assert clock["due_at"] == datetime(2026, 11, 19, 23, tzinfo=UTC)


def test_an_answer_before_the_pause_begins_changes_nothing(desk: Desk) -> None:
    clock = desk.start(strict())
    key, _ = ask(desk, until=MONDAY + 9 * DAY)
    changes.resume(desk.work, desk.case, key, at=MONDAY + timedelta(hours=2), why="answered")
    assert clock["due_at"] == clock["original_due_at"]


def test_a_pause_that_would_begin_at_the_due_date_comes_too_late(desk: Desk) -> None:
    clock = desk.start(strict(within="1 calendar_days"))
    desk.now = clock["due_at"] - timedelta(hours=1)
    assert ask(desk, until=desk.now + 9 * DAY)[1] == []


def test_waiting_for_an_agency_pauses_one_clock_and_not_another(desk: Desk) -> None:
    law, promise = desk.start(standard()), desk.start(strict())
    step = new_id()
    still = changes.pause(desk.work, desk.case, awaits="agency", key=step, at=desk.now, step="consult")
    assert still == [law]
    assert promise["status"] == "running"
    lapse = next(row for row in desk.rows(timers, desk.case) if row["kind"] == "lapse")
    desk.now = lapse["due_at"]
    assert changes.lapse(desk.work, desk.case, lapse["subject"], at=desk.now) == [law]
    assert law["status"] == "running"


def test_a_promise_is_extended_once_and_both_dates_are_kept(desk: Desk) -> None:
    clock = desk.start(strict())
    changes.extend(desk.work, clock)
    assert clock["due_at"] == clock["original_due_at"] + 7 * DAY
    moved = desk.events[-1]
    assert (moved.type, moved.data["law"], moved.data["why"]) == ("ClockMoved", "15", "extended")
    assert moved.data["original_due_at"] != moved.data["due_at"]
    with pytest.raises(IllegalMove, match="once already"):
        changes.extend(desk.work, clock)


def test_an_extension_comes_before_the_date_and_by_a_law(desk: Desk) -> None:
    clock, bare = desk.start(strict()), desk.start(standard("bare", extend=None))
    with pytest.raises(IllegalMove, match="No law"):
        changes.extend(desk.work, bare)
    desk.now = clock["due_at"]
    with pytest.raises(IllegalMove, match="before its date"):
        changes.extend(desk.work, clock)


def test_a_reset_measures_anew_and_keeps_what_was_promised_first(desk: Desk) -> None:
    clock = desk.start(standard())
    ask(desk, until=MONDAY + 3 * DAY)
    key, _ = ask(desk, until=MONDAY + DAY / 2)
    changes.resume(desk.work, desk.case, key, at=MONDAY + DAY / 2, why="lapsed")
    changes.reset(desk.work, clock, at=MONDAY + DAY, why="reported")
    # The first ask is open until Thursday the 5th, the second is over; the 11th of November is a holiday.
    assert (clock["due_at"], clock["original_due_at"], clock["status"]) == (MONDAY + 11 * DAY, MONDAY + 7 * DAY, "paused")
    assert [one["until"] for one in clock["pauses"]] == ["2026-11-05T09:00:00.000000Z"]
    assert desk.events[-1].type == "ClockReset"


def test_a_reset_clock_goes_on_when_the_answer_comes(desk: Desk) -> None:
    clock = desk.start(standard())
    key, _ = ask(desk, until=MONDAY + 3 * DAY)
    desk.now = MONDAY + DAY
    changes.reset(desk.work, clock, at=desk.now, why="reported")
    changes.resume(desk.work, desk.case, key, at=MONDAY + 2 * DAY, why="answered")
    assert (clock["status"], clock["due_at"]) == ("running", MONDAY + 10 * DAY)
    assert desk.live() == desk.replayed()


def test_a_wait_for_an_agency_outlives_a_reset_and_lapses_by_itself(desk: Desk) -> None:
    clock = desk.start(standard())
    changes.pause(desk.work, desk.case, awaits="agency", key=new_id(), at=desk.now, step="consult")
    changes.reset(desk.work, clock, at=MONDAY + DAY, why="reported")
    (lapse,) = [row for row in desk.rows(timers, desk.case) if row["kind"] == "lapse" and row["armed"]]
    assert changes.lapse(desk.work, desk.case, lapse["subject"], at=lapse["due_at"]) == [clock]
    assert clock["status"] == "running"


def test_a_reset_clock_warns_again(desk: Desk) -> None:
    clock = desk.start(standard(warn_at=(0.5,)))
    (warning,) = [row for row in desk.rows(timers, desk.case) if row["kind"] == "warning"]
    desk.change(warning, armed=False, fired_at=warning["due_at"])
    before, generation = warning["due_at"], warning["generation"]
    changes.extend(desk.work, clock)
    assert not warning["armed"]
    changes.reset(desk.work, clock, at=MONDAY + 4 * DAY, why="reported")
    assert (warning["armed"], warning["fired_at"], warning["generation"]) == (True, None, generation + 1)
    assert warning["due_at"] > before


@pytest.mark.parametrize(("condition", "status"), [("stops_on", "met"), ("cancels_on", "cancelled"), ("resets_on", "running")])
def test_conditions_are_data(desk: Desk, condition: str, status: str) -> None:
    named: dict[str, Any] = {condition: ("decided",)}
    clock, other = desk.start(standard("named", **named)), desk.start(standard("other"))
    desk.now = MONDAY + DAY
    changes.happened(desk.work, desk.case, "decided", at=desk.now)
    assert clock["status"] == status
    assert (clock["started_at"] == desk.now) == (condition == "resets_on")
    assert (other["status"], other["due_at"]) == ("running", MONDAY + 7 * DAY)


def test_what_follows_a_breach_comes_in_time_and_in_order(desk: Desk) -> None:
    clock = desk.start(strict())
    desk.now = clock["due_at"]
    clocks.miss(desk.work, desk.case, clock["id"])
    assert desk.types()[-2:] == ["StandardMissed", "ConsequenceArisen"]
    seen = []
    for _ in range(3):
        for timer in [row for row in desk.rows(timers, desk.case) if row["kind"] == "escalation" and row["armed"]]:
            desk.now = timer["due_at"]
            desk.change(timer, armed=False)
            seen.append((timer["due_at"] - clock["due_at"]).days)
            overdue.escalate(desk.work, desk.case, clock["id"], timer["share"])
    assert [event.data["to"] for event in desk.events if event.type == "StandardEscalated"] == ["team-lead", "head"]
    assert seen == sorted(seen)
    assert clock["escalated_to"] == "head"


def test_nothing_escalates_once_it_is_done(desk: Desk) -> None:
    clock = desk.start(strict())
    desk.now = clock["due_at"]
    clocks.miss(desk.work, desk.case, clock["id"])
    desk.now += DAY
    clocks.stop(desk.work, desk.case, lambda _: True)
    assert not [row for row in desk.rows(timers, desk.case) if row["kind"] == "escalation" and row["armed"]]
    assert desk.types()[-1] == "ClockStopped"


def test_nothing_takes_effect_by_itself_without_a_signature(desk: Desk) -> None:
    signed = Consequence("tacit-approval", LAW, "desk", outcome="granted", signed=True, unattended=True)
    unsigned = Consequence("tacit-approval", LAW, "desk", outcome="granted", unattended=True)
    rows = [desk.start(strict("signed", consequence=signed)), desk.start(strict("unsigned", consequence=unsigned))]
    desk.now = rows[0]["due_at"]
    for row in rows:
        clocks.miss(desk.work, desk.case, row["id"])
    told = {event.data["standard"]: event.data for event in desk.events if event.type == "ConsequenceArisen"}
    assert (told["signed"]["unattended"], told["unsigned"]["unattended"]) == (True, False)
    assert told["unsigned"]["undo_until"] is None
    assert [row["subject"] for row in desk.rows(timers, desk.case) if row["kind"] == "consequence"] == [rows[0]["id"]]


def test_warnings_follow_a_pause_and_are_given_once(desk: Desk) -> None:
    clock = desk.start(standard(warn_at=(0.5, 0.8)))
    first, second = [row for row in desk.rows(timers, desk.case) if row["kind"] == "warning"]
    desk.change(first, armed=False)
    before = second["due_at"]
    key, _ = ask(desk, until=MONDAY + DAY)
    changes.resume(desk.work, desk.case, key, at=MONDAY + DAY, why="answered")
    assert not first["armed"]
    assert second["due_at"] > before
    assert CALENDARS["tests-brussels"].is_open(second["due_at"] - timedelta(microseconds=1))
    assert clock["due_at"] == MONDAY + 8 * DAY


def test_an_ask_while_another_agency_is_waited_for_keeps_the_clock_still_until_both_are_over(desk: Desk) -> None:
    clock, consult = desk.start(standard()), new_id()
    changes.pause(desk.work, desk.case, awaits="agency", key=consult, at=desk.now, step="consult")
    desk.now = MONDAY + DAY
    key, still = ask(desk, until=MONDAY + 3 * DAY)
    assert still == [clock]
    changes.resume(desk.work, desk.case, consult, at=MONDAY + 2 * DAY, why="reported")
    assert clock["status"] == "paused"
    changes.resume(desk.work, desk.case, key, at=MONDAY + 3 * DAY, why="lapsed")
    # Both together from Monday to Thursday, the day they share counted once; the 11th is a holiday.
    assert (clock["status"], clock["due_at"]) == ("running", MONDAY + 11 * DAY)
    assert desk.live() == desk.replayed()
