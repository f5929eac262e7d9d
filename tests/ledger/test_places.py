"""A request finds its agency by its place; on an edge both are asked, and the citizen once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.db import connect, new_id
from portal.intake.receive import Submission, receive
from portal.unit_of_work import ANONYMOUS
from tests.contracts.issuer import Issuer
from tests.definitions.small_city import FILES
from tests.ledger.test_main_job import needed
from tests.ledger.test_referrals import Doors
from tests.ledger.versions_of_town import case, told, town
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


def box(west: float, east: float) -> str:
    """An area as a city would draw it."""
    ring = [[west, 50.80], [east, 50.80], [east, 50.90], [west, 50.90], [west, 50.80]]
    return json.dumps({"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}})


def test_a_city_that_draws_its_areas_in_files_is_asked_by_place(fresh_database: Database, tmp_path: Path) -> None:
    hall, tree = FILES["services/hall/agency.yaml"], FILES["services/hall/tree.yaml"]
    drawn = {
        "services/hall/agency.yaml": hall + "area: area.geojson\n",
        "services/hall/area.geojson": box(4.30, 4.35),
        "services/hall/tree.yaml": tree + "elsewhere: [borough-tree]\n",
        "services/borough/agency.yaml": hall.replace("id: hall", "id: borough") + "area: area.geojson\n",
        "services/borough/area.geojson": box(4.35, 4.40),
        "services/borough/borough-tree.yaml": tree.replace("id: tree", "id: borough-tree")
        .replace("agency: hall", "agency: borough")
        .replace("[cut tree]", "[fell tree]"),
    }
    portal = town(connect(fresh_database.url), fresh_database, tmp_path, drawn)
    found, asked = [], []
    for long in (4.32, 4.38, 4.35):
        case_id = new_id()
        with portal.work(ANONYMOUS, new_cases=[case_id]) as work:
            contact = {"email": "ann@example.org"}
            receive(work, Submission(service="tree", answers={"girth": 150}, contact=contact, location={"lat": 50.85, "long": long}), case_id=case_id)
        found.append((case(portal, case_id)["agency"], case(portal, case_id)["service"]))
        asked.append(sorted(one["data"]["to_agency"] for one in told(portal, case_id, "ReferralOffered")))
        assert told(portal, case_id, "PartyAsked") == []
    assert found == [("hall", "tree"), ("borough", "borough-tree"), ("hall", None)]
    assert asked == [[], [], ["borough", "hall"]], "on the edge both are asked, and the citizen not again"
    portal.engine.dispose()
