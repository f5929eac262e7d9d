"""One application, several outcomes: a life event asks once, and each part has its own run, promise, decision and end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from portal.cases import registry
from portal.cases.tables import decisions
from portal.db import new_id
from portal.errors import IllegalMove, Invalid
from portal.intake import party
from portal.intake.receive import Submission, receive
from portal.kpi.fold import fold
from portal.outbox import deliveries
from portal.outbox.tables import outbox
from portal.queues import worklist
from portal.queues.tables import tasks
from portal.reactions import sweep
from portal.runs import ledger
from portal.runs.tables import journey_runs, step_runs
from portal.standards.tables import clocks
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal, Principal, Row
from portal.views import case as views
from portal.workflow import casework, referring, waits
from portal.workflow.history import replayed
from portal.workflow.runner import Run
from tests.ledger.test_main_job import CARER, CLERK, REGISTRAR, do
from tests.ledger.versions_of_town import case, rows, told

#: A Monday, and a moving day far behind it or ahead.
NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)
PAST, AHEAD = "2026-05-04", "2026-07-15"
ANSWERS: dict[str, Any] = {"moving_date": PAST, "old_address": "Quay 1", "home": "Rue Haute 1", "people_moving": 2}
CAR = {"has_car": True, "number_plate": "1-ABC-234", "vehicle": "own"}
CHILD = {"needs_childcare": True, "child_born": "2025-09-01", "starts_on": "2026-09-01", "days": ["mon", "tue"]}


def move(city: Portal, **answers: Any) -> UUID:
    """Somebody moves home."""
    case_id = new_id()
    with city.work(ANONYMOUS, at=NOW, new_cases=[case_id]) as work:
        given = {"has_car": False, "needs_childcare": False} | ANSWERS | answers
        receive(work, Submission(service="moving-home", answers=given, contact={"email": "ann@example.org"}), case_id=case_id)
    return case_id


def parts(city: Portal, case_id: UUID) -> dict[str, dict[str, Any]]:
    """What the party is shown of each part."""
    with city.work(Principal("party", cases=(case_id,))) as work:
        return {one["part"]: one for one in views.case(work, case_id, language="en")["parts"]}


def standing(city: Portal, case_id: UUID) -> dict[str, str]:
    return {name: one["status"] for name, one in parts(city, case_id).items()}


def water_moves(city: Portal, case_id: UUID) -> None:
    """The utility reports that it is done, and that the meter was read."""
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        (row,) = [row for row in work.rows(outbox, case_id) if row["kind"] == "delivery" and row["target"] == "water-utility"]
        deliveries.reported(work, row, message="m1", status="done", rank=3, remote_id="R-1", outcome=None)
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        waits.signal(work, registry.case_of(work, case_id), event="meter-read", source="agency", agency="water-utility")


def registered(city: Portal, case_id: UUID, outcome: str = "registered") -> None:
    do(city, REGISTRAR, case_id, "register")
    do(city, CLERK, case_id, "visit")
    do(city, REGISTRAR, case_id, "confirm", outcome=outcome, reasons="Seen there.")


def test_asked_once_done_by_four_agencies(city: Portal) -> None:
    id = move(city, **CAR, **CHILD)
    assert standing(city, id) == {"residence": "under-way", "parking": "to-come", "childcare": "to-come", "water": "under-way"}
    registered(city, id)
    assert standing(city, id) == {"residence": "ended", "parking": "under-way", "childcare": "under-way", "water": "under-way"}
    water_moves(city, id)
    do(city, CLERK, id, "assess")
    do(city, CARER, id, "place")
    do(city, REGISTRAR, id, "check-residence")
    do(city, CARER, id, "decide", outcome="waiting-list", reasons="None is free yet.")
    assert case(city, id)["status"] == "in-progress"
    with city.work(ENGINE) as work:
        work.narrow([id])
        row = next(row for row in work.rows(outbox, id) if row["kind"] == "delivery" and row["target"] == "roads")
        deliveries.reported(work, row, message="m2", status="done", rank=3, remote_id="R-2", outcome=None)
    do(city, CLERK, id, "decide", outcome="granted", reasons="All is in order.")
    shown = parts(city, id)
    assert {name: one["outcome"] for name, one in shown.items()} == {
        "residence": "registered",
        "parking": "granted",
        "childcare": "waiting-list",
        "water": "moved",
    }
    assert (case(city, id)["status"], case(city, id)["outcome"]) == ("closed", "all-done")
    assert sorted(row["outcome"] for row in rows(city, decisions, id)) == ["granted", "registered", "waiting-list"]
    assert all(row["run_id"] for row in rows(city, decisions, id))


def test_what_is_not_needed_is_passed_over(city: Portal) -> None:
    id = move(city, has_car=True, number_plate="1-ABC-234", vehicle="own")
    registered(city, id)
    assert standing(city, id) == {"residence": "ended", "parking": "under-way", "childcare": "not-needed", "water": "under-way"}
    assert {row["service"] for row in rows(city, journey_runs, id)} == {None, "residence-registration", "resident-parking-permit", "water-account-move"}


def test_nothing_that_needs_the_residence_begins_without_it(city: Portal) -> None:
    id = move(city, **CAR)
    registered(city, id, outcome="refused")
    water_moves(city, id)
    assert standing(city, id) == {"residence": "ended", "parking": "not-needed", "childcare": "not-needed", "water": "ended"}
    assert case(city, id)["status"] == "closed"


def test_a_part_waits_for_its_day_and_says_so(city: Portal) -> None:
    id = move(city, moving_date=AHEAD)
    assert standing(city, id)["water"] == "to-come"
    with city.work(Principal("party", cases=(id,))) as work:
        (one,) = views.case(work, id, language="fr")["waiting"]
    assert (one["step"], one["until"].date()) == ("moving-day-near", date(2026, 7, 7))
    assert one["says"] == "En attente jusqu'au mercredi 8 juillet 2026 : le compte d'eau déménage avec vous, peu avant le jour du déménagement"
    with city.work(REGISTRAR, at=NOW) as work:
        work.narrow([id])
        (task,) = [row for row in work.rows(tasks, id) if row["step"] == "register"]
        worklist.claim(work, task, holder=str(REGISTRAR.subject), version=None)
        casework.complete(work, task, version=None)
    with city.work(Principal("party", cases=(id,))) as work:
        assert {one["step"] for one in views.case(work, id, language="en")["waiting"]} == {"moving-day-near", "moved-in"}


def test_each_part_has_its_own_promises_on_its_own_calendar(city: Portal) -> None:
    id = move(city)
    held = {row["standard"]: row for row in rows(city, clocks, id)}
    assert (held["settled"]["covers"], held["settled"]["agency"]) == ("case", "civil-registry")
    assert (held["residence-registration/residence-decided"]["covers"], held["residence-registration/residence-decided"]["agency"]) == (
        "residence",
        "civil-registry",
    )
    assert (held["water-account-move/account-moved"]["covers"], held["water-account-move/account-moved"]["agency"]) == ("water", "water-utility")
    assert held["taken-in"]["covers"] == "move-account"
    water_moves(city, id)
    held = {row["standard"]: row for row in rows(city, clocks, id)}
    assert {held[name]["status"] for name in ("water-account-move/account-moved", "taken-in")} <= {"met", "missed"}
    assert {held[name]["status"] for name in ("settled", "residence-registration/residence-decided")} == {"running"}
    assert parts(city, id)["residence"]["promise"]["due_at"] == held["residence-registration/residence-decided"]["due_at"]


def test_a_decision_on_one_part_stops_no_promise_of_another(city: Portal) -> None:
    id = move(city, **CAR)
    registered(city, id)
    held = {row["standard"]: row["status"] for row in rows(city, clocks, id)}
    assert held["residence-registration/residence-decided"] in ("met", "missed")
    assert held["resident-parking-permit/decided-in-a-week"] == held["settled"] == "running"


def take_back(city: Portal, case_id: UUID, part: str | None) -> None:
    with city.work(Principal("party", cases=(case_id,)), at=NOW + timedelta(hours=1)) as work:
        work.narrow([case_id])
        party.take_back(work, case_id, "We keep the old one.", part=part)


def test_one_part_is_taken_back_and_the_rest_goes_on(city: Portal) -> None:
    id = move(city, **CAR)
    registered(city, id)
    take_back(city, id, "parking")
    assert standing(city, id) == {"residence": "ended", "parking": "withdrawn", "childcare": "not-needed", "water": "under-way"}
    assert case(city, id)["status"] == "in-progress"
    assert {row["status"] for row in rows(city, tasks, id) if row["step"] == "assess"} == {"cancelled"}
    assert {row["status"] for row in rows(city, clocks, id) if row["standard"].startswith("resident-parking-permit/")} == {"cancelled"}
    (event,) = told(city, id, "PartWithdrawn")
    assert (event["step"], event["data"]["service"]) == ("parking", "resident-parking-permit")
    water_moves(city, id)
    assert case(city, id)["status"] == "closed"


def test_what_cannot_be_taken_back_is_said(city: Portal) -> None:
    id = move(city, **CAR)
    with pytest.raises(Invalid):
        take_back(city, id, "parking")
    with pytest.raises(Invalid):
        take_back(city, id, "garage")
    registered(city, id)
    with pytest.raises(IllegalMove):
        take_back(city, id, "residence")
    assert told(city, id, "PartWithdrawn") == []


def test_a_part_cannot_be_passed_on_by_itself(city: Portal) -> None:
    id = move(city)
    with city.work(REGISTRAR) as work:
        work.narrow([id])
        (task,) = [row for row in work.rows(tasks, id) if row["step"] == "register"]
        with pytest.raises(IllegalMove, match="one part"):
            referring.refer(work, task, version=None, words="Not ours.")


def test_the_whole_withdrawn_stops_every_run(city: Portal) -> None:
    id = move(city, **CAR)
    registered(city, id)
    take_back(city, id, None)
    assert {row["status"] for row in rows(city, journey_runs, id)} == {"ended", "cancelled"}
    assert not [row for row in rows(city, step_runs, id) if row["status"] == "begun"]
    assert not [row for row in rows(city, tasks, id) if row["status"] in ("open", "claimed")]
    assert set(standing(city, id).values()) == {"ended", "cancelled", "not-needed"}


def test_figures_count_the_case_once(city: Portal) -> None:
    id = move(city, **CAR)
    registered(city, id)
    while fold(city):
        pass
    with city.work(Principal("figures")) as work:
        found = work.sql("SELECT service, status, outcome FROM case_facts WHERE case_id = %s", (id,))
    assert found == [("moving-home", "in-progress", None)]


def test_a_journey_inside_another_is_pinned_with_it(city: Portal) -> None:
    id = move(city)
    do(city, REGISTRAR, id, "register")
    runs: dict[str, Row] = {row["journey"]: row for row in rows(city, journey_runs, id)}
    inside, outer, root = runs["residence-check"], runs["residence-registration"], runs["moving-home"]
    assert (inside["parent_id"], outer["parent_id"], root["parent_id"]) == (outer["id"], root["id"], None)
    assert inside["definition_hash"] == root["pins"]["journey/residence-check"]
    assert (inside["service"], outer["service"], root["service"]) == ("residence-registration", "residence-registration", None)
    with city.work(ENGINE) as work:
        work.narrow([id])
        assert ledger.step_run(work, id, inside["parent_step_id"])["step"] == "check"


def test_a_history_with_runs_inside_runs_replays(city: Portal) -> None:
    id = move(city, **CAR)
    registered(city, id)
    take_back(city, id, "parking")
    assert replayed(told(city, id)) == {row["id"]: Run.of(row["state"]) for row in rows(city, journey_runs, id)}


def test_a_promise_of_a_step_inside_covers_it(city: Portal) -> None:
    id = move(city)
    do(city, REGISTRAR, id, "register")
    (clock,) = [row for row in rows(city, clocks, id) if row["standard"] == "visited"]
    assert (clock["covers"], clock["agency"], clock["status"]) == ("visit", "civil-registry", "running")
    do(city, CLERK, id, "visit")
    assert [row["status"] for row in rows(city, clocks, id) if row["standard"] == "visited"] == ["met"]


def test_no_sweep_stumbles_over_a_life_event(city: Portal) -> None:
    id = move(city, moving_date=AHEAD, **CAR, **CHILD)
    for days in (10, 40, 60, 120, 200):
        sweep(city, at=NOW + timedelta(days=days))
    assert standing(city, id)["water"] == "under-way"


def test_what_was_not_pinned_begins_as_it_is_now(city: Portal) -> None:
    """A case that was moved to a version with more in it: the outermost run knows nothing of what that begins."""
    id = move(city)
    do(city, REGISTRAR, id, "register")
    with city.work(ENGINE) as work:
        work.narrow([id])
        root = next(row for row in ledger.of_case(work, id) if row["parent_id"] is None)
        work.change(root, pins=None)
    do(city, CLERK, id, "visit")
    do(city, REGISTRAR, id, "confirm", outcome="registered", reasons="Seen there.")
    assert standing(city, id)["childcare"] == "not-needed"
    water_moves(city, id)
    assert case(city, id)["status"] == "closed"
