"""The main job, without doors: a request crosses two agencies to its end, and what happens is recorded once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from portal.cases import registry
from portal.db import new_id
from portal.errors import Conflict, IllegalMove, Invalid, NotAllowed, NotFound
from portal.events import log
from portal.intake import party
from portal.intake.receive import Received, Submission, receive
from portal.outbox import deliveries
from portal.outbox.tables import outbox
from portal.queues import worklist
from portal.reactions import sweep
from portal.runs import ledger
from portal.standards import clocks
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal, Principal, Row, Work
from portal.workflow import casework, referring

CLERK = Principal("staff", "tests|clerk", agencies=("city-council",), roles=("caseworker",))
REGISTRAR = Principal("staff", "tests|registrar", agencies=("civil-registry",), roles=("caseworker",))
CARER = Principal("staff", "tests|carer", agencies=("social-services",), roles=("caseworker",))
TRIAGE = Principal("staff", "tests|triage", agencies=("front-office",), roles=("caseworker",))
PERMIT = {"address": "Rue Haute 1", "plate": "1-ABC-234"}


def send(city: Portal, **given: Any) -> Received:
    case_id = new_id()
    with city.work(ANONYMOUS, new_cases=[case_id]) as work:
        return receive(work, Submission(**given), case_id=case_id)


def history(city: Portal, case_id: UUID) -> list[str]:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return [row["type"] for row in work.run(log.history(case_id, limit=1000).execution_options(visible=True))]


def case(city: Portal, case_id: UUID) -> Row:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return registry.case_of(work, case_id)


def task(work: Work, case_id: UUID, step: str) -> Row:
    from portal.queues.tables import tasks

    return next(row for row in work.rows(tasks, case_id) if row["step"] == step and row["status"] in worklist.WAITING)


def do(city: Portal, who: Principal, case_id: UUID, step: str, **how: Any) -> None:
    """Claims and completes a task, each in a unit of its own, as a person does."""
    with city.work(who) as work:
        work.narrow([case_id])
        worklist.claim(work, task(work, case_id, step), holder=str(who.subject), version=None)
    with city.work(who) as work:
        work.narrow([case_id])
        casework.complete(work, task(work, case_id, step), version=None, **how)


def agency_answers(city: Portal, case_id: UUID, status: str = "done") -> None:
    with city.work(ENGINE) as work:
        work.narrow([case_id])

        row = next(row for row in work.rows(outbox, case_id) if row["kind"] == "delivery")
        deliveries.reported(work, row, message="m1", status=status, rank=3, remote_id="R-1", outcome=None)


def needed(city: Portal, service: str) -> dict[str, Any]:
    """An answer for each required field."""
    samples = {"integer": 1, "decimal": "1.5", "date": "2026-12-01", "boolean": True, "email": "a@example.org", "phone": "+3222796111"}
    return {
        field.id: samples.get(field.type) or (field.options[0].id if field.type == "choice" else [field.options[0].id] if field.options else "Rue Haute 1")
        for field in city.catalogue.services[service].fields
        if field.required and not field.when
    }


def test_a_request_crosses_two_agencies_to_its_end(city: Portal) -> None:
    sent = send(city, service="resident-parking-permit", answers=needed(city, "resident-parking-permit"), contact={"email": "ann@example.org"})
    id = sent.case["case_id"]
    do(city, CLERK, id, "assess")
    assert case(city, id)["status"] == "in-progress"
    agency_answers(city, id)
    do(city, CLERK, id, "decide", outcome="granted", reasons="All is in order.")
    after = case(city, id)
    assert (after["status"], after["outcome"]) == ("closed", "granted")
    told = history(city, id)
    assert [type for type in told if type in ("CaseOpened", "JoinReached", "CaseDecided", "JourneyEnded", "CaseClosed")] == [
        "CaseOpened", "JoinReached", "JoinReached", "JoinReached", "CaseDecided", "JourneyEnded", "CaseClosed",
    ]  # fmt: skip
    assert told.count("StandardMet") == told.count("ClockStarted") > 0
    assert told.count("NoticePromised") >= 3


def test_a_childcare_place_crosses_two_agencies_with_two_branches_at_once(city: Portal) -> None:
    id = send(city, service="childcare-place", answers=needed(city, "childcare-place")).case["case_id"]
    with city.work(ENGINE) as work:
        work.narrow([id])
        assert {row["agency"] for row in _steps(work, id) if row["status"] == "begun"} == {"social-services", "civil-registry"}
    do(city, REGISTRAR, id, "check-residence")
    do(city, CARER, id, "place")
    do(city, CARER, id, "decide", outcome="offered", reasons="There is a place.")
    assert case(city, id)["outcome"] == "offered"


def _steps(work: Work, case_id: UUID) -> list[dict[str, Any]]:
    return work.run(ledger.steps(case_id).execution_options(visible=True))


def test_what_fits_no_service_goes_to_people_who_find_its_door(city: Portal) -> None:
    sent = send(city, text="Mon voisin a peint sa clôture en violet et je ne sais pas à qui parler")
    id = sent.case["case_id"]
    assert sent.service is None
    assert sent.case["service"] is None
    assert sent.case["agency"] == "front-office"
    received_at = sent.case["received_at"]
    with pytest.raises(Invalid):
        do(city, TRIAGE, id, "find-door")
    with city.work(TRIAGE) as work:
        work.narrow([id])
        casework.complete(work, task(work, id, "find-door"), version=None, service="noise-complaint")
    after = case(city, id)
    assert (after["service"], after["agency"], after["status"]) == ("noise-complaint", city.catalogue.services["noise-complaint"].agency, "in-progress")
    assert after["received_at"] == received_at
    with city.work(ENGINE) as work:
        work.narrow([id])
        for clock in clocks.of_case(work, id):
            standard = next((one for one in city.catalogue.services["noise-complaint"].standards if one.id == clock["standard"]), None)
            if standard and standard.starts == "receipt" and standard.covers == "case":
                assert clock["started_at"] == received_at
    assert "StandardMet" in history(city, id)


def test_a_wrong_door_passes_it_on_and_nothing_is_asked_again(city: Portal) -> None:
    sent = send(city, service="pothole", answers=needed(city, "pothole"))
    permit = send(city, service="resident-parking-permit", answers=needed(city, "resident-parking-permit"))
    id = permit.case["case_id"]
    with city.work(CLERK) as work:
        work.narrow([id])
        referring.refer(work, task(work, id, "assess"), version=None, words="This is for the tree team.", service="tree-felling-permit")
    after = case(city, id)
    assert after["service"] == "tree-felling-permit"
    assert after["received_at"] == permit.case["received_at"]
    told = history(city, id)
    assert told.index("CaseReferred") < told.index("CaseRouted")
    assert "TaskCancelled" in told
    assert "ClockCancelled" in told
    assert case(city, sent.case["case_id"])["service"] == "pothole"


def test_danger_is_answered_at_once_and_a_duty_person_is_paged_until_somebody_acknowledges(city: Portal) -> None:
    from datetime import timedelta

    from portal.cases import duty

    sent = send(city, text="There is a strong smell of gas in my kitchen")
    id = sent.case["case_id"]
    assert sent.danger
    assert history(city, id).count("DutyPaged") == 1
    later = sent.case["received_at"] + timedelta(minutes=5, seconds=1)
    assert sweep(city, at=later) >= 1
    assert history(city, id).count("DutyPaged") == 2
    with city.work(TRIAGE) as work:
        work.narrow([id])
        duty.acknowledge(work, id, by="tests|triage")
    sweep(city, at=later + timedelta(hours=1))
    assert history(city, id).count("DutyPaged") == 2
    with city.work(ENGINE) as work:
        work.narrow([id])
        assert all("business" not in clock["rule"]["within"] for clock in clocks.of_case(work, id) if clock["covers"] == "case")


def test_a_promise_that_falls_due_while_nobody_acts_is_missed_once_and_never_early(city: Portal) -> None:
    from datetime import timedelta

    id = send(city, service="pothole", answers=needed(city, "pothole")).case["case_id"]
    with city.work(ENGINE) as work:
        work.narrow([id])
        due_at = min(clock["due_at"] for clock in clocks.of_case(work, id))
    sweep(city, at=due_at - timedelta(microseconds=1))
    assert "StandardMissed" not in history(city, id)
    sweep(city, at=due_at)
    sweep(city, at=due_at)
    assert history(city, id).count("StandardMissed") == 1


def test_a_withdrawal_ends_what_runs_anywhere(city: Portal) -> None:
    sent = send(city, service="moving-home", answers=needed(city, "moving-home") | {"has_car": False, "needs_childcare": False})
    id = sent.case["case_id"]
    do(city, REGISTRAR, id, "register")
    with city.work(Principal("party", cases=(id,))) as work:
        work.narrow([id])
        party.take_back(work, id, "We stay.")
    assert case(city, id)["status"] == "withdrawn"
    with city.work(ENGINE) as work:
        work.narrow([id])
        assert {row["status"] for row in _steps(work, id)} == {"ended", "cancelled"}
        assert {clock["status"] for clock in clocks.of_case(work, id)} <= {"cancelled", "met", "missed"}
    with city.work(Principal("party", cases=(id,))) as work:
        work.narrow([id])
        with pytest.raises(IllegalMove):
            party.take_back(work, id, None)


def test_an_edit_never_moves_a_deadline(city: Portal) -> None:
    id = send(city, service="pothole", answers=needed(city, "pothole")).case["case_id"]
    before = _due(city, id)
    with city.work(Principal("party", cases=(id,))) as work:
        work.narrow([id])
        party.answer(work, id, {"depth_cm": 12})
        party.write(work, id, "It is deeper than I thought.")
    assert _due(city, id) == before


def _due(city: Portal, case_id: UUID) -> list[Any]:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return [clock["due_at"] for clock in clocks.of_case(work, case_id)]


def test_only_who_holds_a_task_finishes_it(city: Portal) -> None:
    id = send(city, service="resident-parking-permit", answers=needed(city, "resident-parking-permit")).case["case_id"]
    other = Principal("staff", "tests|other", agencies=("city-council",), roles=("caseworker",))
    with city.work(CLERK) as work, pytest.raises(NotAllowed):
        work.narrow([id])
        casework.complete(work, task(work, id, "assess"), version=None)
    with city.work(CLERK) as work:
        work.narrow([id])
        worklist.claim(work, task(work, id, "assess"), holder=str(CLERK.subject), version=None)
    with city.work(other) as work, pytest.raises(Conflict):
        work.narrow([id])
        worklist.claim(work, task(work, id, "assess"), holder=str(other.subject), version=None)


def test_a_case_that_is_not_there_is_refused(city: Portal) -> None:
    with city.work(ENGINE) as work, pytest.raises(NotFound):
        work.narrow([missing := new_id()])
        registry.case_of(work, missing)


def test_a_handover_that_cannot_leave_is_done_by_hand(city: Portal) -> None:
    id = send(city, service="resident-parking-permit", answers=needed(city, "resident-parking-permit")).case["case_id"]
    with city.work(ENGINE) as work:
        work.narrow([id])
        row = next(row for row in work.rows(outbox, id) if row["kind"] == "delivery")
        deliveries.parked(work, row, reason="no way out", code="forbidden-address")
    roads = Principal("staff", "tests|roads", agencies=("roads",), roles=("caseworker",))
    do(city, roads, id, "consult")
    with city.work(ENGINE) as work:
        work.narrow([id])
        assert next(row for row in _steps(work, id) if row["step"] == "consult")["status"] == "ended"


def test_a_withdrawn_handover_does_not_leave(city: Portal) -> None:
    id = send(city, service="resident-parking-permit", answers=needed(city, "resident-parking-permit")).case["case_id"]
    with city.work(Principal("party", cases=(id,))) as work:
        work.narrow([id])
        party.take_back(work, id, None)
    with city.work(ENGINE) as work:
        work.narrow([id])
        assert all(row["done_at"] for row in work.rows(outbox, id) if row["kind"] == "delivery")
