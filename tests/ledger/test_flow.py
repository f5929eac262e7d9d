"""Rounds, advices, items, errors and taking back, on the engine: what people and parties see of them, and what is recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from portal.cases import asks, registry
from portal.errors import Invalid
from portal.events import log
from portal.intake import party
from portal.outbox import deliveries
from portal.outbox.tables import outbox
from portal.queues.tables import tasks
from portal.runs import ledger
from portal.runs.tables import journey_runs, step_runs
from portal.standards import clocks
from portal.unit_of_work import ENGINE, Portal
from portal.views import case as views
from portal.workflow.history import replayed
from portal.workflow.runner import Run
from tests.ledger.test_main_job import CLERK, case, do, needed, send

PLACES = ["market-square", "quay", "castle-park"]


def event(city: Portal, places: list[str]) -> UUID:
    answers = needed(city, "event-in-public") | {"places": places}
    return opened(city, "event-in-public", answers)


def opened(city: Portal, service: str, answers: dict[str, Any]) -> UUID:
    id: UUID = send(city, service=service, answers=answers, contact={"email": "ann@example.org"}).case["case_id"]
    return id


def under_way(city: Portal, case_id: UUID) -> list[tuple[str, int | None]]:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return sorted((row["step"], row["item"]) for row in work.rows(step_runs, case_id) if row["status"] == "begun")


def recorded(city: Portal, case_id: UUID) -> list[dict[str, Any]]:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return [dict(row) for row in work.run(log.history(case_id, limit=1000).execution_options(visible=True))]


def delivery(city: Portal, case_id: UUID, step: str, *, status: str | None) -> None:
    """The agency reports, or (None) its handover cannot leave."""
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        row = next(row for row in work.rows(outbox, case_id) if row["kind"] == "delivery" and row["body"]["step"] == step and row["done_at"] is None)
        if status is None:
            deliveries.parked(work, row, reason="nobody answers", code="timeout")
        else:
            deliveries.reported(work, row, message=f"{row['key']}-1", status=status, rank=3, remote_id="R-1", outcome=None)


def withdraw(city: Portal, case_id: UUID) -> None:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        party.take_back(work, case_id, None)


def seen(city: Portal, case_id: UUID, language: str = "en") -> dict[str, Any]:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return views.case(work, case_id, language=language)


def rebuilt(city: Portal, case_id: UUID) -> None:
    """The stored state is what the events alone give."""
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        stored = {row["id"]: Run.of(row["state"]) for row in work.rows(journey_runs, case_id)}
    assert replayed(recorded(city, case_id)) == stored


def test_what_is_missing_is_asked_for_twice_and_no_more(city: Portal) -> None:
    case_id = event(city, ["quay"])
    for turn in range(2):
        do(city, CLERK, case_id, "review", outcome="incomplete")
        with city.work(ENGINE) as work:
            work.narrow([case_id])
            assert [ask["fields"] for ask in asks.still_open(work, case_id)] == [["plan"]], "it is asked again, though it was answered before"
            party.answer(work, case_id, {"plan": f"Two exits, {turn}."})
    do(city, CLERK, case_id, "review", outcome="incomplete")
    assert under_way(city, case_id) == [("decide", None)]
    assert [one["data"].get("count") for one in recorded(city, case_id) if one["type"] == "BranchChosen" and one["step"] == "review"] == [1, 2, None]
    rebuilt(city, case_id)


def test_who_sends_back_what_was_given_is_not_passed_by(city: Portal) -> None:
    """The plan was there from the start, and was not enough: the organiser is asked for a better one, the first time too."""
    case_id = opened(city, "event-in-public", needed(city, "event-in-public") | {"places": ["quay"], "plan": "One exit."})
    do(city, CLERK, case_id, "review", outcome="incomplete")
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        assert [ask["fields"] for ask in asks.still_open(work, case_id)] == [["plan"]]
        party.answer(work, case_id, {"plan": "Two exits."})
    assert under_way(city, case_id) == [("review", None)]
    rebuilt(city, case_id)


def test_two_advices_of_three_are_enough_each_by_its_own_calendar(city: Portal) -> None:
    case_id = event(city, ["quay"])
    do(city, CLERK, case_id, "review", outcome="complete")
    do(city, CLERK, case_id, "reserve")
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        found = {clock["standard"]: clock for clock in clocks.of_case(work, case_id)}
    owners = {"traffic-advised": "roads/office", "water-advised": "water-utility/office", "noise-advised": "city-council/office"}
    for standard, calendar in owners.items():
        assert found[standard]["calendar_hash"] == city.catalogue.hashes["calendar", calendar]
    assert len({found[standard]["calendar_hash"] for standard in owners}) == 3
    delivery(city, case_id, "water", status="done")
    do(city, CLERK, case_id, "noise")
    assert under_way(city, case_id) == [("look", 1)]
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        late = next(row for row in work.rows(outbox, case_id) if row["kind"] == "delivery" and row["body"]["step"] == "traffic")
        assert late["refusal"] == "cancelled"
        assert {clock["standard"]: clock["status"] for clock in clocks.of_case(work, case_id)}["traffic-advised"] == "cancelled"
    rebuilt(city, case_id)


def advised(city: Portal, places: list[str]) -> UUID:
    case_id = event(city, places)
    do(city, CLERK, case_id, "review", outcome="complete")
    do(city, CLERK, case_id, "reserve")
    delivery(city, case_id, "water", status="done")
    delivery(city, case_id, "traffic", status="done")
    return case_id


def test_each_place_is_a_task_of_its_own(city: Portal) -> None:
    case_id = advised(city, PLACES)
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        assert sorted(row["item"] for row in work.rows(tasks, case_id) if row["step"] == "look") == [1, 2, 3]
    for left in (2, 1, 0):
        do(city, CLERK, case_id, "look")
        assert len([step for step, _ in under_way(city, case_id) if step == "look"]) == left
    assert under_way(city, case_id) == [("decide", None)]
    events = recorded(city, case_id)
    assert [one["data"]["count"] for one in events if one["type"] == "ItemsCounted"] == [3]
    assert not any(place in str(one["data"]) for one in events for place in PLACES), "events never say which"
    rebuilt(city, case_id)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_withdrawal_takes_back_what_was_done_and_the_party_sees_it(city: Portal, language: str) -> None:
    case_id = advised(city, PLACES)
    withdraw(city, case_id)
    assert case(city, case_id)["status"] == "withdrawn"
    assert under_way(city, case_id) == [("release", None)]
    told = seen(city, case_id, language)
    assert [(one["step"], one["says"]) for one in told["undoing"]] == [("release", {"en": "Give the place back", "fr": "Rendre le lieu"}[language])]
    assert (told["status"], told["next"]) == ("withdrawn", "nothing")
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        assert [row["kind"] for row in work.rows(tasks, case_id) if row["status"] == "open"] == ["undo"]
        running = [clock["standard"] for clock in clocks.of_case(work, case_id) if clock["status"] == "running"]
    assert running == ["released"], "the promises of the case have ended; that of the taking back runs"
    do(city, CLERK, case_id, "release")
    told = seen(city, case_id)
    assert (told["undoing"], told["status"]) == ([], "withdrawn")
    assert [one["type"] for one in recorded(city, case_id)].count("JourneyEnded") == 1
    rebuilt(city, case_id)


def test_nothing_is_taken_back_where_nothing_was_done(city: Portal) -> None:
    case_id = event(city, ["quay"])
    withdraw(city, case_id)
    assert under_way(city, case_id) == []
    assert "JourneyStopped" not in [one["type"] for one in recorded(city, case_id)]


def cable(city: Portal) -> UUID:
    case_id = opened(city, "cable-in-the-street", needed(city, "cable-in-the-street"))
    do(city, CLERK, case_id, "check")
    return case_id


@pytest.mark.parametrize("status", [None, "refused"])
def test_an_agency_that_refuses_or_cannot_be_reached_has_a_way_of_its_own(city: Portal, status: str | None) -> None:
    case_id = cable(city)
    delivery(city, case_id, "mark-pipes", status=status)
    assert under_way(city, case_id) == [("mark-by-hand", None), ("traffic-plan", None)]
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        assert [row["kind"] for row in work.rows(tasks, case_id) if row["step"] == "mark-pipes"] == [], "nobody is asked to do it by hand as well"
    do(city, CLERK, case_id, "mark-by-hand")
    do(city, CLERK, case_id, "traffic-plan", outcome="possible")
    assert under_way(city, case_id) == [("decide", None)]
    withdraw(city, case_id)
    assert under_way(city, case_id) == [("remove-marks", None)]
    rebuilt(city, case_id)


def test_a_plan_that_cannot_work_calls_off_what_is_needless(city: Portal) -> None:
    case_id = cable(city)
    do(city, CLERK, case_id, "traffic-plan", outcome="impossible")
    assert under_way(city, case_id) == [("decide", None)]
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        assert next(row for row in work.rows(outbox, case_id) if row["kind"] == "delivery")["refusal"] == "cancelled"
    rebuilt(city, case_id)


def test_what_was_found_must_be_said(city: Portal) -> None:
    case_id = cable(city)
    with pytest.raises(Invalid) as refused:
        do(city, CLERK, case_id, "traffic-plan")
    assert refused.value.errors == [{"pointer": "/outcome", "detail": "Send one of possible, impossible."}]


def test_a_wrong_door_takes_back_what_was_done_there(city: Portal) -> None:
    """The agency that held the case does so, whoever has it now."""
    case_id = event(city, ["quay"])
    do(city, CLERK, case_id, "review", outcome="complete")
    do(city, CLERK, case_id, "reserve")
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        registry.refer(work, case_id, to_agency="front-office", to_service=None, words=None)
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        release = next(row for row in work.rows(step_runs, case_id) if row["step"] == "release")
        assert (release["status"], release["agency"]) == ("begun", "city-council")
        assert ledger.running(work, case_id)[0]["status"] == "running"
    do(city, CLERK, case_id, "release")
    assert "release" not in [step for step, _ in under_way(city, case_id)]
    assert case(city, case_id)["status"] == "received"


def test_five_working_days_differ_between_agencies(city: Portal) -> None:
    """Roads close at four, Rivermouth Water at half past four (three on Fridays): the same words, other instants where the day is short."""
    with city.work(ENGINE) as work:
        held = {name: clocks.calendar(work, city.catalogue.hashes["calendar", name]) for name in ("roads/office", "water-utility/office")}
    friday = datetime(2026, 11, 20, 15, 30, tzinfo=ZoneInfo("Europe/Brussels")).astimezone(UTC)
    assert held["roads/office"].is_open(friday) != held["water-utility/office"].is_open(friday)
