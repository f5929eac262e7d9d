"""What was asked already is followed instead of asked again: done once, counted as often as it is wanted, told when it ends, and nothing private with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.cases import registry
from portal.kpi.fold import fold_all
from portal.kpi.rebuild import rebuild
from portal.kpi.report import report
from portal.outbox.tables import outbox
from portal.parties import register
from portal.unit_of_work import ENGINE
from tests.contracts.issuer import Issuer
from tests.ledger.test_clocks_api import Door
from tests.ledger.test_main_job import needed
from tests.servers import Database

HERE = "/services/pothole/similar?lat=50.851&long=4.351"


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path) -> Iterator[Door]:
    """Open for one test."""
    one = Door(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def pothole(door: Door, **location: Any) -> tuple[str, dict[str, str]]:
    body = {"service": "pothole", "answers": needed(door.portal, "pothole"), "text": "Wilhelmina's wheel broke", "contact": {"email": "first@x.example"}}
    told = door.ask("POST", "/cases", {}, body | {"location": location or {"lat": 50.852, "long": 4.352}}, status=201)
    return told["reference"], {"Case-Secret": told["secret"]}


def test_a_request_near_by_is_offered_and_nothing_private_with_it(door: Door) -> None:
    reference, _ = pothole(door)
    pothole(door, lat=51.2, long=4.4)
    found = door.ask("GET", HERE, {})
    assert [one["reference"] for one in found["items"]] == [reference]
    assert found["items"][0]["metres"] is None, "nobody has approved its exact place"
    assert [word for word in ("Wilhelmina", "first@x.example", "50.852") if word in str(found)] == []
    assert door.ask("GET", HERE.replace("pothole", "street-light-fault"), {})["items"] == []
    door.ask("GET", HERE.replace("pothole", "nothing"), {}, status=404)
    door.ask("GET", "/services/pothole/similar?lat=95&long=4", {}, status=422)
    door.ask("GET", "/services/pothole/similar", {}, status=422)


def test_it_is_done_once_counted_as_often_as_it_is_wanted_and_everybody_is_told(door: Door) -> None:
    reference, mine = pothole(door)
    path = f"/requests/{reference}/followers"
    first = door.ask("POST", path, {}, {"email": "second@x.example", "language": "fr"}, status=201)
    assert first["wanted"] == 2
    again = door.ask("POST", path, {}, {"email": "Second@x.example"}, status=201)
    assert (again["id"], again["wanted"]) == (first["id"], 2)
    assert door.ask("POST", path, {}, {"email": "third@x.example"}, status=201)["wanted"] == 3
    gone = door.ask("POST", path, {}, {"email": "fourth@x.example"}, status=201)
    door.ask("DELETE", f"{path}/{gone['id']}", {}, status=204)
    door.ask("DELETE", f"{path}/{gone['id']}", {}, status=404)
    door.ask("POST", path, {}, {"email": "no address"}, status=422)
    # Its party learns nothing of who follows it.
    assert "x.example" not in str(door.ask("GET", f"/cases/{reference}/events", mine))
    assert "second@" not in str(door.ask("GET", f"/cases/{reference}", mine))
    with door.portal.work(ENGINE) as work:
        work.narrow([case_id := registry.find(work, reference)[0]])
        registry.close(work, case_id, outcome="done")
        work.settle()
        told = [row["body"] for row in work.rows(outbox, case_id) if row["kind"] == "notice" and row["body"]["template"] == "followed"]
        wanted = {str(row["party_id"]): row["language"] for row in register.followers(work, case_id)}
        assert {row["party"]: row["language"] for row in told} == wanted
        assert len(wanted) == 2
    fold_all(door.portal)
    figures = {one["indicator"]: one["value"] for one in report(door.portal)}
    assert (figures["requests"], figures["interest"]) == (1, 3)
    assert not rebuild(door.portal, replace=False).differences
    door.ask("POST", path, {}, {"email": "late@x.example"}, status=409)
    assert door.ask("GET", HERE, {})["items"] == []


def test_a_follower_is_told_nothing_else_and_stands_on_nothing(door: Door) -> None:
    reference, _ = pothole(door)
    door.ask("POST", f"/requests/{reference}/followers", {}, {"email": "second@x.example"}, status=201)
    with door.portal.work(ENGINE) as work:
        work.narrow([case_id := registry.find(work, reference)[0]])
        assert len(register.of_case(work, case_id)) == len(register.told(work, case_id)) == 1
        before = sum(row["kind"] == "notice" for row in work.rows(outbox, case_id))
    door.ask("POST", f"/cases/{reference}/messages", door.roads, {"words": "We come on Monday."}, status=201)
    with door.portal.work(ENGINE) as work:
        work.narrow([case_id])
        assert sum(row["kind"] == "notice" for row in work.rows(outbox, case_id)) == before + 1


def test_what_is_not_for_everybody_cannot_be_followed(door: Door) -> None:
    reference, _ = door.housing()
    door.ask("POST", f"/requests/{reference}/followers", {}, {"email": "second@x.example"}, status=404)
