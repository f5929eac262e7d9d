"""The doors of asking, extending, and what was missed: over HTTP, as each person would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from portal.app import create_app
from portal.cases import registry
from portal.db import connect
from portal.reactions import REACTIONS, sweep
from portal.settings import Settings
from portal.unit_of_work import ENGINE, Portal
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer
from tests.ledger.conftest import SECRET, catalogue
from tests.ledger.test_clocks import clock
from tests.ledger.test_main_job import needed
from tests.servers import Database

V1 = "/api/v1"


class Door:
    """The API on a database of the test's own, and who may knock."""

    def __init__(self, url: str, issuer: Issuer, **chosen: Any) -> None:
        self.issuer = issuer
        settings = Settings(
            PORTAL_MODE="test", token_issuer=ISSUER, token_audience=AUDIENCE, token_keys=str(issuer.place), secret_key=SecretStr(SECRET), **chosen
        )
        self.portal = Portal(connect(url), catalogue(), REACTIONS, settings)
        self.client: FlaskClient = create_app(self.portal).test_client()
        self.worker = self._bearer(issuer, sub="worker", agency="social-services", teams=["benefits"])
        self.roads = self._bearer(issuer, sub="roads", agency="roads", teams=["streets"])
        self.champion = self._bearer(issuer, sub="champion", roles=["champion"], agency=None, teams=None)

    def _bearer(self, issuer: Issuer, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {issuer.token(**claims)}"}

    def ask(self, method: str, path: str, who: dict[str, str], body: Any = None, status: int = 200) -> Any:
        """The answer's JSON; its status is what was expected."""
        found = self.client.open(path if path.startswith("http") else f"{V1}{path}", method=method, headers=who, json=body)
        assert found.status_code == status, found.get_data(as_text=True)
        return found.json

    def housing(self) -> tuple[str, dict[str, str]]:
        """A request for housing benefit: its reference, and the header of its party."""
        answers = needed(self.portal, "housing-benefit") | {"monthly_income": 900, "self_employed": False}
        told = self.ask("POST", "/cases", {}, {"service": "housing-benefit", "answers": answers}, status=201)
        return told["reference"], {"Case-Secret": told["secret"]}

    def task(self, reference: str) -> dict[str, Any]:
        """What waits for the worker on that case."""
        found: dict[str, Any] = next(one for one in self.ask("GET", "/tasks", self.worker)["items"] if one["reference"] == reference)
        return found


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path) -> Iterator[Door]:
    """Open for one test."""
    one = Door(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def test_a_caseworker_asks_and_the_party_answers(door: Door) -> None:
    reference, mine = door.housing()
    task = door.task(reference)
    asked = door.ask(
        "POST", f"/tasks/{task['id']}/ask", door.worker, {"fields": ["monthly_income"], "words": "The new one?", "reply_within": "14 calendar_days"}
    )
    assert (asked["turn"], asked["asked_until"] is not None, asked["holder"] is not None) == (2, True, True)
    shown = door.ask("GET", f"/cases/{reference}", mine)
    assert (shown["status"], shown["next"], shown["asked"][0]["fields"], shown["asked"][0]["words"]) == (
        "waiting",
        "answer",
        ["monthly_income"],
        "The new one?",
    )
    law = next(one for one in door.ask("GET", f"/cases/{reference}/clocks", mine | {"Accept-Language": "fr"})["items"] if one["standard"] == "decided-by-law")
    assert law["status"] == "paused"
    assert any("suspendu" in sentence for sentence in law["why"]["sentences"])
    assert {(one["state"], one["why"]) for one in law["why"]["intervals"] if one["why"] != "rolled"} == {
        ("closed", "event"),
        ("counted", None),
        ("paused", "answer"),
    }
    door.ask("POST", f"/cases/{reference}/answers", mine, {"answers": {"monthly_income": 1000}}, status=201)
    assert door.task(reference)["turn"] == 0
    assert door.ask("GET", f"/cases/{reference}", mine)["asked"] == []


def test_what_cannot_be_asked_is_told_by_pointer(door: Door) -> None:
    reference, _ = door.housing()
    id = door.task(reference)["id"]
    for body, pointer in (
        ({}, "/words"),
        ({"fields": ["shoe_size"]}, "/fields/0"),
        ({"words": "?", "reply_within": "P14D"}, "/reply_within"),
        ({"words": "?", "reply_by": "2020-01-01T00:00:00Z"}, "/reply_by"),
        ({"words": "?", "reply_by": "2020-01-01T00:00:00"}, "/reply_by"),
    ):
        found = door.ask("POST", f"/tasks/{id}/ask", door.worker, body, status=422)
        assert [one["pointer"] for one in found["errors"]] == [pointer]
    door.ask("POST", f"/tasks/{id}/ask", door.roads, {"words": "?"}, status=404)


def test_a_promise_is_extended_once(door: Door) -> None:
    reference, mine = door.housing()
    id = door.task(reference)["id"]
    body = {"standard": "decided-by-law", "words": "The landlord has to be heard."}
    door.ask("POST", f"/tasks/{id}/extension", door.worker, body)
    law = next(one for one in door.ask("GET", f"/cases/{reference}/clocks", mine)["items"] if one["standard"] == "decided-by-law")
    assert (law["extension"], law["due_at"] > law["original_due_at"]) == ("2 calendar_weeks", True)
    assert door.ask("POST", f"/tasks/{id}/extension", door.worker, body, status=409)["detail"].startswith("This promise was extended once")
    door.ask("POST", f"/tasks/{id}/extension", door.worker, body | {"standard": "other"}, status=422)


def test_what_was_missed_is_listed_page_by_page(door: Door) -> None:
    references = [door.housing()[0] for _ in range(3)]
    held = door.task(references[0])
    door.ask("POST", f"/tasks/{held['id']}/claim", door.worker)
    with door.portal.work(ENGINE) as work:
        ids = [registry.find(work, reference)[0] for reference in references]
    sweep(door.portal, at=max(clock(door.portal, id)["due_at"] for id in ids))
    seen: list[dict[str, Any]] = []
    address: str | None = "/breaches?limit=2"
    while address:
        found = door.ask("GET", address, door.champion)
        seen, address = seen + found["items"], found["next"]
        assert len(seen) < 20, seen
    assert len(seen) == 6
    assert [one["assigned"] for one in seen] == [False] * 4 + [True] * 2
    assert {one["reference"] for one in seen} == set(references)
    assert [one["id"] for one in door.ask("GET", "/breaches", door.worker)["items"]] == [one["id"] for one in seen]
    assert door.ask("GET", "/breaches", door.roads)["items"] == []
    door.ask("GET", "/breaches", {}, status=401)
