"""Drafts by programs: saved, opened by secret or keeper, changed by one at a time, taken up by staff, sent once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from portal.cases import reference as references
from tests.channels.conftest import House, opened
from tests.servers import Servers


@pytest.fixture(scope="module")
def house(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    database = servers.database()
    with opened(database, tmp_path_factory.mktemp("drafts"), public_url="http://city.example") as one:
        yield one
    servers.drop(database.name)


def begun(house: House, **more: Any) -> dict[str, Any]:
    found = house.client.post("/api/v1/drafts", json={"service": "pothole", "answers": {"place": "Mill Lane 4"}, **more})
    assert found.status_code == 201, found.data
    told: dict[str, Any] = found.json
    return told


def by_secret(draft: dict[str, Any], **more: str) -> dict[str, str]:
    return {"Case-Secret": draft["secret"], **more}


def test_saved_opened_changed_and_sent(house: House) -> None:
    draft = begun(house, contact={"name": "Ada"})
    assert draft["missing"] == []
    place = f"/api/v1/drafts/{draft['reference']}"
    found = house.client.get(place, headers=by_secret(draft))
    assert found.json["answers"] == {"place": "Mill Lane 4"} and found.json["contact"] == {"name": "Ada"}
    tag = found.headers["ETag"]
    changed = house.client.patch(place, json={"answers": {"depth_cm": 12}}, headers=by_secret(draft, **{"If-Match": tag}))
    assert changed.status_code == 200 and changed.json["answers"] == {"place": "Mill Lane 4", "depth_cm": 12}
    assert changed.headers["ETag"] == house.client.get(place, headers=by_secret(draft)).headers["ETag"]
    stale = house.client.patch(place, json={"answers": {"depth_cm": 13}}, headers=by_secret(draft, **{"If-Match": tag}))
    assert stale.status_code == 412
    wrong = house.client.patch(place, json={"answers": {"depth_cm": "deep", "nothing": 1}}, headers=by_secret(draft))
    assert {one["pointer"] for one in wrong.json["errors"]} == {"/answers/depth_cm", "/answers/nothing"}
    out = house.client.patch(place, json={"answers": {"depth_cm": None}}, headers=by_secret(draft))
    assert out.json["answers"] == {"place": "Mill Lane 4"}
    sent = house.client.post(f"{place}/submission", json={}, headers=by_secret(draft, **{"Idempotency-Key": "k" * 40}))
    assert sent.status_code == 201, sent.data
    again = house.client.post(f"{place}/submission", json={}, headers=by_secret(draft, **{"Idempotency-Key": "k" * 40}))
    assert again.json == sent.json and again.headers["Idempotency-Replayed"] == "true"
    twice = house.client.post(f"{place}/submission", json={}, headers=by_secret(draft))
    assert twice.status_code == 409 and twice.json["type"].endswith("draft-sent")
    case = house.client.get(f"/api/v1/cases/{sent.json['reference']}", headers={"Case-Secret": sent.json["secret"]})
    assert case.json["given"]["answers"]["place"] == "Mill Lane 4" and case.json["given"]["contact"] == {"name": "Ada"}


def test_what_is_not_whole_is_not_sent_and_stays(house: House) -> None:
    draft = begun(house, answers={})
    place = f"/api/v1/drafts/{draft['reference']}"
    assert draft["missing"] == ["place"]
    refused = house.client.post(f"{place}/submission", json={}, headers=by_secret(draft))
    assert refused.status_code == 422 and refused.json["errors"][0]["pointer"] == "/answers/place"
    assert house.client.get(place, headers=by_secret(draft)).status_code == 200


def test_a_caseworker_takes_it_up_with_its_secret_and_a_citizen_finishes_it_at_home(house: House) -> None:
    draft, staff = begun(house), house.staff("city-council")
    place = f"/api/v1/drafts/{draft['reference']}"
    assert house.client.get(place, headers=staff).status_code == 404, "without its secret it is not there"
    taken = house.client.post(f"{place}/taking-up", json={"channel": "phone"}, headers={**staff, **by_secret(draft)})
    assert taken.status_code == 422 and taken.json["errors"][0]["pointer"] == "/consent"
    taken = house.client.post(f"{place}/taking-up", json={"channel": "phone", "consent": "signed"}, headers={**staff, **by_secret(draft)})
    assert taken.status_code == 200, taken.data
    assert house.client.get(place, headers=staff).status_code == 200
    colleague = house.staff("city-council", sub="another")
    assert house.client.get(place, headers=colleague).status_code == 404
    changed = house.client.patch(place, json={"answers": {"depth_cm": 9}, "channel": "phone"}, headers=staff)
    assert changed.status_code == 200 and changed.json["channel"] == "phone"
    home = house.client.get(place, headers=by_secret(draft)).json
    assert home["answers"] == {"place": "Mill Lane 4", "depth_cm": 9}
    sent = house.client.post(f"{place}/submission", json={"channel": "phone"}, headers=staff)
    assert sent.status_code == 201, sent.data
    with psycopg.connect(house.database.superuser_url) as connection:
        told = connection.execute(
            "SELECT type, actor, e.channel FROM events e JOIN saved_drafts USING (case_id) WHERE reference = %s ORDER BY seq", (draft["reference"],)
        ).fetchall()
    assert [type for type, _, _ in told] == ["DraftBegun", "DraftTakenUp", "ConsentGiven", "DraftChanged", "DraftEnded"]
    assert told[0][1] == "party" and all(actor.startswith("staff:") and channel in ("phone", None) for _, actor, channel in told[1:])


def test_kept_among_ones_own(house: House) -> None:
    draft = begun(house)
    alice = {"Authorization": f"Bearer {house.issuer.token(sub='alice', roles=['citizen'])}"}
    bilal = {"Authorization": f"Bearer {house.issuer.token(sub='bilal', roles=['citizen'])}"}
    place = f"/api/v1/drafts/{draft['reference']}"
    assert house.client.get(place, headers=alice).status_code == 404
    assert house.client.post(f"{place}/keeping", headers={**alice, **by_secret(draft)}).status_code == 204
    assert house.client.get(place, headers=alice).status_code == 200
    assert [one["reference"] for one in house.client.get("/api/v1/drafts", headers=alice).json["items"]] == [draft["reference"]]
    assert house.client.get("/api/v1/drafts", headers=bilal).json["items"] == []
    refused = house.client.post(f"{place}/keeping", headers={**bilal, **by_secret(draft)})
    assert refused.status_code == 409
    own = house.client.post("/api/v1/drafts", json={"text": "a lamp"}, headers=alice).json
    assert house.client.delete(f"/api/v1/drafts/{own['reference']}", headers=alice).status_code == 204
    assert house.client.get(f"/api/v1/drafts/{own['reference']}", headers=alice).status_code == 404


def test_not_there_not_yours_deleted_and_of_a_case_are_one_answer(house: House) -> None:
    gone, other = begun(house), begun(house)
    assert house.client.delete(f"/api/v1/drafts/{gone['reference']}", headers=by_secret(gone)).status_code == 204
    case = house.client.post("/api/v1/cases", json={"text": "a hole"}).json
    tries = [
        (gone["reference"], gone["secret"]),
        (other["reference"], gone["secret"]),
        (references.new(), gone["secret"]),
        (case["reference"], case["secret"]),
    ]
    told = set()
    for reference, secret in tries:
        found = house.client.get(f"/api/v1/drafts/{reference}", headers={"Case-Secret": secret})
        told.add((found.status_code, str({name: value for name, value in found.json.items() if name not in ("instance", "request_id")})))
    assert len(told) == 1 and next(iter(told))[0] == 404, told
    assert house.client.get(f"/api/v1/drafts/{other['reference']}").status_code == 401


def test_a_form_that_changed_meanwhile_loses_nothing(house: House) -> None:
    draft = begun(house, answers={"place": "Mill Lane 4", "depth_cm": 200, "surface": "cycle-path"})
    place = f"/api/v1/drafts/{draft['reference']}"
    catalogue = house.portal.catalogue
    before = catalogue.services["pothole"]
    fields = tuple(replace(one, maximum=100) if one.id == "depth_cm" else one for one in before.fields if one.id != "surface")
    try:
        catalogue.services["pothole"] = replace(before, fields=fields)
        told = house.client.get(place, headers=by_secret(draft)).json
        assert told["answers"] == {"place": "Mill Lane 4"}
        assert sorted((one["field"], one["value"], one["asked"]) for one in told["unfit"]) == [("depth_cm", "200", True), ("surface", "cycle-path", False)]
        assert all(one["label"] for one in told["unfit"]), "they are named as they were"
        again = house.client.patch(place, json={"answers": {"depth_cm": 20}}, headers=by_secret(draft)).json
        assert again["answers"] == {"place": "Mill Lane 4", "depth_cm": 20} and [one["field"] for one in again["unfit"]] == ["surface"]
        del catalogue.services["pothole"]
        told = house.client.get(place, headers=by_secret(draft)).json
        assert told["service"] is None and "Mill Lane 4" in told["text"] and "20" in told["text"]
    finally:
        catalogue.services["pothole"] = before
    assert house.client.get(place, headers=by_secret(draft)).json["answers"] == {"place": "Mill Lane 4", "depth_cm": 20}


def test_staff_say_how_whom_a_request_is_for_agreed_and_nobody_else_does(house: House) -> None:
    body = {"service": "pothole", "answers": {"place": "Mill Lane 4"}, "channel": "phone", "consent": "spoken"}
    refused = house.client.post("/api/v1/cases", json=body)
    assert refused.status_code == 422 and refused.json["errors"][0]["pointer"] == "/consent"
    wrong = house.client.post("/api/v1/cases", json={**body, "consent": "surely"}, headers=house.staff("roads"))
    assert wrong.status_code == 422 and wrong.json["errors"][0]["pointer"] == "/consent"
    made = house.client.post("/api/v1/cases", json=body, headers=house.staff("roads"))
    assert made.status_code == 201, made.data
    told = house.client.get(f"/api/v1/cases/{made.json['reference']}/consents", headers={"Case-Secret": made.json["secret"]}).json["items"]
    assert [(one["kind"], one["state"]) for one in told] == [("entry", "given")]
    with psycopg.connect(house.database.superuser_url) as connection:
        rows = connection.execute(
            "SELECT actor, e.data->>'how' FROM events e JOIN cases USING (case_id) WHERE type = 'ConsentGiven' AND reference = %s", (made.json["reference"],)
        ).fetchall()
    assert [(actor.split(":")[0], how) for actor, how in rows] == [("staff", "spoken")]
    without = house.client.post("/api/v1/cases", json={name: value for name, value in body.items() if name != "consent"}, headers=house.staff("roads"))
    assert without.status_code == 201
