"""What firing a timer makes of its clock, and which timers can be fired many at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from portal.events.types import checked
from portal.standards.firing import KINDS, Due, apart

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
EVERY = {"breach", "warning", "escalation"}


def due(kind: str = "breach", case: int = 1, **more: Any) -> Due:
    given: dict[str, Any] = {
        "case_id": UUID(int=case),
        "id": UUID(int=case + 1000),
        "kind": kind,
        "generation": 1,
        "share": None,
        "seq": 4,
        "hash": bytes(32),
        "jurisdiction": "demo",
        "origin": "demo",
        "clock": UUID(int=case + 2000),
        "standard": "decision",
        "clock_kind": "promise",
        "covers": "case",
        "agency": "city",
        "calendar_hash": "c",
        "status": "running",
        "due_at": AT,
        "owed": True,
        "consequence": False,
        "profile": None,
        "to": None,
        "after": None,
    }
    return Due(**given | more)


def test_a_running_promise_is_missed_at_its_date_and_the_first_person_is_next() -> None:
    made = KINDS["breach"][0](due())
    assert (made.type, made.occurred_at, made.status, made.level) == ("StandardMissed", AT, "missed", 0)
    assert made.data == {
        "clock": str(UUID(int=2001)),
        "due_at": "2026-03-02T09:00:00.000000Z",
        "standard": "decision",
        "kind": "promise",
        "covers": "case",
    }


@pytest.mark.parametrize("kind", ["breach", "warning"])
@pytest.mark.parametrize("status", ["met", "missed", "cancelled"])
def test_a_timer_of_a_clock_that_no_longer_runs_tells_nothing(kind: str, status: str) -> None:
    made = KINDS[kind][0](due(kind, status=status, share=500))
    assert (made.type, made.status, made.escalated_to, made.level) == (None, None, None, None)


def test_a_warning_changes_nothing_but_is_told() -> None:
    made = KINDS["warning"][0](due("warning", share=800))
    assert (made.type, made.status, made.level, made.data["share"]) == ("StandardWarned", None, None, 800)


def test_an_escalation_goes_to_its_person_and_the_one_after_is_next() -> None:
    made = KINDS["escalation"][0](due("escalation", share=1, to="head", status="missed"))
    assert (made.type, made.escalated_to, made.level, made.data["level"]) == ("StandardEscalated", "head", 2, 2)


@pytest.mark.parametrize("more", [{"to": None}, {"owed": False}])
def test_nobody_is_asked_where_the_list_is_over_or_the_clock_has_stopped(more: dict[str, Any]) -> None:
    assert KINDS["escalation"][0](due("escalation", share=0, **{"to": "head", **more})).type is None


@pytest.mark.parametrize("kind", sorted(EVERY))
def test_each_kind_tells_what_its_event_declares(kind: str) -> None:
    function, type = KINDS[kind]
    made = function(due(kind, share=0, to="head"))
    assert made.type == type
    checked(type, made.data)


def test_two_timers_of_a_case_are_left_to_their_order() -> None:
    here, others = apart([due(case=1), due(case=2), due("warning", case=2)], quiet=EVERY)
    assert ([one.case_id.int for one in here], [case.int for case in others]) == ([1], [2])


@pytest.mark.parametrize("one", [due(consequence=True), due("lapse", clock=None), due(clock=None), due("escalation")])
def test_what_needs_more_is_left(one: Due) -> None:
    here, others = apart([one], quiet=EVERY - {"escalation"})
    assert (here, others) == ([], [one.case_id])
