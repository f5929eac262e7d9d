"""The way back after silence took effect: another decision in its place, for a time and by its law, and then decided anew; no history is rewritten."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from portal.cases import decisions, registry, secret
from portal.errors import Conflict, IllegalMove, Invalid, NotAllowed
from portal.intake import party
from portal.queues import worklist
from portal.reactions import sweep
from portal.standards import clocks
from portal.standards.tables import timers
from portal.unit_of_work import ENGINE, Portal, Principal, Row
from portal.views import case as case_view
from portal.views import decisions as decision_views
from portal.workflow import casework, referring, revoking
from tests.ledger.test_clocks import DAY, clock, letters, mine, same_as_the_log, tasks_of
from tests.ledger.test_clocks_api import Door, door
from tests.ledger.test_main_job import CLERK, REGISTRAR, case, history, needed, send, task

__all__ = ["door"]
WHY = "The oak is a listed monument."


def silent(city: Portal) -> tuple[UUID, datetime]:
    """A permit nobody decided on in time, with the instant its approval took effect."""
    given = needed(city, "tree-felling-permit")
    id = UUID(str(send(city, service="tree-felling-permit", answers=given, contact={"email": "ann@example.org"}).case["case_id"]))
    sweep(city, at=clock(city, id)["due_at"])
    with city.work(ENGINE) as work:
        work.narrow([id])
        at: datetime = next(row["due_at"] for row in work.rows(timers, id) if row["kind"] == "consequence")
    sweep(city, at=at)
    assert (case(city, id)["status"], case(city, id)["outcome"]) == ("closed", "granted")
    return id, at


def revoke(city: Portal, case_id: UUID, at: datetime, *, who: Principal = CLERK, on: date | None = None) -> UUID:
    with city.work(who, at=at) as work:
        work.narrow([case_id])
        return revoking.revoke(work, case_id, words=WHY, effective_on=on or at.date() + DAY)


def rows(city: Portal, case_id: UUID) -> list[Row]:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return decisions.of_case(work, case_id)


def decide(city: Portal, case_id: UUID, at: datetime, outcome: str) -> None:
    with city.work(CLERK, at=at) as work:
        work.narrow([case_id])
        (held,) = worklist.waiting_of(work, case_id, "decision")
        worklist.claim(work, held, holder=str(CLERK.subject), version=None)
        casework.complete(work, held, version=None, outcome=outcome, reasons="We looked at it.")


def test_another_decision_takes_its_place_and_an_official_decides_anew(city: Portal) -> None:
    id, at = silent(city)
    before = history(city, id)
    new = revoke(city, id, at + 3 * DAY)
    tacit, revoked = rows(city, id)
    assert (revoked["id"], revoked["outcome"], revoked["supersedes"], revoked["law"]) == (new, "revoked", tacit["id"], "21 § 6")
    assert (tacit["outcome"], tacit["supersedes"]) == ("granted", None)
    told = history(city, id)
    assert told[: len(before)] == before
    assert {"CaseDecided", "DecisionRevoked", "TaskQueued", "ClockStarted"} <= set(told[len(before) :])
    assert (case(city, id)["status"], case(city, id)["outcome"]) == ("closed", "revoked")
    (row,) = tasks_of(city, id, "decision")
    assert (row["step"], row["team"], row["status"]) == ("decide", "inspectors", "open")
    again = [one for one in _clocks(city, id) if one["covers"] == "decide"]
    assert [(one["status"], one["standard"], one["rule"].get("consequence")) for one in again] == [("running", "decided-by-law", None)]
    decide(city, id, at + 5 * DAY, "refused")
    third = rows(city, id)[-1]
    assert (third["outcome"], third["supersedes"]) == ("refused", new)
    assert (case(city, id)["status"], case(city, id)["outcome"]) == ("closed", "refused")
    assert [one["status"] for one in _clocks(city, id) if one["covers"] == "decide"] == ["met"]
    same_as_the_log(city, id)


def _clocks(city: Portal, case_id: UUID) -> list[Row]:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        return clocks.of_case(work, case_id)


def test_the_party_is_told_with_reasons_day_and_remedy(city: Portal) -> None:
    id, at = silent(city)
    told = len(letters(city, id))
    revoke(city, id, at + 3 * DAY)
    assert letters(city, id)[told:] == ["replaced"]
    with city.work(mine(id), at=at + 3 * DAY) as work:
        shown = case_view.case(work, id, language="en")
        first, second = decision_views.of_case(work, id, language="en")
    assert shown["next"] == "wait"
    assert (first["standing"], first["superseded_by"]) == ("superseded", second["id"])
    assert (second["reasons"], second["effective_on"]) == (WHY, (at.date() + 4 * DAY).isoformat())
    assert (second["law"]["article"], second["gives"], second["title"]) == ("21 § 6", "nothing", "Revoked")
    assert second["remedy"] is not None
    assert second["remedy"]["kind"] == "objection"


def test_it_comes_too_late_after_its_time_and_the_refusal_says_what_is_left(city: Portal) -> None:
    id, at = silent(city)
    with pytest.raises(IllegalMove, match=r"ended with .*\(21 § 6\).*objection"):
        revoke(city, id, at + 50 * DAY)
    assert len(rows(city, id)) == 1
    revoke(city, id, at + 41 * DAY)


@pytest.mark.parametrize("days", [-1, 400])
def test_nothing_is_taken_back_for_the_past_or_a_far_day(city: Portal, days: int) -> None:
    id, at = silent(city)
    with pytest.raises(Invalid) as refused:
        revoke(city, id, at + DAY, on=at.date() + days * DAY)
    assert refused.value.errors[0]["pointer"] == "/effective_on"


def test_it_is_revoked_once_by_the_agency_whose_silence_it_was(city: Portal) -> None:
    id, at = silent(city)
    with pytest.raises(NotAllowed):
        revoke(city, id, at + DAY, who=REGISTRAR)
    revoke(city, id, at + DAY)
    with pytest.raises(Conflict):
        revoke(city, id, at + 2 * DAY)
    decide(city, id, at + 2 * DAY, "granted")
    with pytest.raises(Conflict):
        revoke(city, id, at + 3 * DAY)


def test_what_nobody_approved_by_silence_cannot_be_revoked(city: Portal) -> None:
    id = UUID(str(send(city, service="tree-felling-permit", answers=needed(city, "tree-felling-permit")).case["case_id"]))
    with pytest.raises(IllegalMove, match="Nothing counts as approved by silence"):
        revoke(city, id, case(city, id)["received_at"])


def test_silence_approves_nothing_a_second_time(city: Portal) -> None:
    id, at = silent(city)
    revoke(city, id, at + DAY)
    due_at = next(one["due_at"] for one in _clocks(city, id) if one["covers"] == "decide")
    for days in (0, 30, 60):
        sweep(city, at=due_at + days * DAY)
    assert (case(city, id)["outcome"], len(rows(city, id))) == ("revoked", 2)
    assert next(one for one in _clocks(city, id) if one["covers"] == "decide")["escalated_to"] == "head-of-service"


def test_a_decision_anew_is_not_passed_on(city: Portal) -> None:
    id, at = silent(city)
    revoke(city, id, at + DAY)
    with city.work(CLERK) as work, pytest.raises(IllegalMove):
        work.narrow([id])
        referring.refer(work, task(work, id, "decide"), version=None, words="Not ours.")


def test_a_decision_in_place_of_the_revocation_ends_the_wait_for_another(city: Portal) -> None:
    id, at = silent(city)
    new = revoke(city, id, at + DAY)
    with city.work(ENGINE, at=at + 2 * DAY) as work:
        work.narrow([id])
        said: dict[str, Any] = {"official": "tests|court", "agency": "city-council", "law": "28", "reasons": None, "commitment": None}
        registry.decide(work, id, outcome="granted", supersedes=new, **said)
    assert [row["status"] for row in tasks_of(city, id, "decision")] == ["cancelled"]
    assert [one["status"] for one in _clocks(city, id) if one["covers"] == "decide"] == ["cancelled"]
    assert case(city, id)["outcome"] == "granted"


def test_a_withdrawal_while_a_consequence_waits_leaves_nothing_waiting(city: Portal) -> None:
    id = UUID(str(send(city, service="tree-felling-permit", answers=needed(city, "tree-felling-permit")).case["case_id"]))
    due_at = clock(city, id)["due_at"]
    sweep(city, at=due_at)
    with city.work(mine(id), at=due_at) as work:
        work.narrow([id])
        party.take_back(work, id, None)
    sweep(city, at=due_at + 60 * DAY)
    assert (case(city, id)["status"], clock(city, id)["consequence"], rows(city, id)) == ("withdrawn", "moot", [])
    assert [row["status"] for row in tasks_of(city, id, "consequence")] == ["cancelled"]
    assert "StandardEscalated" not in history(city, id)


def test_over_http_an_official_revokes_and_nobody_else(door: Door) -> None:
    id, _ = silent(door.portal)
    reference = case(door.portal, id)["reference"]
    path, body = f"/cases/{reference}/revocations", {"words": WHY, "effective_on": (datetime.now().astimezone() + 2 * DAY).date().isoformat()}
    clerk = door._bearer(door.issuer, sub="clerk", agency="city-council", teams=["inspectors"])
    key = secret.derive(door.portal.settings.secret_key.get_secret_value(), id)
    door.ask("POST", path, {"Case-Secret": key}, body, status=403)
    door.ask("POST", path, {}, body, status=401)
    door.ask("POST", path, door.roads, body, status=404)
    for wrong, pointer in (({"words": WHY}, "/effective_on"), ({**body, "effective_on": "soon"}, "/effective_on"), ({**body, "words": ""}, "/words")):
        assert [one["pointer"] for one in door.ask("POST", path, clerk, wrong, status=422)["errors"]] == [pointer]
    once = clerk | {"Idempotency-Key": "5e0fb2c1-8d5b-4a83-9d53-1d9ab5e7a001"}
    told = door.ask("POST", path, once, body, status=201)
    assert (told["outcome"], told["reference"]) == ("revoked", reference)
    assert door.ask("POST", path, once, body, status=201) == told
    assert "nothing is left to revoke" in door.ask("POST", path, clerk, body, status=409)["detail"]
    shown = door.ask("GET", f"/cases/{reference}/decisions", {"Case-Secret": key})["items"]
    assert {one["outcome"]: one["effective_on"] for one in shown} == {"granted": None, "revoked": body["effective_on"]}
    waits = [one["kind"] for one in door.ask("GET", "/tasks", clerk)["items"] if one["reference"] == reference]
    assert "decision" in waits
