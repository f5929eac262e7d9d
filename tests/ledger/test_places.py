"""A request finds its agency by its place; on an edge both are asked, and the citizen once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.issuer import Issuer
from tests.ledger.test_main_job import needed
from tests.ledger.test_referrals import Doors
from tests.servers import Database
from tests.unit.test_areas import EAST, WEST


@pytest.fixture
def doors(fresh_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    """Holes in the west are of roads, in the east of the council."""
    one = Doors(fresh_database.url, Issuer(tmp_path / "keys.json"))
    known = one.portal.catalogue
    monkeypatch.setitem(known.services, "pothole", replace(known.services["pothole"], elsewhere=("noise-complaint",)))
    monkeypatch.setitem(known.areas, ("agency", "roads"), WEST)
    monkeypatch.setitem(known.areas, ("service", "noise-complaint"), EAST)
    yield one
    one.portal.engine.dispose()


def sent(doors: Doors, **location: Any) -> dict[str, Any]:
    body = {"service": "pothole", "answers": needed(doors.portal, "pothole"), "location": location}
    told: dict[str, Any] = doors.ask("POST", "/cases", {}, body, status=201)
    return told


def test_the_place_says_whose_it_is(doors: Doors) -> None:
    assert sent(doors, lat=50.85, long=4.32)["agency"] == "roads"
    assert sent(doors, lat=50.85, long=4.38)["agency"] == "city-council"
    assert sent(doors, address="Quay 9")["agency"] == "city-council"
    assert sent(doors, address="Nowhere Lane 999")["agency"] == "front-office"
    assert sent(doors, lat=10.0, long=10.0)["agency"] == "front-office"
    assert sent(doors)["agency"] == "roads"


def test_on_an_edge_both_are_asked_and_whoever_takes_it_first_has_it(doors: Doors) -> None:
    told = sent(doors, lat=50.85, long=4.35)
    reference = told["reference"]
    assert (told["agency"], told["service"]) == ("front-office", None)
    offers = {one["to_agency"]: one for one in doors.ask("GET", "/referrals?box=out", doors.finder)["items"] if one["reference"] == reference}
    assert offers.keys() == {"roads", "city-council"}
    assert doors.waits(reference, doors.streets, "referral")["kind"] == doors.waits(reference, doors.clerk, "referral")["kind"]
    doors.ask("POST", f"/referrals/{offers['roads']['id']}/accept", doors.streets, {})
    assert doors.ask("GET", f"/referrals/{offers['city-council']['id']}", doors.clerk)["status"] == "ended"
    doors.ask("POST", f"/referrals/{offers['city-council']['id']}/accept", doors.clerk, {}, status=409)
    after = doors.ask("GET", f"/cases/{reference}", {"Case-Secret": told["secret"]})
    assert (after["service"], after["agency"], after["asked"]) == ("pothole", "roads", [])
    assert after["given"]["answers"]
    assert [one for one in doors.ask("GET", "/tasks", doors.finder)["items"] if one["reference"] == reference] == []


def test_where_both_decline_people_find_the_door(doors: Doors) -> None:
    told = sent(doors, lat=50.85, long=4.35)
    for one in doors.ask("GET", "/referrals?box=out", doors.finder)["items"]:
        who = doors.streets if one["to_agency"] == "roads" else doors.clerk
        doors.ask("POST", f"/referrals/{one['id']}/decline", who, {"words": "Not ours."})
    assert doors.waits(told["reference"], doors.finder)["turn"] == 0
