"""One view of somebody's matters: for who handles one of them, for a purpose, by consent or by law, told to the person; by both layers no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.access.scoping import visible
from portal.cases import registry
from portal.db import metadata
from portal.kpi.rebuild import rebuild
from portal.unit_of_work import READER, Principal
from tests.contracts.issuer import ISSUER, Issuer
from tests.ledger.test_main_job import needed
from tests.ledger.test_roles import Town

WHY = {"purpose": "entitlement", "words": "Does she live where she says?"}


class Hall(Town):
    """People whose requests lie with several offices."""

    def opened(self, who: dict[str, str], service: str, **answers: Any) -> str:
        """A request for that service."""
        body = {"service": service, "answers": needed(self.portal, service) | answers}
        return str(self.ask("POST", "/cases", who, body, status=201)["reference"])

    def benefit(self, who: dict[str, str]) -> str:
        """One for housing benefit, whose task the worker has."""
        reference = self.opened(who, "housing-benefit", monthly_income=900, self_employed=False)
        self.ask("POST", f"/tasks/{self.waiting(reference)['id']}/claim", self.worker)
        return reference

    def noise(self, who: dict[str, str]) -> str:
        """A complaint, whose task the clerk has: its service names no ground in law."""
        reference = self.opened(who, "noise-complaint")
        self.ask("POST", f"/tasks/{self.waiting(reference, self.clerk)['id']}/claim", self.clerk)
        return reference

    @property
    def clerk(self) -> dict[str, str]:
        """Of the city council."""
        return self._bearer(self.issuer, sub="clerk", agency="city-council", teams=["desk", "inspectors", "safety"])

    def look(self, reference: str, who: dict[str, str], status: int = 201, **said: str) -> Any:
        """Somebody looks across."""
        return self.ask("POST", f"/cases/{reference}/matters", who, WHY | said, status=status)

    def seen(self, reference: str, who: dict[str, str], **said: str) -> list[str]:
        """References they are shown."""
        told = self.ask("GET", f"/looks/{self.look(reference, who, **said)['id']}", who)
        return [one["reference"] for one in told["items"]]


@pytest.fixture(scope="module")
def hall(servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """Open for this file."""
    database = servers.database()
    one = Hall(database.url, Issuer(tmp_path_factory.mktemp("keys") / "keys.json"))
    yield one
    one.portal.engine.dispose()
    servers.drop(database.name)


def test_by_law_only_what_the_law_names_and_everybody_is_told(hall: Hall) -> None:
    who = hall.citizen("una")
    home, dog = hall.opened(who, "residence-registration", home="Secret Lane 7"), hall.opened(who, "dog-registration")
    hall.opened(hall.citizen("vera"), "residence-registration")
    mine = hall.benefit(who)
    taken = hall.look(mine, hall.worker)
    told = hall.ask("GET", f"/looks/{taken['id']}", hall.worker)
    assert [one["reference"] for one in told["items"]] == [home], "the dog is no ground of that law, and vera is somebody else"
    assert (told["ground"], told["law"], told["purpose"], told["reference"]) == ("law", "Regional Decree on Housing Allowances 21", "entitlement", mine)
    assert "Secret Lane" not in str(told)
    (look,) = hall.ask("GET", f"/cases/{home}/looks", who)["items"]
    assert (look["purpose"], look["ground"], look["agency"], look["shown"]) == ("entitlement", "law", "social-services", True)
    (here,) = hall.ask("GET", f"/cases/{mine}/looks", who)["items"]
    assert here["shown"] is False
    assert "case.matters" in [one["action"] for one in hall.ask("GET", f"/cases/{home}/reads", who)["items"]]
    assert hall.ask("GET", f"/cases/{dog}/looks", who)["items"] == [] == hall.ask("GET", f"/cases/{dog}/reads", who)["items"]
    for reference, type in ((home, "MatterLookedAt"), (mine, "MattersShown")):
        events = [one for one in hall.ask("GET", f"/cases/{reference}/events", who)["items"] if one["type"] == type]
        assert len(events) == 1 and events[0]["data"]["purpose"] == "entitlement" and "official" not in events[0]["data"]
    assert [(one["reference"], one["words"]) for one in hall.ask("GET", "/looks", hall.champion_of("housing-benefit"))["items"]] == [(mine, WHY["words"])]
    assert hall.ask("GET", "/looks", hall.champion_of("dog-registration"))["items"] == []
    assert rebuild(hall.portal, replace=False).differing == 0


def test_the_look_opens_no_other_door(hall: Hall) -> None:
    """While it lasts the worker finds nothing else of the case: no words, no events, no page of its own."""
    who = hall.citizen("wendy")
    home, mine = hall.opened(who, "residence-registration"), hall.benefit(who)
    id = hall.look(mine, hall.worker)["id"]
    for path in ("", "/events", "/clocks", "/documents", "/decisions", "/links"):
        hall.ask("GET", f"/cases/{home}{path}", hall.worker, status=404)
    for other in (hall.colleague, hall.elsewhere, hall.clerk, hall.champion_of("*"), hall.champion_of("housing-benefit")):
        hall.ask("GET", f"/looks/{id}", other, status=404)
    hall.ask("GET", f"/looks/{id}", who, status=403)
    hall.ask("GET", f"/looks/{id}", hall.admin, status=403)
    across = replace(principal("worker"), scope="across")
    case_id = hall.id_of(home)
    for scoped in (True, False):
        for table in (one for one in metadata.tables.values() if one.info.get("case_table")):
            statement = select(table.c.case_id).where(table.c.case_id == case_id)
            with hall.portal.work(across) as work:
                found = work.run(visible(work, statement) if scoped else statement.execution_options(visible=True))
            assert bool(found) == (table.name in ("cases", "case_looks")), (table.name, scoped)


def principal(sub: str) -> Principal:
    """The worker, or another of the same office."""
    return Principal("staff", f"{ISSUER}|{sub}", agencies=("social-services",), teams=("benefits",), roles=("caseworker",))


@pytest.mark.parametrize("scoped", [True, False])
def test_each_layer_alone_ends_with_the_look_the_consent_and_a_seal(hall: Hall, scoped: bool) -> None:
    who = hall.citizen(f"xenia-{scoped}")
    other, mine = hall.opened(who, "residence-registration"), hall.noise(who)
    consent = hall.ask("POST", f"/cases/{mine}/consents", who, {}, status=201)["id"]
    assert hall.seen(mine, hall.clerk) == [other]
    across = Principal("across", f"{ISSUER}|clerk", agencies=("city-council",), roles=("caseworker",))

    def sees(later: timedelta = timedelta(), who: Principal = across) -> bool:
        if later:
            superuser(hall, "UPDATE case_looks SET until = until - %s", later)
        statement = registry.one(hall.id_of(other))
        with hall.portal.work(who) as work:
            found = bool(work.run(visible(work, statement) if scoped else statement.execution_options(visible=True)))
        if later:
            superuser(hall, "UPDATE case_looks SET until = until + %s", later)
        return found

    assert sees()
    assert not sees(who=replace(across, subject=f"{ISSUER}|somebody"))
    assert not sees(timedelta(minutes=31))
    registry_desk = hall._bearer(hall.issuer, sub="reg", agency="civil-registry", teams=["desk"])
    hall.seal(other, registry_desk, f"{ISSUER}|reg")
    assert not sees()
    hall.ask("POST", f"/cases/{other}/seal/end", registry_desk, {"words": "It is over."})
    assert sees()
    hall.ask("POST", f"/cases/{mine}/consents/{consent}/withdrawal", who)
    assert not sees()


def superuser(hall: Hall, text: str, *values: Any) -> None:
    """Past row-level security: time passes."""
    import psycopg

    with psycopg.connect(hall.portal.engine.url.render_as_string(hide_password=False).replace("postgresql+psycopg", "postgresql")) as connection:
        connection.execute("SELECT set_config('role', 'portal_engine', false), set_config('portal.scope', 'engine', false)")
        ids = [id for (id,) in connection.execute("SELECT case_id FROM case_references").fetchall()]
        connection.execute("SELECT set_config('portal.cases', %s, false)", [",".join(map(str, ids))])
        connection.execute(text, values)  # type: ignore[arg-type]


def test_who_does_not_handle_it_or_has_no_ground_is_refused(hall: Hall) -> None:
    who = hall.citizen("yara")
    other = hall.opened(who, "dog-registration")
    mine = hall.noise(who)
    assert "consent" in hall.look(mine, hall.clerk, status=403)["detail"]
    assert hall.look(mine, hall.clerk, status=403)["type"].endswith("no-ground")
    hall.look(mine, hall.worker, status=404)
    hall.look(mine, who, status=403)
    hall.look(mine, {}, status=401)
    hall.look(mine, hall.admin, status=403)
    for wrong in ({"purpose": "curiosity"}, {"words": ""}):
        hall.look(mine, hall.clerk, status=422, **wrong)
    benefit = hall.opened(who, "housing-benefit", monthly_income=900, self_employed=False)
    assert "Take a task" in hall.look(benefit, hall.worker, status=409)["detail"], "nobody has it yet"
    hall.ask("POST", f"/tasks/{hall.waiting(benefit)['id']}/claim", hall.colleague)
    hall.look(benefit, hall.worker, status=409)
    assert hall.look(benefit, hall.colleague, status=403, purpose="complaint"), "the law is for other purposes"
    assert hall.ask("GET", f"/cases/{other}/looks", who)["items"] == [], "what was refused is no look"
    hall.ask("POST", f"/cases/{mine}/consents", who, {}, status=201)
    assert set(hall.seen(mine, hall.clerk, purpose="complaint")) == {other, benefit}
    assert hall.look(benefit, hall.colleague, status=403, purpose="complaint"), "the consent was given to another office"


def test_what_is_sealed_is_not_counted_and_not_told(hall: Hall) -> None:
    who = hall.citizen("zoe")
    hidden, mine = hall.opened(who, "residence-registration"), hall.benefit(who)
    hall.seal(hidden, hall._bearer(hall.issuer, sub="reg", agency="civil-registry", teams=["desk"]), f"{ISSUER}|reg")
    assert hall.seen(mine, hall.worker) == []
    with hall.portal.work(READER) as work:
        assert work.sql("SELECT data->>'number' FROM events WHERE case_id = %s AND type = 'MattersShown'", (hall.id_of(mine),)) == [("0",)]
        assert work.sql("SELECT 1 FROM case_looks WHERE case_id = %s", (hall.id_of(hidden),)) == []


def test_a_champion_looks_for_a_case_it_answers_for(hall: Hall) -> None:
    who = hall.citizen("abel")
    home = hall.opened(who, "residence-registration")
    mine = hall.opened(who, "housing-benefit", monthly_income=900, self_employed=False)
    champion = hall.champion_of("housing-benefit", sub="cleo")
    assert hall.seen(mine, champion) == [home]
    hall.look(home, champion, status=404)
    hall.ask("POST", f"/cases/{mine}/withdrawal", who, {}, status=201)
    hall.look(mine, champion, status=409)


def test_a_look_asked_twice_with_one_key_is_one(hall: Hall) -> None:
    who = hall.citizen("bea")
    home, mine = hall.opened(who, "residence-registration"), hall.benefit(who)
    keyed = hall.worker | {"Idempotency-Key": "0b7d7a4e-0d1c-4f44-9f0b-2a8c1d1e0001"}
    assert hall.look(mine, keyed) == hall.look(mine, keyed)
    assert len(hall.ask("GET", f"/cases/{home}/looks", who)["items"]) == 1


def test_a_case_nobody_signed_in_for_shows_none(hall: Hall) -> None:
    reference = hall.benefit({})
    assert hall.seen(reference, hall.worker) == []
