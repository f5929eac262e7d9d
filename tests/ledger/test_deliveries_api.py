"""Handovers that cannot leave: people see every attempt and the reason, and send them again with one call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.dispatch.deliver import drain
from tests.contracts.issuer import Issuer
from tests.ledger.test_clocks_api import Door
from tests.servers import Database


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path) -> Iterator[Door]:
    issuer = Issuer(tmp_path / "keys.json")
    one = Door(fresh_database.url, issuer)
    one.roads = one._bearer(issuer, sub="roads", agency="roads", teams=["desk"])
    one.admin = one._bearer(issuer, sub="admin", roles=["administrator"], agency=None, teams=None)  # type: ignore[attr-defined]
    yield one
    one.portal.engine.dispose()


def pothole(door: Door) -> str:
    reference: str = door.ask("POST", "/cases", {}, {"service": "pothole", "answers": {"place": "Rue Haute 1"}}, status=201)["reference"]
    return reference


def parked(door: Door) -> tuple[str, dict[str, Any]]:
    """A case whose handover waits for people (its agency has no address here)."""
    reference = pothole(door)
    assert drain(door.portal, kinds=["delivery"]) == 1
    (one,) = door.ask("GET", f"/cases/{reference}/deliveries", door.roads)["items"]
    return reference, one


def kinds(door: Door, reference: str) -> list[str]:
    return [one["kind"] for one in door.ask("GET", "/tasks", door.roads)["items"] if one["reference"] == reference]


def test_people_see_every_attempt_and_send_it_again(door: Door) -> None:
    reference, one = parked(door)
    assert (one["state"], one["agency"], one["attempts"], one["reference"]) == ("parked", "roads", 1, reference)
    assert [(tried["attempt"], tried["code"]) for tried in one["tries"]] == [(1, "no-address")]
    assert "names a setting that is empty here" in one["refusal"]
    assert kinds(door, reference) == ["parked"]
    again = door.ask("POST", f"/deliveries/{one['id']}/retry", door.roads | {"Idempotency-Key": "k" * 22})
    assert (again["state"], again["refusal"], again["attempts"]) == ("waiting", None, 0)
    assert door.ask("POST", f"/deliveries/{one['id']}/retry", door.roads | {"Idempotency-Key": "k" * 22}) == again, "the same call once"
    assert kinds(door, reference) == [], "nobody does it by hand meanwhile"
    assert door.ask("POST", f"/deliveries/{one['id']}/retry", door.roads, status=409)["title"]
    drain(door.portal, kinds=["delivery"])
    (one,) = door.ask("GET", f"/cases/{reference}/deliveries", door.roads)["items"]
    assert (one["state"], len(one["tries"])) == ("parked", 2)
    assert kinds(door, reference) == ["parked"]


def test_who_sees_what_waits_for_people(door: Door) -> None:
    reference, one = parked(door)
    pothole(door)
    listed = door.ask("GET", "/deliveries?state=parked", door.roads)["items"]
    assert [row["id"] for row in listed] == [one["id"]]
    assert [row["reference"] for row in door.ask("GET", "/deliveries?state=parked&agency=roads", door.champion)["items"]] == [reference]
    assert [(row["id"], row["reference"]) for row in door.ask("GET", "/deliveries?state=parked", door.admin)["items"]] == [(one["id"], None)]  # type: ignore[attr-defined]
    assert door.ask("GET", "/deliveries?state=parked", door.worker)["items"] == [], "another agency's are not there"
    door.ask("POST", f"/deliveries/{one['id']}/retry", door.worker, status=404)
    door.ask("POST", f"/deliveries/{one['id']}/retry", door.champion, status=403)
    door.ask("GET", "/deliveries", {}, status=401)
    first = door.ask("GET", "/deliveries?limit=1", door.roads)
    (second,) = door.ask("GET", first["next"], door.roads)["items"]
    assert {first["items"][0]["state"], second["state"]} == {"parked", "waiting"}
    assert door.ask("POST", f"/deliveries/{one['id']}/retry", door.admin)["state"] == "waiting"  # type: ignore[attr-defined]


def test_what_people_did_by_hand_is_not_sent_again(door: Door) -> None:
    reference, one = parked(door)
    task = next(row for row in door.ask("GET", "/tasks", door.roads)["items"] if row["reference"] == reference)
    door.ask("POST", f"/tasks/{task['id']}/claim", door.roads)
    door.ask("POST", f"/tasks/{task['id']}/complete", door.roads, {"outcome": "done"})
    door.ask("POST", f"/deliveries/{one['id']}/retry", door.roads, status=409)
    (after,) = door.ask("GET", f"/cases/{reference}/deliveries", door.roads)["items"]
    assert after["state"] == "cancelled"
    assert drain(door.portal, kinds=["delivery"]) == 0
