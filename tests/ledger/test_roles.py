"""Who may do what: champions by service, representatives with a mandate, teams, broken glass, seals, and who looked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from portal.access import grants, people, seals
from portal.dispatch.notify import _among_named
from portal.kpi.fold import fold
from portal.outbox.claims import Claim
from portal.queues import people as workers
from portal.unit_of_work import ENGINE, READER, Principal
from portal.views.case import case as shown_case
from tests.contracts.issuer import ISSUER, Issuer
from tests.ledger.test_decisions import ANSWERS, Desk
from tests.ledger.test_main_job import needed
from tests.servers import Database

WORKER, COLLEAGUE = f"{ISSUER}|worker", f"{ISSUER}|colleague"


class Town(Desk):
    """More people."""

    def __init__(self, url: str, issuer: Issuer) -> None:
        super().__init__(url, issuer)
        self.issuer = issuer
        self.colleague = self._bearer(issuer, sub="colleague", agency="social-services", teams=["benefits"])
        self.elsewhere = self._bearer(issuer, sub="elsewhere", agency="social-services", teams=["another"])
        self.alice = self.citizen("alice")
        self.bilal = self.citizen("bilal")
        self.admin = self._bearer(issuer, sub="amir", roles=["administrator"], agency=None, teams=None)
        for subject in (WORKER, COLLEAGUE):
            self.works(subject)

    def works(self, subject: str, agency: str = "social-services") -> None:
        """Somebody has worked here, so that others may name them."""
        with self.portal.work(Principal("staff", subject, agencies=(agency,), teams=("benefits",), roles=("caseworker",))) as work:
            workers.seen(work, work.principal)

    def citizen(self, sub: str) -> dict[str, str]:
        """Somebody who signed in."""
        return self._bearer(self.issuer, sub=sub, roles=["citizen"], agency=None, teams=None)

    def champion_of(self, *services: str, sub: str = "clara") -> dict[str, str]:
        """Who answers for those services."""
        return self._bearer(self.issuer, sub=sub, roles=["champion"], services=list(services), agency=None, teams=None)

    def seal(self, reference: str, who: dict[str, str], *named: str, status: int = 200, ground: str = "protection") -> Any:
        """Seals a case to those people."""
        people = [{"subject": one, "email": f"{one.rpartition('|')[2]}@office.example"} for one in named]
        return self.ask("POST", f"/cases/{reference}/seal", who, {"ground": ground, "words": "He works at the desk next door.", "named": people}, status=status)


@pytest.fixture(scope="module")
def town(servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Open for this file."""
    database: Database = servers.database()
    one = Town(database.url, Issuer(tmp_path_factory.mktemp("keys") / "keys.json"))
    one.superuser_url = database.superuser_url  # type: ignore[attr-defined]
    yield one
    one.portal.engine.dispose()
    servers.drop(database.name)


def soon(days: int = 30) -> str:
    """An instant to come."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


# ---------------------------------------------------------------------- champions


def test_a_champion_sees_cases_of_its_services_and_no_others(town: Town) -> None:
    reference, _ = town.request()
    for services, status in ((("housing-benefit",), 200), (("pothole", "housing-benefit"), 200), (("pothole",), 404), ((), 404), (("*",), 200)):
        who = town.champion_of(*services)
        for path in ("", "/events", "/clocks", "/decisions", "/links"):
            town.ask("GET", f"/cases/{reference}{path}", who, status=status)


def test_a_champion_of_a_part_sees_the_life_event(town: Town) -> None:
    from tests.storm.crash.doors import MOVING

    told = town.ask("POST", "/cases", {}, {"service": "moving-home", "answers": MOVING}, status=201)
    part = town.ask("GET", f"/cases/{told['reference']}", town.champion_of("moving-home"))["parts"][0]["service"]
    for service, status in ((part, 200), ("housing-benefit", 404)):
        town.ask("GET", f"/cases/{told['reference']}/clocks", town.champion_of(service), status=status)


# ---------------------------------------------------------------------- teams


def test_other_teams_of_the_agency_look_and_do_not_work(town: Town) -> None:
    reference, _ = town.request()
    task = town.waiting(reference)["id"]
    town.ask("GET", f"/tasks/{task}", town.elsewhere)
    for verb, body in (("claim", None), ("note", {"words": "Mine."}), ("complete", {})):
        assert "team benefits" in town.ask("POST", f"/tasks/{task}/{verb}", town.elsewhere, body, status=403)["detail"]
    town.ask("POST", f"/tasks/{task}/claim", town.colleague)


# ---------------------------------------------------------------------- representatives


def mandated(town: Town, scope: str, sub: str = "helper") -> tuple[str, dict[str, str], dict[str, str], str]:
    """A case, its party's header, a representative's, and the mandate's id."""
    reference, mine = town.request()
    given = town.ask("POST", f"/cases/{reference}/mandates", mine, {"scope": scope, "until": soon()}, status=201)
    helper = town.citizen(sub)
    town.ask("GET", f"/cases/{reference}", helper, status=404)
    taken = town.ask("POST", "/mandates", helper, {"reference": reference, "code": given["code"]})
    assert taken["scope"] == scope
    return reference, mine, helper, given["id"]


@pytest.mark.parametrize(("scope", "write", "withdraw"), [("read", 403, 403), ("act", 201, 403), ("all", 201, 201)])
def test_a_representative_acts_within_the_mandate(town: Town, scope: str, write: int, withdraw: int) -> None:
    reference, mine, helper, id = mandated(town, scope)
    town.ask("GET", f"/cases/{reference}", helper)
    town.ask("GET", f"/cases/{reference}/reads", helper)
    town.ask("POST", f"/cases/{reference}/messages", helper, {"words": "For her."}, status=write)
    town.ask("POST", f"/cases/{reference}/mandates", helper, {"scope": "read", "until": soon()}, status=403)
    assert [one["state"] for one in town.ask("GET", f"/cases/{reference}/mandates", mine)["items"]] == ["held"]
    town.ask("POST", f"/cases/{reference}/withdrawal", helper, {}, status=withdraw)
    ended = town.ask("POST", f"/cases/{reference}/mandates/{id}/end", mine, {})
    assert ended["state"] == "ended"
    town.ask("GET", f"/cases/{reference}", helper, status=404)
    town.ask("POST", f"/cases/{reference}/messages", helper, {"words": "Still."}, status=404)


def test_a_code_opens_once_and_for_its_day(town: Town) -> None:
    reference, mine = town.request()
    town.ask("POST", f"/cases/{reference}/mandates", mine, {"scope": "read", "until": soon(-1)}, status=422)
    town.ask("POST", f"/cases/{reference}/mandates", mine, {"scope": "read", "until": soon(5000)}, status=422)
    given = town.ask("POST", f"/cases/{reference}/mandates", mine, {"scope": "act", "until": soon()}, status=201)
    body = {"reference": reference, "code": given["code"]}
    for wrong in ({**body, "code": "0" * 32}, {**body, "reference": town.request()[0]}):
        town.ask("POST", "/mandates", town.alice, wrong, status=404)
    town.ask("POST", "/mandates", town.worker, body, status=403)
    town.ask("POST", "/mandates", {}, body, status=401)
    town.ask("POST", "/mandates", town.alice, body)
    town.ask("POST", "/mandates", town.alice, body)
    town.ask("POST", "/mandates", town.bilal, body, status=404)
    with psycopg.connect(town.superuser_url, autocommit=True) as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE case_parties SET until = now() - interval '1 second' WHERE role = 'representative' AND subject LIKE '%|alice'")
    town.ask("GET", f"/cases/{reference}", town.alice, status=404)


def test_a_representative_ends_its_own_mandate_and_no_other(town: Town) -> None:
    reference, mine, helper, id = mandated(town, "all", sub="one")
    other = town.ask("POST", f"/cases/{reference}/mandates", mine, {"scope": "act", "until": soon()}, status=201)
    town.ask("POST", f"/cases/{reference}/mandates/{other['id']}/end", helper, {}, status=403)
    town.ask("POST", f"/cases/{town.request()[0]}/mandates/{id}/end", helper, {}, status=404)
    town.ask("POST", f"/cases/{reference}/mandates/{id}/end", helper, {})
    town.ask("GET", f"/cases/{reference}", helper, status=404)


# ---------------------------------------------------------------------- seals


def test_a_sealed_case_is_there_for_those_it_names_alone(town: Town) -> None:
    reference, mine = town.request(contact={"name": "Seal Canary"})
    task = town.waiting(reference)["id"]
    town.ask("POST", f"/tasks/{task}/claim", town.colleague)
    told = town.seal(reference, town.worker, WORKER)
    assert (told["sealed"], told["named"]) == (True, [WORKER])
    champion = town.champion_of("*")
    for who in (town.colleague, town.elsewhere, champion):
        for path in ("", "/events", "/clocks", "/decisions", "/links", "/deliveries", "/seal"):
            town.ask("GET", f"/cases/{reference}{path}", who, status=404)
    town.ask("GET", f"/tasks/{task}", town.colleague, status=404)
    town.ask("POST", f"/tasks/{task}/complete", town.colleague, {}, status=404)
    town.ask("POST", f"/cases/{reference}/messages", town.colleague, {"words": "?"}, status=404)
    town.ask("POST", f"/cases/{reference}/glass", town.admin, {"reason": "I would like to know."}, status=404)
    assert reference not in str(town.ask("GET", "/tasks?limit=200", town.colleague))
    shown = town.ask("GET", f"/cases/{reference}", town.worker)
    assert shown["sealed"] is True
    assert town.waiting(reference)["status"] == "open", "what a colleague held is open again"
    assert town.ask("GET", f"/cases/{reference}", mine)["status"] == "in-progress"
    told = str([one for one in town.ask("GET", f"/cases/{reference}/events?limit=200", mine)["items"] if one["type"] == "CaseSealed"])
    assert "desk next door" not in told and WORKER not in told
    town.do(reference)


def test_a_seal_is_named_anew_and_opened_by_those_it_names(town: Town) -> None:
    reference, _ = town.request()
    town.seal(reference, town.worker, WORKER)
    town.seal(reference, town.worker, COLLEAGUE, status=409)
    body = {"named": [{"subject": COLLEAGUE, "email": "c@office.example"}]}
    town.ask("POST", f"/cases/{reference}/seal/names", town.colleague, body, status=404)
    town.ask("POST", f"/cases/{reference}/seal/names", town.worker, {"named": [{"subject": COLLEAGUE}]}, status=422)
    town.ask("POST", f"/cases/{reference}/seal/names", town.worker, body)
    town.ask("GET", f"/cases/{reference}", town.worker, status=404)
    town.ask("POST", f"/cases/{reference}/seal/end", town.worker, {"words": "Open it."}, status=404)
    town.ask("POST", f"/cases/{reference}/seal/end", town.colleague, {"words": "It is over."})
    assert town.ask("GET", f"/cases/{reference}", town.worker)["sealed"] is False
    town.seal(reference, town.worker, WORKER)
    town.ask("GET", f"/cases/{reference}", town.colleague, status=404)


def test_nobody_seals_a_case_they_do_not_see(town: Town) -> None:
    reference, mine = town.request()
    town.seal(reference, town.moved, WORKER, status=404)
    town.seal(reference, mine, WORKER, status=403)
    town.seal(reference, town.admin, WORKER, status=403)
    town.seal(reference, town.champion_of("pothole"), WORKER, status=404)
    town.seal(reference, town.champion_of("housing-benefit"), WORKER, ground="complaint")
    assert town.ask("GET", f"/cases/{reference}/seal", town.worker)["ground"] == "complaint"


def test_a_seal_names_people_who_work_here_and_nobody_it_concerns(town: Town) -> None:
    told = town.ask("POST", "/cases", town.alice, {"service": "housing-benefit", "answers": needed(town.portal, "housing-benefit") | ANSWERS}, status=201)
    reference = told["reference"]
    for subject, says in (("nobody", "Nobody of that name works here"), ("alice", "stands on the case as a party")):
        town.works(f"{ISSUER}|alice")
        found = town.seal(reference, town.worker, WORKER, f"{ISSUER}|{subject}", status=422)
        assert found["errors"][0]["pointer"].startswith("/named/1") and says in found["errors"][0]["detail"]
    assert town.ask("GET", f"/cases/{reference}/seal", town.worker)["sealed"] is False
    left, written = f"{ISSUER}|left", f"{ISSUER}|written"
    town.works(left)
    with town.portal.work(ENGINE) as work:
        people.keep(work, ISSUER, "left", roles=["caseworker"], agency="social-services", until=work.now)
        people.keep(work, ISSUER, "written", roles=["champion"], agency=None, name="Wanda")
        people.keep(work, ISSUER, "only-citizen", roles=["citizen"], agency=None)
    town.seal(reference, town.worker, left, status=422)
    town.seal(reference, town.worker, f"{ISSUER}|only-citizen", status=422)
    assert town.seal(reference, town.worker, written)["named"] == [written]


def test_sealing_changes_no_figure_and_is_in_no_drill_down(town: Town) -> None:
    reference, _ = town.request()
    fold(town.portal)
    path = "/indicators/requests?by=service,agency,channel,month"

    def figures() -> dict[str, Any]:
        return {name: value for name, value in town.ask("GET", path, {}).items() if name != "as_of"}

    before = figures()
    assert "housing-benefit" in str(before)
    town.seal(reference, town.worker, WORKER)
    fold(town.portal)
    assert figures() == before, "who compares figures before and after learns nothing of what was sealed"
    behind = town.ask("GET", "/indicators/requests/events?limit=200", town.colleague)
    assert reference not in str(behind)
    assert reference in str(town.ask("GET", "/indicators/requests/events?limit=200", town.worker))


def test_word_of_a_sealed_case_goes_to_somebody_it_names(town: Town) -> None:
    reference, _ = town.request()
    id = town.id_of(reference)
    claim = Claim.__new__(Claim)
    object.__setattr__(claim, "case_id", id)
    with town.portal.work(ENGINE) as work:
        work.narrow([id])
        assert _among_named(work, claim, "boss@office.example") == "boss@office.example"
    town.seal(reference, town.worker, WORKER)
    with town.portal.work(ENGINE) as work:
        work.narrow([id])
        assert _among_named(work, claim, "boss@office.example") == "worker@office.example"
        assert grants.sealed_to(work, id) == {WORKER}
        assert len(seals.contacts(work, id)) == 1
    with town.portal.work(READER) as work:
        assert shown_case(work, id, language="en")["reference"] == reference, "the portal itself still sees it"


def test_a_repeat_tells_nothing_of_what_was_sealed_meanwhile(town: Town) -> None:
    reference, _ = town.request()
    task, once = town.waiting(reference)["id"], {"Idempotency-Key": "once-and-for-all"}
    town.ask("POST", f"/tasks/{task}/claim", town.colleague | once)
    town.ask("POST", f"/cases/{reference}/messages", town.colleague | {"Idempotency-Key": "twice"}, {"words": "Hello."}, status=201)
    town.seal(reference, town.worker, WORKER)
    town.ask("POST", f"/tasks/{task}/claim", town.colleague | once, status=404)
    town.ask("POST", f"/cases/{reference}/messages", town.colleague | {"Idempotency-Key": "twice"}, {"words": "Hello."}, status=404)


# ---------------------------------------------------------------------- glass


def test_breaking_the_glass_is_for_a_while_and_its_champion_sees_why(town: Town) -> None:
    reference, mine = town.request(contact={"name": "Glass Canary"})
    town.ask("GET", f"/cases/{reference}", town.admin, status=404)
    town.ask("POST", f"/cases/{reference}/glass", town.admin, {"reason": "short"}, status=422)
    for who in (town.worker, town.champion_of("*")):
        town.ask("POST", f"/cases/{reference}/glass", who, {"reason": "I am only curious."}, status=403)
    town.ask("POST", f"/cases/{reference}/glass", town.admin, {"reason": "The letter went to a wrong address."}, status=201)
    assert town.ask("GET", f"/cases/{reference}", town.admin)["given"]["contact"]["name"] == "Glass Canary"
    town.ask("GET", f"/cases/{town.request()[0]}", town.admin, status=404)
    town.ask("POST", f"/cases/{reference}/messages", town.admin, {"words": "No."}, status=403)
    another = town._bearer(town.issuer, sub="ines", roles=["administrator"], agency=None, teams=None)
    town.ask("GET", f"/cases/{reference}", another, status=404)
    (told,) = [one for one in town.ask("GET", "/glasses", town.champion_of("housing-benefit"))["items"] if one["reference"] == reference]
    assert (told["reason"], told["administrator"]) == ("The letter went to a wrong address.", f"{ISSUER}|amir")
    assert town.ask("GET", "/glasses", town.champion_of("pothole"))["items"] == []
    (read,) = town.ask("GET", f"/cases/{reference}/reads", mine)["items"]
    assert (read["role"], read["why"], read["agency"]) == ("administrator", "break-glass", None)
    with psycopg.connect(town.superuser_url, autocommit=True) as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE case_glasses SET until = now() - interval '1 second'")
    town.ask("GET", f"/cases/{reference}", town.admin, status=404)


# ---------------------------------------------------------------------- reads


def test_every_look_of_staff_is_told_to_the_party_once_a_day_and_purpose(town: Town) -> None:
    reference, mine = town.request()
    task = town.waiting(reference)["id"]
    assert town.ask("GET", f"/cases/{reference}/reads", mine)["items"] == []
    for _ in range(3):
        town.ask("GET", f"/cases/{reference}", town.worker)
        town.ask("GET", f"/cases/{reference}/events", town.worker)
        town.ask("GET", f"/tasks/{task}", town.colleague)
    town.ask("GET", f"/cases/{reference}/clocks", town.champion_of("housing-benefit"))
    town.ask("GET", f"/cases/{reference}", town.moved, status=404)
    found = town.ask("GET", f"/cases/{reference}/reads", mine)["items"]
    assert [(one["role"], one["agency"], one["action"], one["why"]) for one in found] == [
        ("champion", None, "case.read", "champion"),
        ("caseworker", "social-services", "task.list", "holder"),
        ("caseworker", "social-services", "case.read", "holder"),
    ]
    assert [(one["name"], one["teams"]) for one in found] == [(None, []), (None, ["benefits"]), (None, ["benefits"])]
    with town.portal.work(ENGINE) as work:
        people.keep(work, ISSUER, "colleague", roles=["caseworker"], agency="social-services", teams=["benefits"], name="Cole League")
    assert [one["name"] for one in town.ask("GET", f"/cases/{reference}/reads", mine)["items"]] == [None, "Cole League", None]
    with town.portal.work(ENGINE) as work:
        work.sql("DELETE FROM people WHERE issuer = %s AND subject = 'colleague'", (ISSUER,))
    town.ask("GET", f"/cases/{reference}/reads", town.worker, status=403)
    first = town.ask("GET", f"/cases/{reference}/reads?limit=1", mine)
    rest = town.client.get(first["next"].partition("//")[2].partition("/")[2].join(("/", "")), headers=mine).get_json()
    assert len(rest["items"]) == 1 and rest["items"][0]["action"] == "task.list"


def test_an_answer_that_was_given_before_is_a_look_too(town: Town) -> None:
    reference, mine = town.request()
    task, once = town.waiting(reference)["id"], {"Idempotency-Key": "looked-again"}
    town.ask("POST", f"/tasks/{task}/claim", town.worker | once)
    with psycopg.connect(town.superuser_url, autocommit=True) as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE case_reads SET day = day - 1")
    town.ask("POST", f"/tasks/{task}/claim", town.worker | once)
    assert len([one for one in town.ask("GET", f"/cases/{reference}/reads", mine)["items"] if one["action"] == "task.work"]) == 2
