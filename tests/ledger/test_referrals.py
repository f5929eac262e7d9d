"""Referrals between doors: offered, accepted, declined, lapsed, in a circle; who offered owns the work until it is taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.cases import registry
from portal.cases.tables import cases
from portal.kpi.fold import fold_all
from portal.kpi.rebuild import rebuild
from portal.kpi.report import report
from portal.reactions import sweep
from portal.unit_of_work import ENGINE
from portal.vault import items
from tests.contracts.issuer import Issuer
from tests.ledger.test_clocks_api import Door
from tests.ledger.test_main_job import history, needed
from tests.servers import Database

WHY = {"words": "This is about the road, not about noise."}


class Doors(Door):
    """Several agencies, each with somebody at its desk."""

    def __init__(self, url: str, issuer: Issuer) -> None:
        super().__init__(url, issuer)
        self.clerk = self._bearer(issuer, sub="clerk", agency="city-council", teams=["desk", "inspectors", "safety"])
        self.colleague = self._bearer(issuer, sub="colleague", agency="city-council", teams=["desk", "inspectors"])
        self.streets = self._bearer(issuer, sub="streets", agency="roads", teams=["streets", "desk"])
        self.water = self._bearer(issuer, sub="water", agency="water-utility", teams=["desk"])
        self.finder = self._bearer(issuer, sub="finder", agency="front-office", teams=["triage"])

    def noise(self) -> tuple[str, dict[str, str]]:
        """A complaint about noise: its reference, and the header of its party."""
        body = {
            "service": "noise-complaint",
            "answers": needed(self.portal, "noise-complaint"),
            "text": "The manhole cover rattles",
            "contact": {"email": "a@b.example"},
        }
        told = self.ask("POST", "/cases", {}, body, status=201)
        return told["reference"], {"Case-Secret": told["secret"]}

    def waits(self, reference: str, who: dict[str, str], kind: str | None = None) -> dict[str, Any]:
        """What waits for somebody on that case."""
        found = [one for one in self.ask("GET", "/tasks", who)["items"] if one["reference"] == reference and kind in (None, one["kind"])]
        assert len(found) == 1, found
        return found[0]

    def offer(self, reference: str, who: dict[str, str], status: int = 200, **body: Any) -> dict[str, Any]:
        """Offers it from whatever task waits there."""
        task = next(one for one in self.ask("GET", "/tasks", who)["items"] if one["reference"] == reference and one["kind"] != "referral")
        told: dict[str, Any] = self.ask("POST", f"/tasks/{task['id']}/refer", who, WHY | body, status=status)
        return told.get("referral", told)

    def events(self, reference: str) -> list[str]:
        """Types of its events."""
        with self.portal.work(ENGINE) as work:
            return history(self.portal, registry.find(work, reference)[0])


@pytest.fixture
def doors(fresh_database: Database, tmp_path: Path) -> Iterator[Doors]:
    """Open for one test."""
    one = Doors(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def test_an_offer_is_taken_and_everything_travels(doors: Doors) -> None:
    reference, mine = doors.noise()
    before = doors.ask("GET", f"/cases/{reference}", mine)
    offered = doors.offer(reference, doors.clerk, service="pothole", evidence=["Photo of the cover", "Map sheet 12"])
    assert (offered["status"], offered["from_agency"], offered["to_agency"], offered["to_service"]) == ("offered", "city-council", "roads", "pothole")
    # Until it is taken, who offered owns it: the party sees nothing new, the other agency may not read the case, but knows what it is offered.
    assert doors.ask("GET", f"/cases/{reference}", mine)["promise"] == before["promise"]
    assert doors.ask("GET", f"/cases/{reference}", mine)["service"] == "noise-complaint"
    assert not [one for one in doors.ask("GET", f"/cases/{reference}/events", mine)["items"] if one["type"].startswith("Referral")]
    assert {one["covers"] for one in doors.ask("GET", f"/cases/{reference}/clocks", mine)["items"]}.isdisjoint({"referral"})
    doors.ask("GET", f"/cases/{reference}", doors.streets, status=404)
    told = doors.ask("GET", f"/referrals/{offered['id']}", doors.streets)
    assert told["words"] == WHY["words"]
    assert told["evidence"] == ["Photo of the cover", "Map sheet 12"]
    assert told["request"]["text"] == "The manhole cover rattles"
    assert "a@b.example" not in str(told)
    waiting = doors.waits(reference, doors.streets, "referral")
    assert waiting["due_at"] == offered["answer_by"]
    doors.ask("POST", f"/tasks/{waiting['id']}/claim", doors.streets)
    doors.ask("POST", f"/tasks/{waiting['id']}/complete", doors.streets, {}, status=409)
    taken = doors.ask("POST", f"/referrals/{offered['id']}/accept", doors.streets, {})
    assert taken["status"] == "accepted"
    after = doors.ask("GET", f"/cases/{reference}", doors.streets)
    assert (after["service"], after["agency"], after["received_at"]) == ("pothole", "roads", before["received_at"])
    assert after["given"]["text"] == "The manhole cover rattles"
    assert after["given"]["answers"] == before["given"]["answers"]
    assert doors.ask("GET", f"/cases/{reference}", mine)["asked"] == []
    assert [one for one in doors.ask("GET", "/tasks", doors.clerk)["items"] if one["reference"] == reference] == []
    clocks = doors.ask("GET", f"/cases/{reference}/clocks", doors.streets)["items"]
    assert next(one for one in clocks if one["covers"] == "referral")["status"] == "met"
    running = [one for one in clocks if one["covers"] == "case" and one["status"] == "running"]
    assert {one["agency"] for one in running} == {"roads"}
    by_receipt = {one.id for one in doors.portal.catalogue.services["pothole"].standards if one.starts == "receipt"}
    assert {one["started_at"] for one in running if one["standard"] in by_receipt} == {before["received_at"]}


def test_a_door_declines_and_it_comes_to_the_fore_where_it_is(doors: Doors) -> None:
    reference, _ = doors.noise()
    offered = doors.offer(reference, doors.clerk, service="pothole")
    assert doors.waits(reference, doors.clerk)["turn"] == 2
    doors.ask("POST", f"/referrals/{offered['id']}/decline", doors.streets, {"words": "  "}, status=422)
    assert doors.ask("POST", f"/referrals/{offered['id']}/decline", doors.streets, {"words": "The cover is the utility's."})["status"] == "declined"
    assert doors.waits(reference, doors.clerk)["turn"] == 0
    assert doors.ask("GET", f"/referrals/{offered['id']}", doors.clerk)["answer"] == "The cover is the utility's."
    # Who declined reads nothing of it any more.
    assert doors.ask("GET", f"/referrals/{offered['id']}", doors.streets)["request"] is None
    assert doors.ask("GET", f"/referrals/{offered['id']}", doors.streets)["words"] is None
    doors.ask("POST", f"/referrals/{offered['id']}/accept", doors.streets, {}, status=409)
    assert [one for one in doors.ask("GET", "/tasks", doors.streets)["items"] if one["reference"] == reference] == []


def test_an_offer_nobody_answers_lapses_by_its_own_standard(doors: Doors) -> None:
    reference, _ = doors.noise()
    offered = doors.offer(reference, doors.clerk, service="pothole")
    due = datetime.fromisoformat(offered["answer_by"])
    sweep(doors.portal, at=due - timedelta(microseconds=1))
    assert doors.ask("GET", f"/referrals/{offered['id']}", doors.clerk)["status"] == "offered"
    sweep(doors.portal, at=due)
    sweep(doors.portal, at=due)
    assert doors.ask("GET", f"/referrals/{offered['id']}", doors.clerk)["status"] == "lapsed"
    told = doors.events(reference)
    assert (told.count("ReferralLapsed"), doors.waits(reference, doors.clerk)["turn"]) == (1, 0)
    clock = next(one for one in doors.ask("GET", f"/cases/{reference}/clocks", doors.clerk)["items"] if one["covers"] == "referral")
    assert (clock["status"], clock["agency"], clock["stopped_at"] is not None) == ("missed", "roads", True)


def test_a_circle_goes_to_no_door_but_to_a_champion_who_settles_it(doors: Doors) -> None:
    reference, _ = doors.noise()
    first = doors.offer(reference, doors.clerk, service="pothole")
    doors.ask("POST", f"/referrals/{first['id']}/accept", doors.streets, {})
    back = _refer_as_holder(doors, reference, "noise-complaint")
    assert (back["status"], back["answer_by"]) == ("disputed", None)
    assert [one for one in doors.ask("GET", "/tasks", doors.clerk)["items"] if one["reference"] == reference] == []
    doors.ask("POST", f"/referrals/{back['id']}/accept", doors.clerk, {}, status=409)
    seen = doors.ask("GET", "/referrals?status=disputed", doors.champion)["items"]
    assert [one["id"] for one in seen] == [back["id"]]
    assert doors.ask("GET", f"/referrals/{back['id']}", doors.champion)["words"] == WHY["words"]
    doors.ask("POST", f"/referrals/{back['id']}/settle", doors.clerk, {"words": "No."}, status=403)
    settled = doors.ask("POST", f"/referrals/{back['id']}/settle", doors.champion, {"words": "The utility owns covers.", "service": "water-connection"})
    assert (settled["status"], settled["to_agency"]) == ("accepted", "water-utility")
    assert doors.ask("GET", f"/cases/{reference}", doors.water)["service"] == "water-connection"
    assert "ReferralDisputed" in doors.events(reference)


def _refer_as_holder(doors: Doors, reference: str, service: str) -> dict[str, Any]:
    """From a task of roads, where its handover is done by hand."""
    from portal.outbox import deliveries
    from portal.outbox.tables import outbox

    with doors.portal.work(ENGINE) as work:
        work.narrow([case_id := registry.find(work, reference)[0]])
        row = next(one for one in work.rows(outbox, case_id) if one["kind"] == "delivery" and one["done_at"] is None)
        deliveries.parked(work, row, reason="no way out", code="forbidden-address")
    return doors.offer(reference, doors.streets, service=service)


def test_a_champion_may_leave_it_where_it_is(doors: Doors) -> None:
    reference, _ = doors.noise()
    first = doors.offer(reference, doors.clerk, service="pothole")
    doors.ask("POST", f"/referrals/{first['id']}/decline", doors.streets, {"words": "Not ours."})
    again = doors.offer(reference, doors.clerk, service="pothole")
    assert again["status"] == "disputed"
    assert doors.ask("POST", f"/referrals/{again['id']}/settle", doors.champion, {"words": "It is noise."})["status"] == "declined"
    assert doors.waits(reference, doors.clerk)["turn"] == 0


def test_what_cannot_be_offered_is_refused_and_says_why(doors: Doors) -> None:
    reference, mine = doors.noise()
    assert doors.offer(reference, doors.clerk, 409, service="noise-complaint")["type"].endswith("at-this-door")
    assert doors.offer(reference, doors.clerk, 409, agency="city-council")["type"].endswith("at-this-door")
    doors.offer(reference, doors.clerk, 422, agency="nowhere")
    doors.offer(reference, doors.clerk, 422, service="nowhere")
    doors.offer(reference, doors.clerk, 422, service="find-the-right-door")
    doors.offer(reference, doors.clerk, 422, service="pothole", agency="water-utility")
    doors.offer(reference, doors.clerk, 422, service="pothole", words=" ")
    doors.offer(reference, doors.clerk, 422, service="pothole", evidence=["x" * 2001])
    offered = doors.offer(reference, doors.clerk, service="pothole")
    assert "on offer" in doors.offer(reference, doors.clerk, 409, service="water-connection")["detail"]
    doors.ask("POST", f"/referrals/{offered['id']}/accept", doors.clerk, {}, status=403)
    doors.ask("POST", f"/referrals/{offered['id']}/accept", doors.water, {}, status=404)
    doors.ask("POST", f"/referrals/{offered['id']}/accept", doors.streets, {"service": "water-connection"}, status=422)
    doors.ask("POST", f"/referrals/{offered['id']}/accept", doors.streets | {"If-Match": '"9"'}, {}, status=412)
    doors.ask("POST", f"/referrals/{offered['id']}/recall", doors.streets, {}, status=403)
    assert doors.ask("POST", f"/referrals/{offered['id']}/recall", doors.clerk, {})["status"] == "ended"
    doors.ask("POST", f"/cases/{reference}/withdrawal", mine, {}, status=201)


def test_an_offer_ends_with_what_it_is_about(doors: Doors) -> None:
    reference, mine = doors.noise()
    offered = doors.offer(reference, doors.clerk, service="pothole")
    doors.ask("POST", f"/cases/{reference}/withdrawal", mine, {}, status=201)
    assert doors.ask("GET", f"/referrals/{offered['id']}", doors.clerk)["status"] == "ended"
    assert [one for one in doors.ask("GET", "/tasks", doors.streets)["items"] if one["reference"] == reference] == []
    done, _ = doors.noise()
    offered = doors.offer(done, doors.clerk, service="pothole")
    doors.ask("POST", f"/tasks/{doors.waits(done, doors.clerk)['id']}/complete", doors.clerk, {})
    assert doors.ask("GET", f"/referrals/{offered['id']}", doors.clerk)["status"] == "ended"


def test_a_closed_agency_is_no_door(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    roads = doors.portal.catalogue.agencies["roads"]
    assert roads.referrals is not None
    shut = replace(roads, referrals=replace(roads.referrals, closed_from="2026-01-01", at_once=()))
    monkeypatch.setitem(doors.portal.catalogue.agencies, "roads", shut)
    reference, _ = doors.noise()
    assert doors.offer(reference, doors.clerk, 409, service="pothole")["type"].endswith("door-closed")
    assert doors.offer(reference, doors.clerk)["status"] == "accepted", "people who find doors take it at once"


def test_triage_offers_where_the_agency_wants_to_be_asked_and_owns_it_until_then(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setitem(doors.portal.catalogue.agencies, "roads", replace(doors.portal.catalogue.agencies["roads"], referrals=None))
    told = doors.ask("POST", "/cases", {}, {"text": "My neighbour painted the fence purple"}, status=201)
    task = doors.waits(told["reference"], doors.finder)
    doors.ask("POST", f"/tasks/{task['id']}/claim", doors.finder)
    assert doors.ask("POST", f"/tasks/{task['id']}/complete", doors.finder, {"service": "pothole"})["status"] == "claimed"
    offered = doors.ask("GET", "/referrals?box=in", doors.streets)["items"]
    assert [one["reference"] for one in offered] == [told["reference"]]
    doors.ask("POST", f"/referrals/{offered[0]['id']}/accept", doors.streets, {})
    assert doors.ask("GET", f"/cases/{told['reference']}", doors.streets)["service"] == "pothole"
    assert [one for one in doors.ask("GET", "/tasks", doors.finder)["items"] if one["reference"] == told["reference"]] == []


def test_the_work_of_a_step_goes_elsewhere_and_the_case_stays(doors: Doors) -> None:
    reference, _ = doors.noise()
    offered = doors.offer(reference, doors.clerk, agency="water-utility", scope="step")
    assert (offered["scope"], offered["status"]) == ("step", "offered")
    doors.ask("POST", f"/referrals/{offered['id']}/accept", doors.water, {"service": "water-connection"}, status=422)
    doors.ask("POST", f"/referrals/{offered['id']}/accept", doors.water, {})
    task = doors.waits(reference, doors.water)
    assert (task["kind"], task["agency"], task["team"]) == ("step", "water-utility", "desk")
    doors.ask("POST", f"/tasks/{task['id']}/claim", doors.water)
    doors.ask("POST", f"/tasks/{task['id']}/complete", doors.water, {})
    after = doors.ask("GET", f"/cases/{reference}", doors.clerk)
    assert (after["agency"], after["service"], after["steps"][0]["status"]) == ("city-council", "noise-complaint", "ended")
    assert doors.waits(reference, doors.clerk)["step"] != task["step"], "the journey goes on where the case is"


def test_a_sealed_case_a_part_and_what_was_paid_stay(doors: Doors) -> None:
    reference, _ = doors.noise()
    with doors.portal.work(ENGINE) as work:
        work.narrow([case_id := registry.find(work, reference)[0]])
        work.change(work.rows(cases, case_id)[0], sealed=True)
        items.put(work, case_id, "note", "sealed for the test")
    assert "sealed" in doors.offer(reference, doors.clerk, 409, service="pothole")["detail"]
    moving = needed(doors.portal, "moving-home") | {"has_car": False, "needs_childcare": False}
    whole = doors.ask("POST", "/cases", {}, {"service": "moving-home", "answers": moving}, status=201)["reference"]
    registrar = doors._bearer(doors.issuer, sub="reg", agency="civil-registry", teams=["registry", "desk"])
    assert "part of a larger request" in doors.offer(whole, registrar, 409, service="pothole")["detail"]


def test_hops_to_and_fro_and_time_lost_are_figures_by_front_door(doors: Doors) -> None:
    doors.noise()
    once, _ = doors.noise()
    there = doors.offer(once, doors.clerk, service="pothole")
    doors.ask("POST", f"/referrals/{there['id']}/accept", doors.streets, {})
    twice, _ = doors.noise()
    doors.offer(twice, doors.clerk)
    task = doors.waits(twice, doors.finder)
    doors.ask("POST", f"/tasks/{task['id']}/claim", doors.finder)
    doors.ask("POST", f"/tasks/{task['id']}/complete", doors.finder, {"service": "tree-felling-permit"})
    fold_all(doors.portal)
    figures = {one["indicator"]: one["value"] for one in report(doors.portal, by=("door",)) if one["slice"] == {"door": "city-council"}}
    assert figures["requests"] == 3
    assert figures["referred"] == pytest.approx(200 / 3)
    assert figures["ping-pong"] == pytest.approx(50.0)
    assert figures["referral-hops"] == pytest.approx(2 / 3)
    assert figures["wrong-doors-mean"] > 0
    assert not rebuild(doors.portal, replace=False).differences
    told = doors.ask("GET", f"/cases/{once}/clocks", doors.streets)["items"]
    why = next(one["why"]["sentences"][0] for one in told if one["covers"] == "case" and one["status"] == "running")
    assert "first came to" in why
    assert "it runs from when your request first came in" in why


def test_three_agencies_that_pass_a_request_round_end_at_a_champion_and_in_the_figures(doors: Doors) -> None:
    registrar = doors._bearer(doors.issuer, sub="reg", agency="civil-registry", teams=["registry", "desk"])
    straight, _ = doors.noise()
    reference, mine = doors.noise()
    before = doors.ask("GET", f"/cases/{reference}", mine)
    for sender, service, taker in ((doors.clerk, "housing-benefit", doors.worker), (doors.worker, "residence-registration", registrar)):
        offered = doors.offer(reference, sender, service=service)
        assert offered["status"] == "offered"
        assert doors.ask("POST", f"/referrals/{offered['id']}/accept", taker, {})["status"] == "accepted"
    # The third door sends it back to the first, by another of its services even: nobody is asked, it lies before a champion by itself.
    round_it_goes = doors.offer(reference, registrar, service="tree-felling-permit")
    assert (round_it_goes["status"], round_it_goes["answer_by"]) == ("disputed", None)
    assert [one["reference"] for one in doors.ask("GET", "/referrals?status=disputed", doors.champion)["items"]] == [reference]
    for who in (doors.clerk, doors.worker):
        assert [one for one in doors.ask("GET", "/tasks", who)["items"] if one["reference"] == reference] == []
    shown = doors.ask("GET", f"/cases/{reference}", mine)
    assert (shown["received_at"], shown["asked"], shown["given"]) == (before["received_at"], [], before["given"])
    settled = doors.ask("POST", f"/referrals/{round_it_goes['id']}/settle", doors.champion, {"words": "Noise it is.", "service": "noise-complaint"})
    assert (settled["status"], settled["to_agency"]) == ("accepted", "city-council")
    assert doors.waits(reference, doors.clerk)["kind"] == "step"
    told = doors.events(reference)
    assert (told.count("CaseReferred"), told.count("ReferralDisputed"), told.count("ReferralAccepted")) == (3, 1, 3)
    assert "ReferralOffered" not in doors.events(straight)
    with doors.portal.work(ENGINE) as work:
        work.narrow([case_id := registry.find(work, reference)[0]])
        row = registry.case_of(work, case_id)
        lost = (row["competent_at"] - row["received_at"]).total_seconds()
    assert lost > 0
    fold_all(doors.portal)
    figures = _by_door(doors, "city-council")
    assert (figures["requests"], figures["referred"], figures["ping-pong"]) == (2, pytest.approx(50.0), pytest.approx(100.0))
    assert figures["referral-hops"] == pytest.approx(3 / 2)
    assert figures["wrong-doors-mean"] == figures["wrong-doors-median"] == pytest.approx(lost, abs=1e-3)
    assert not rebuild(doors.portal, replace=False).differences
    rebuild(doors.portal, replace=True)
    assert _by_door(doors, "city-council") == figures


def _by_door(doors: Doors, door: str) -> dict[str, Any]:
    return {one["indicator"]: one["value"] for one in report(doors.portal, by=("door",)) if one["slice"] == {"door": door}}


def test_nothing_is_offered_in_no_words_or_in_a_book_of_them(doors: Doors) -> None:
    reference, _ = doors.noise()
    for words in ("", " \n\u200b ", "x" * 100_000):
        refused = doors.offer(reference, doors.clerk, 422, service="pothole", words=words)
        assert [one["pointer"] for one in refused["errors"]] == ["/words"]
    assert "ReferralOffered" not in doors.events(reference)
    task = doors.waits(reference, doors.clerk)
    assert (task["status"], task["holder"]) == ("open", None), "nothing of it was done"
    # Nobody of the other office needs to be there for an offer: who is away holds nothing up, and the offer lapses by its own date.
    doors.ask("GET", "/colleagues", doors.streets)
    doors.ask("PUT", "/colleagues/me/absence", doors.streets, {"from": "2026-01-01T00:00:00Z"}, status=204)
    offered = doors.offer(reference, doors.clerk, service="pothole")
    assert (offered["status"], doors.waits(reference, doors.streets, "referral")["holder"]) == ("offered", None)
    assert offered["answer_by"] is not None
