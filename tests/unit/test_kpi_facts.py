"""What each event changes in the facts of its case and of its step run."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from portal.events.types import TYPES
from portal.kpi.facts import CASE, STEP, apply, apply_step

CASE_ID, STEP_RUN = UUID(int=1), UUID(int=2)
JUNE = "2026-06-30T12:00:00.000000Z"
JULY = "2026-07-31T12:00:00.000000Z"


def event(seq: int, type: str, *, at: datetime = datetime(2026, 6, 1, tzinfo=UTC), agency: str | None = "roads", **data: Any) -> dict[str, Any]:
    where = {"case_id": CASE_ID, "jurisdiction": "demo", "origin": "live", "agency": agency, "channel": "web", "step": None}
    return {**where, "seq": seq, "type": type, "occurred_at": at, "data": data}


def case(*events: dict[str, Any], zone: str = "UTC", received_at: str = "2026-06-01T00:00:00.000000Z") -> dict[str, Any]:
    row = apply(None, event(1, "CaseOpened", service="pothole", zone=zone, received_at=received_at))
    for one in events:
        row = apply(row, one)
    assert row is not None
    return row


def clock(seq: int, id: str, kind: str, due_at: str, covers: str = "case") -> dict[str, Any]:
    return event(seq, "ClockStarted", clock=id, kind=kind, covers=covers, due_at=due_at, due_source="computed")


def test_only_types_that_exist_change_anything() -> None:
    assert {*CASE, *STEP} <= TYPES.keys()


@pytest.mark.parametrize(
    ("received_at", "zone", "month"),
    [
        ("2026-03-01T04:59:59.999999Z", "America/New_York", date(2026, 2, 1)),
        ("2026-03-01T05:00:00.000000Z", "America/New_York", date(2026, 3, 1)),
        ("2026-12-31T15:00:00.000000Z", "Asia/Tokyo", date(2027, 1, 1)),
    ],
)
def test_the_month_is_that_of_the_place(received_at: str, zone: str, month: date) -> None:
    assert case(zone=zone, received_at=received_at)["month"] == month


def test_nothing_is_counted_of_a_case_that_was_not_opened() -> None:
    assert apply(None, event(1, "CaseClosed", outcome="done")) is None


def test_an_event_counts_once() -> None:
    referred = event(2, "CaseReferred", to_agency="water", to_service=None)
    once = case(referred)
    assert once["referrals"] == 1
    assert apply(once, referred) == once


def test_agency_and_service_follow_the_case() -> None:
    routed = case(event(2, "CaseRouted", agency="water", service="leak"))
    assert (routed["agency"], routed["service"], routed["status"]) == ("water", "leak", "in-progress")
    referred = apply(routed, event(3, "CaseReferred", agency="water", to_agency="gas", to_service=None))
    assert referred is not None
    assert (referred["agency"], referred["service"], referred["status"], referred["referrals"]) == ("gas", None, "received", 1)


@pytest.mark.parametrize("order", [("law", "promise"), ("promise", "law")])
def test_the_promise_stands_for_the_case_and_not_the_law(order: tuple[str, str]) -> None:
    dates = {"law": JULY, "promise": JUNE}
    row = case(*(clock(seq, kind, kind, dates[kind]) for seq, kind in enumerate(order, start=2)))
    assert row["due_at"] == datetime.fromisoformat(JUNE)
    moved = apply(row, event(4, "ClockMoved", clock="law", due_at="2026-01-01T00:00:00.000000Z"))
    assert moved is not None
    assert moved["due_at"] == datetime.fromisoformat(JUNE)
    later = apply(moved, event(5, "ClockMoved", clock="promise", due_at=JULY))
    assert later is not None
    assert later["due_at"] == datetime.fromisoformat(JULY)


@pytest.mark.parametrize("type", ["ClockMoved", "ClockPaused", "ClockResumed", "ClockReset"])
def test_whatever_changes_the_date_of_the_promise_changes_it_here(type: str) -> None:
    started = clock(2, "a", "promise", JUNE)
    assert case(started, event(3, type, clock="a", due_at=JULY))["due_at"] == datetime.fromisoformat(JULY)
    assert case(started, event(3, type, clock="a"))["due_at"] == datetime.fromisoformat(JUNE)


def test_a_promise_for_a_step_is_none_for_the_case() -> None:
    row = case(clock(2, "a", "promise", JUNE, covers="first-answer"), event(3, "StandardMissed", clock="a", covers="first-answer"))
    assert (row["due_at"], row["missed"], row["clocks"]) == (None, False, [])


def test_a_cancelled_promise_gives_way_to_the_one_before() -> None:
    started = case(clock(2, "law", "law", JULY), clock(3, "first", "promise", JUNE))
    cancelled = apply(started, event(4, "ClockCancelled", clock="first"))
    assert cancelled is not None
    assert cancelled["due_at"] == datetime.fromisoformat(JULY)
    again = apply(cancelled, clock(5, "second", "promise", JUNE))
    assert again is not None
    assert again["due_at"] == datetime.fromisoformat(JUNE)


def test_a_promise_missed_cannot_be_cancelled_away() -> None:
    row = case(clock(2, "a", "promise", JUNE), event(3, "StandardMissed", clock="a", covers="case"), event(4, "ClockCancelled", clock="a"))
    assert (row["missed"], row["due_at"]) == (True, datetime.fromisoformat(JUNE))


def test_a_closing_before_the_receipt_is_kept() -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    row = case(event(2, "CaseClosed", at=at, outcome="done", status="closed"))
    assert (row["closed_at"], row["status"], row["outcome"]) == (at, "closed", "done")


@pytest.mark.parametrize("type", ["TaskClaimed", "DeliverySent", "AgencyReported", "PartyAsked"])
def test_work_begins_with_the_first_who_does_some(type: str) -> None:
    assert case(event(2, "JourneyBegun"), event(3, "TaskQueued"))["status"] == "received"
    assert case(event(2, type))["status"] == "in-progress"
    assert case(event(2, "CaseDecided", outcome="granted"), event(3, type))["status"] == "decided"


def test_a_withdrawal_ends_the_case() -> None:
    row = case(event(2, "CaseWithdrawn"))
    assert (row["status"], row["outcome"], row["closed_at"]) == ("withdrawn", "withdrawn", datetime(2026, 6, 1, tzinfo=UTC))


def test_a_step_run_has_a_row_from_its_beginning_to_its_end() -> None:
    id = str(STEP_RUN)
    assert apply_step(None, event(2, "StepEnded", step_run=id, outcome="x", cost=1)) is None
    begun = apply_step(None, event(2, "StepBegun", step_run=id, step="look", kind="work"))
    assert begun is not None
    assert (begun["step"], begun["agency"], begun["ended_at"]) == ("look", "roads", None)
    ended = apply_step(begun, event(3, "StepEnded", at=datetime(2026, 6, 2, tzinfo=UTC), step_run=id, outcome="ok", cost=250))
    assert ended == begun | {"ended_at": datetime(2026, 6, 2, tzinfo=UTC), "outcome": "ok", "cost": 250}
    cancelled = apply_step(begun, event(3, "StepCancelled", step_run=id))
    assert cancelled is not None
    assert cancelled["outcome"] == "cancelled"


def test_wrong_doors_are_told_by_front_door() -> None:
    there = event(2, "CaseReferred", to_agency="water", to_service="leak", at=datetime(2026, 6, 2, tzinfo=UTC))
    routed = event(3, "CaseRouted", agency="water", service="leak", at=datetime(2026, 6, 2, tzinfo=UTC))
    away = case(there, routed)
    assert (away["door"], away["doors"], away["returns"], away["found_at"]) == ("roads", ["roads", "water"], 0, datetime(2026, 6, 2, tzinfo=UTC))
    back = event(4, "CaseReferred", to_agency="roads", to_service="pothole", at=datetime(2026, 6, 5, tzinfo=UTC))
    home = event(5, "CaseRouted", service="pothole", at=datetime(2026, 6, 5, tzinfo=UTC))
    again = case(there, routed, back, home)
    assert (again["door"], again["doors"], again["returns"], again["referrals"]) == ("roads", ["roads", "water", "roads"], 1, 2)
    assert again["found_at"] == datetime(2026, 6, 5, tzinfo=UTC)
    found = case(event(2, "CaseRouted", agency="water", service="leak"))
    assert (found["found_at"], found["referrals"]) == (None, 0), "who finds the door of what fits none is no wrong door"
