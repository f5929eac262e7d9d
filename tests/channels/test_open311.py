"""GeoReport v2, as its specification says: documents, errors, windows, attributes, tokens, keys, and what stays hidden."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from portal.plugins.xml import Element, parsed
from tests.channels.conftest import House

V2 = "/open311/v2"
KEYS = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible", "service_notice",
    "requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode", "lat", "long", "media_url",
]  # fmt: skip
PUBLIC = ["gas-smell", "missed-waste-collection", "pothole", "street-light-fault"]
POTHOLE = {
    "api_key": "development",
    "service_code": "pothole",
    "lat": "50.846512",
    "long": "4.352512",
    "description": "A deep hole",
    "email": "ann@example.org",
}


def get(house: House, path: str, **query: str) -> Any:
    """JSON of a GET that goes well."""
    found = house.client.get(f"{V2}/{path}", query_string=query)
    assert found.status_code == 200, found.get_data(as_text=True)
    assert found.content_type == "application/json; charset=utf-8"
    return json.loads(found.data)


def post(house: House, headers: dict[str, str] | None = None, **form: Any) -> str:
    """A request; its id."""
    found = house.client.post(f"{V2}/requests.json", data={**POTHOLE, **form}, headers=headers)
    assert found.status_code == 200, found.get_data(as_text=True)
    ((told),) = json.loads(found.data)
    assert list(told) == ["service_request_id", "service_notice", "account_id"] and told["account_id"] is None
    return str(told["service_request_id"])


def refused(house: House, status: int, method: str, path: str, **how: Any) -> str:
    """Words of an error, the same in both forms and never HTML."""
    said = []
    for form, kind in (("xml", "text/xml; charset=utf-8"), ("json", "application/json; charset=utf-8")):
        found = house.client.open(f"{V2}/{path}.{form}", method=method, **how)
        assert (found.status_code, found.content_type) == (status, kind), found.get_data(as_text=True)
        if form == "json":
            told = json.loads(found.data)
            assert told and all(list(one) == ["code", "description"] and one["code"] == status for one in told)
            said.append(" | ".join(one["description"] for one in told))
        else:
            assert found.data.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
            root = parsed(found.data)
            assert root.name == "errors" and all(one.name == "error" and one.child("code") == str(status) for one in root.inside)
            said.append(" | ".join(one.child("description") for one in root.inside))
    assert said[0] == said[1]
    return said[0]


def shape(element: Element) -> Any:
    """Names inside names, without values."""
    return [element.name, *[shape(one) for one in element.inside]]


# ---------------------------------------------------------------------- discovery and services


@pytest.mark.parametrize("place", ["/open311", V2])
def test_discovery_in_both_places(place: str, house: House) -> None:
    told = json.loads(house.client.get(f"{place}/discovery.json").data)
    assert list(told) == ["changeset", "contact", "key_service", "endpoints"] and all(told.values())
    (endpoint,) = told["endpoints"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2" and endpoint["url"] == "http://city.example/open311/v2"
    assert endpoint["formats"] == ["text/xml", "application/json"] and endpoint["type"] == "test"
    assert datetime.fromisoformat(told["changeset"]) < datetime.now(UTC)
    root = parsed(house.client.get(f"{place}/discovery.xml").data)
    assert root.name == "discovery" and [one.name for one in root.inside] == list(told)
    assert [one.text for endpoint in root.inside[3].inside for one in endpoint.inside[4].inside] == ["text/xml", "application/json"]


def test_the_changeset_moves_when_a_definition_does(house: House) -> None:
    before = get(house, "discovery.json")["changeset"]
    hash = house.portal.catalogue.hashes["service", "pothole"]
    with psycopg.connect(house.database.superuser_url) as connection:
        connection.execute(
            "INSERT INTO definitions (hash, kind, id, version, body, published_at) VALUES (%s, 'service', 'pothole', '1', '{}', now()) "
            "ON CONFLICT (hash) DO NOTHING",
            (hash,),
        )
    assert get(house, "discovery.json")["changeset"] > before


def test_services_are_the_public_ones(house: House, shared_data: Path) -> None:
    told = get(house, "services.json")
    assert sorted(one["service_code"] for one in told) == PUBLIC
    root = parsed(house.client.get(f"{V2}/services.xml").data)
    real = parsed((shared_data / "open311" / "dc-services.xml").read_bytes())
    assert (root.name, root.inside[0].name) == (real.name, real.inside[0].name)
    assert {one.name for one in root.inside[0].inside} == {one.name for one in real.inside[0].inside} == set(told[0])
    assert {one["metadata"] for one in told} == {True} and {one["type"] for one in told} == {"realtime"}


def test_a_definition_has_every_key_the_real_one_has(house: House, shared_data: Path) -> None:
    told = get(house, "services/pothole.json")
    assert list(told) == ["service_code", "attributes"]
    real = parsed((shared_data / "open311" / "dc-services-S0301.xml").read_bytes())
    keys = {one.name for one in real.inside[1].inside[0].inside}
    assert all(set(one) == keys for one in told["attributes"])
    assert [one["order"] for one in told["attributes"]] == [1, 2, 3]
    surface = told["attributes"][1]
    assert surface["datatype"] == "singlevaluelist" and [one["key"] for one in surface["values"]] == ["carriageway", "pavement", "cycle-path"]
    root = parsed(house.client.get(f"{V2}/services/pothole.xml").data)
    assert shape(root)[:2] == ["service_definition", ["service_code"]]
    assert {one.name for one in root.inside[1].inside[0].inside} == keys


def test_what_is_not_there(house: House) -> None:
    assert refused(house, 404, "GET", "services/nothing") == "service_code: nothing was not found."
    assert "noise-complaint" in refused(house, 404, "GET", "services/noise-complaint")
    refused(house, 404, "GET", "requests/4K7P-9TXC-MD3H")
    refused(house, 404, "GET", "tokens/tok")
    refused(house, 404, "GET", "services", query_string={"jurisdiction_id": "elsewhere.gov"})
    refused(house, 404, "GET", "nothing/at/all")
    refused(house, 405, "POST", "services")
    refused(house, 405, "DELETE", "requests")
    for path in ("/open311", "/open311/v2/services", "/open311/v2/services.html", "/open311/v3/x", "/open311/v2/requests.json/"):
        found = house.client.get(path)
        assert found.status_code == 404 and found.content_type == "text/xml; charset=utf-8", path
    get(house, "services.json", jurisdiction_id="rivermouth")


def test_what_cannot_be_read_is_an_error_document(house: House) -> None:
    for query in (b"start_date=%00", b"a=%ff", b"&".join(b"a%d=1" % number for number in range(500))):
        found = house.client.get(f"{V2}/requests.json?{query.decode()}")
        assert found.status_code == 400 and found.content_type == "application/json; charset=utf-8" and json.loads(found.data)[0]["code"] == 400
    found = house.client.post(f"{V2}/requests.json", data=b"x" * (7 * 1024 * 1024), content_type="application/x-www-form-urlencoded")
    assert found.status_code == 413 and json.loads(found.data)[0]["code"] == 413
    found = house.client.post(f"{V2}/requests.json", data="{}", content_type="application/json")
    assert found.status_code == 400 and json.loads(found.data)[0]["code"] == 400


# ---------------------------------------------------------------------- a request comes in


def test_a_request_and_its_list_of_one(house: House, shared_data: Path) -> None:
    id = post(house)
    ((told),) = get(house, f"requests/{id}.json")
    assert list(told) == KEYS
    assert (told["status"], told["service_code"], told["agency_responsible"]) == ("open", "pothole", "Rivermouth Roads and Lighting")
    for name in ("requested_datetime", "updated_datetime", "expected_datetime"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told[name])
    assert datetime.fromisoformat(told["expected_datetime"]) > datetime.fromisoformat(told["requested_datetime"])
    root = parsed(house.client.get(f"{V2}/requests/{id}.xml").data)
    real = parsed((shared_data / "open311" / "service-request.xml").read_bytes())
    assert shape(root) == shape(real)


def test_what_nobody_approved_is_hidden_and_what_somebody_did_is_shown(house: House) -> None:
    id = post(house, description="My neighbour Zyx fell", address_string="Rue Secrète 9", media_url="https://pictures.example/1.jpg", phone="02 123 45 67")
    ((hidden),) = get(house, f"requests/{id}.json", extensions="true")
    assert "Zyx" not in str(hidden) and "Secrète" not in str(hidden) and "pictures" not in str(hidden) and "ann@" not in str(hidden)
    assert (hidden["lat"], hidden["long"]) == (50.85, 4.35)
    assert hidden["description"] is None and hidden["notes"][0]["type"] == "opened" and "extended_attributes" in hidden
    staff = house.staff("roads")
    body = {"words": "Somebody fell", "address": True, "point": True, "media": True}
    said = house.client.post(f"/api/v1/cases/{id}/publication", json=body, headers=staff)
    assert said.status_code == 200 and said.json["shown"] == ["address", "description", "lat", "long", "media_url"]
    ((shown),) = get(house, f"requests/{id}.json")
    assert (shown["description"], shown["address"], shown["media_url"]) == ("Somebody fell", "Rue Secrète 9", "https://pictures.example/1.jpg")
    assert (shown["lat"], shown["long"]) == (50.846512, 4.352512)
    assert house.client.post(f"/api/v1/cases/{id}/publication", json={}, headers=staff).json["shown"] == []
    ((again),) = get(house, f"requests/{id}.json")
    assert (again["description"], again["lat"], again["media_url"]) == (None, 50.85, None)
    (event,) = _events(house, id, "CasePublished")[:1]
    assert event["shown"] == ["address", "description", "lat", "long", "media_url"] and "Zyx" not in str(event)


def test_a_picture_is_shown_once_approved_and_safe_and_bare(house: House) -> None:
    place = b"GPS 50.8465 4.3525"
    exif, extra = b"\xff\xe1" + (len(place) + 8).to_bytes(2, "big") + b"Exif\0\0" + place, b"\xff\xfe" + (len(place) + 2).to_bytes(2, "big") + place
    tables, scan = b"\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00", b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\xff\x00\x34\xff\xd0\x56"
    again = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x9a"
    jpeg = b"\xff\xd8" + exif + tables + extra + scan + extra + again + b"\xff\xd9" + place
    staff, form = house.staff("roads"), {"api_key": "development", "service_code": "pothole", "address_string": "x"}
    made = house.client.post(f"{V2}/requests.json", data={**form, "media": (io.BytesIO(jpeg), "hole.jpg")}, content_type="multipart/form-data")
    id = made.json[0]["service_request_id"]
    assert house.client.get(f"{V2}/pictures/{id}").status_code == 404
    approving = f"/api/v1/cases/{id}/publication"
    waits = house.client.post(approving, json={"media": True}, headers=staff)
    assert waits.status_code == 409 and waits.json["type"].endswith("not-scanned-yet")
    with psycopg.connect(house.database.superuser_url) as connection:
        connection.execute("UPDATE documents SET status = 'clean' WHERE case_id = (SELECT case_id FROM cases WHERE reference = %s)", (id,))
    assert get(house, f"requests/{id}.json")[0]["media_url"] is None
    assert house.client.post(approving, json={"media": True}, headers=staff).json["shown"] == ["picture"]
    address = get(house, f"requests/{id}.json")[0]["media_url"]
    assert address == f"http://city.example{V2}/pictures/{id}"
    assert f"<media_url>{address}</media_url>" in house.client.get(f"{V2}/requests/{id}.xml").get_data(as_text=True)
    seen = house.client.get(f"{V2}/pictures/{id}")
    assert (seen.status_code, seen.content_type) == (200, "image/jpeg")
    assert seen.data == b"\xff\xd8" + tables + scan + again + b"\xff\xd9" and b"GPS" not in seen.data
    assert seen.headers["Cross-Origin-Resource-Policy"] == "cross-origin" and seen.headers["X-Content-Type-Options"] == "nosniff"
    house.client.post(approving, json={}, headers=staff)
    assert house.client.get(f"{V2}/pictures/{id}").status_code == 404
    assert get(house, f"requests/{id}.json")[0]["media_url"] is None


def test_who_may_approve(house: House) -> None:
    id = post(house)
    for headers, status in (({}, 401), (house.staff("social-services"), 404), (house.staff("roads", roles=["duty"]), 403)):
        assert house.client.post(f"/api/v1/cases/{id}/publication", json={"description": True}, headers=headers).status_code == status
    started = house.client.post("/api/v1/cases", json={"service": "noise-complaint", "answers": _needed(house, "noise-complaint")}).json
    found = house.client.post(f"/api/v1/cases/{started['reference']}/publication", json={"description": True}, headers=house.staff("city-council"))
    assert found.status_code == 409 and "public" in found.json["detail"]


def test_requests_for_services_that_are_not_public_are_never_there(house: House) -> None:
    started = house.client.post("/api/v1/cases", json={"service": "noise-complaint", "answers": _needed(house, "noise-complaint")}).json
    refused(house, 404, "GET", f"requests/{started['reference']}")
    assert get(house, "requests.json", service_request_id=started["reference"]) == []
    assert get(house, "requests.json", service_code="noise-complaint") == []
    assert "noise-complaint" not in {one["service_code"] for one in get(house, "requests.json")}


def test_the_key(house: House) -> None:
    for form in ({**POTHOLE, "api_key": ""}, {**POTHOLE, "api_key": "wrong"}, {name: value for name, value in POTHOLE.items() if name != "api_key"}):
        assert refused(house, 403, "POST", "requests", data=form) == "Invalid api_key received -- can't proceed with create_request."


def test_keys_of_others_stand_in_a_file(house: House, tmp_path: Path) -> None:
    from portal.ports.front import Front
    from portal.settings import Settings
    from portal.unit_of_work import Portal

    (tmp_path / "keys").write_text("# ours\nfixmystreet: a-key-of-theirs\nshort: x\n")
    settings = Settings(PORTAL_MODE="production", channel_keys=str(tmp_path / "keys"), secret_key="s" * 32)  # type: ignore[arg-type]
    front = Front(Portal(house.portal.engine, house.portal.catalogue, {}, settings), "open311")
    assert [front.key(one) for one in ("a-key-of-theirs", "development", "", "x")] == ["fixmystreet", None, None, None]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"service_code": ""}, "service_code: was not provided."),
        ({"lat": "", "long": ""}, "A location is needed"),
        ({"lat": ""}, "sent together"),
        ({"lat": "91"}, "lat: send degrees"),
        ({"lat": "nan"}, "lat: send degrees"),
        ({"long": "1e400"}, "long: send degrees"),
        ({"description": "x" * 4001}, "longer than 4000"),
        ({"media_url": "javascript:alert(1)"}, "media_url"),
        ({"email": "not an address"}, "e-mail address"),
        ({"attribute[depth_cm]": "deep"}, "depth_cm: Enter a number from 0 to 300."),
        ({"attribute[depth_cm]": "301"}, "depth_cm: Enter a number from 0 to 300."),
        ({"attribute[surface]": "moon"}, "surface: Choose one of the answers below."),
        ({"attribute[colour]": "red"}, "colour: pothole asks no question of that name"),
        ({"description": "a\x00b"}, ""),
        ({"description": "a\x07b"}, "cannot be printed"),
    ],
)
def test_what_a_request_is_refused_for(form: dict[str, str], says: str, house: House) -> None:
    assert says in refused(house, 400, "POST", "requests", data={**POTHOLE, **form})


def test_several_faults_are_told_at_once(house: House) -> None:
    said = refused(house, 400, "POST", "requests", data={"api_key": "development", "description": "x" * 4001})
    assert said.count("|") == 2
    assert refused(house, 404, "POST", "requests", data={**POTHOLE, "service_code": "noise-complaint"}) == "service_code: noise-complaint was not found."


@pytest.mark.parametrize("place", [{"address_string": "Rue Haute 1"}, {"address_id": "545483"}, {"lat": "50.8", "long": "4.3"}])
def test_each_kind_of_location_is_enough(place: dict[str, str], house: House) -> None:
    id = post(house, **{"lat": "", "long": "", **place})
    staff = house.client.get(f"/api/v1/cases/{id}", headers=house.staff("roads")).json
    assert staff["given"]["answers"]["place"] == {"address_string": "Rue Haute 1", "address_id": "545483", "lat": "50.800000, 4.300000"}[next(iter(place))]
    assert staff["channel"] == "open311"


def test_attributes_and_words_come_as_they_were_sent(house: House) -> None:
    id = post(
        house, **{"attribute[surface]": "pavement", "attribute[depth_cm]": "12", "attribute[place]": "Élysée <1> & co", "first_name": "Ann", "last_name": "Bé"}
    )
    given = house.client.get(f"/api/v1/cases/{id}", headers=house.staff("roads")).json["given"]
    assert given["answers"] == {"place": "Élysée <1> & co", "surface": "pavement", "depth_cm": 12}
    assert given["contact"] == {"name": "Ann Bé", "email": "ann@example.org"} and given["text"] == "A deep hole"


def test_a_list_of_several_values(house: House) -> None:
    """No shipped public service asks for several: the channel is asked itself."""
    from channels.open311 import Values, _answers
    from portal.plugins.channel import Offer, Question

    offer = Offer("x", "X", "", "a", "j", (Question("days", "choices", "Days", None, True, {"mon": "Monday", "tue": "Tuesday"}),))
    pairs = [("attribute[days][]", "mon"), ("attribute[days][]", "tue")]
    assert _answers(offer, Values(pairs), {}) == {"days": ["mon", "tue"]}
    assert _answers(offer, Values(pairs[:1]), {}) == {"days": ["mon"]}


def test_the_same_of_the_same_application_is_one_for_ever(house: House) -> None:
    first = post(house, external_id="FMS-1")
    assert post(house, external_id="FMS-1", description="told twice") == first
    assert post(house, {"Idempotency-Key": "FMS-1"}) == first
    assert post(house, **{"attribute[fixmystreet_id]": "x"}) != first
    assert post(house, external_id="FMS-2") != first
    assert post(house) != post(house)


def test_a_token_leads_to_its_request(house: House) -> None:
    answer = house.client.post(f"{V2}/requests.json", data=POTHOLE, headers={"Prefer": "respond-async"})
    ((told),) = json.loads(answer.data)
    assert list(told) == ["token", "service_notice", "account_id"]
    ((resolved),) = get(house, f"tokens/{told['token']}.json")
    assert list(resolved) == ["service_request_id", "token"] and resolved["token"] == told["token"]
    get(house, f"requests/{resolved['service_request_id']}.json")
    forged = told["token"][:-1] + ("0" if told["token"][-1] != "0" else "1")
    refused(house, 404, "GET", f"tokens/{forged}")


def test_the_secret_goes_beside_the_document(house: House) -> None:
    answer = house.client.post(f"{V2}/requests.json", data=POTHOLE)
    ((told),) = json.loads(answer.data)
    secret = answer.headers["Case-Secret"]
    assert secret not in answer.get_data(as_text=True)
    mine = house.client.get(f"/api/v1/cases/{told['service_request_id']}", headers={"Case-Secret": secret})
    assert mine.status_code == 200 and mine.json["given"]["text"] == "A deep hole"


def test_danger_is_answered_at_once(house: House) -> None:
    answer = house.client.post(f"{V2}/requests.json", data={**POTHOLE, "service_code": "gas-smell"} | {"attribute[place]": "here"})
    if answer.status_code != 200:
        needed = {f"attribute[{name}]": str(value) for name, value in _needed(house, "gas-smell").items()}
        answer = house.client.post(f"{V2}/requests.json", data={**POTHOLE, "service_code": "gas-smell", **needed})
    assert "112" in json.loads(answer.data)[0]["service_notice"]


# ---------------------------------------------------------------------- lists


def test_windows_statuses_codes_and_pages(house: House) -> None:
    ids = [post(house) for _ in range(3)] + [
        post(house, service_code="street-light-fault", **{f"attribute[{k}]": str(v) for k, v in _needed(house, "street-light-fault").items()})
    ]
    old = post(house)
    _moved(house, old, days=100)
    listed = [one["service_request_id"] for one in get(house, "requests.json")]
    assert set(ids) <= set(listed) and old not in listed
    assert listed[0] == ids[-1], "the newest first"
    now = datetime.now(UTC)
    wide = {"start_date": (now - timedelta(days=130)).isoformat(), "end_date": (now - timedelta(days=60)).isoformat()}
    assert old in [one["service_request_id"] for one in get(house, "requests.json", **wide)]
    assert {one["service_code"] for one in get(house, "requests.json", service_code="street-light-fault")} == {"street-light-fault"}
    assert {one["service_code"] for one in get(house, "requests.json", service_code="street-light-fault,pothole,nothing")} == {"street-light-fault", "pothole"}
    assert get(house, "requests.json", status="closed") == [] or all(one["status"] == "closed" for one in get(house, "requests.json", status="closed"))
    assert set(ids) <= {one["service_request_id"] for one in get(house, "requests.json", status="open,closed")}
    both = get(house, "requests.json", service_request_id=f"{ids[0]},{old},nothing", status="closed", service_code="street-light-fault")
    assert {one["service_request_id"] for one in both} == {ids[0], old}
    pages = [one["service_request_id"] for number in ("1", "2") for one in get(house, "requests.json", page_size="2", page=number)]
    assert pages == listed[:4]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-04-02T00:00:00Z"}, "90 days"),
        ({"start_date": "yesterday"}, "start_date"),
        ({"start_date": "2026-04-02T00:00:00Z", "end_date": "2026-04-01T00:00:00Z"}, "before start_date"),
        ({"status": "lost"}, "status"),
        ({"page": "0"}, "page"),
        ({"page_size": "many"}, "page_size"),
        ({"end_date": "0001-01-01T00:00:00Z"}, "calendars"),
    ],
)
def test_what_a_list_is_refused_for(query: dict[str, str], says: str, house: House) -> None:
    assert says in refused(house, 400, "GET", "requests", query_string=query)


def test_a_parameter_sent_empty_is_not_sent(house: House) -> None:
    post(house)
    assert get(house, "requests.json", status="", service_code="", start_date="", page="", service_request_id="") == get(house, "requests.json")


def test_dates_without_an_encoded_plus(house: House) -> None:
    id = post(house)
    start = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    found = house.client.get(f"{V2}/requests.json?start_date={start}")
    assert id in found.get_data(as_text=True)


def test_a_request_ends(house: House) -> None:
    answer = house.client.post(f"{V2}/requests.json", data=POTHOLE)
    id = json.loads(answer.data)[0]["service_request_id"]
    before = datetime.now(UTC).replace(microsecond=0)
    gone = house.client.post(f"/api/v1/cases/{id}/withdrawal", json={}, headers={"Case-Secret": answer.headers["Case-Secret"]})
    assert gone.status_code in (200, 201), gone.data
    ((told),) = get(house, f"requests/{id}.json", extensions="true")
    assert told["status"] == "closed" and told["status_notes"] == "Taken back" and told["service_notice"] is None
    assert datetime.fromisoformat(told["updated_datetime"]) >= before and told["notes"][-1]["type"] == "closed"
    assert id in [one["service_request_id"] for one in get(house, "requests.json", status="closed")]
    assert id not in [one["service_request_id"] for one in get(house, "requests.json", status="open")]
    changes = [one for one in get(house, "servicerequestupdates.json") if one["service_request_id"] == id]
    assert [one["status"] for one in changes] == ["OPEN", "CANCELLED"] or [one["status"] for one in changes][-1] == "CANCELLED"
    assert list(changes[0]) == ["update_id", "service_request_id", "status", "updated_datetime", "description", "media_url"]


def test_updates_of_others_are_read_by_people_and_change_nothing(house: House) -> None:
    id = post(house)
    form = {"api_key": "development", "service_request_id": id, "update_id": "u1", "status": "FIXED", "updated_datetime": "2026-11-22T09:00:00Z"}
    form["description"] = "Zyx says it is fixed"
    path = f"{V2}/servicerequestupdates"
    first = house.client.post(f"{path}.json", data=form)
    assert first.status_code == 200 and list(json.loads(first.data)[0]) == ["update_id"]
    assert house.client.post(f"{path}.json", data=form).data == first.data
    root = parsed(house.client.post(f"{path}.xml", data=form).data)
    assert shape(root) == ["service_request_updates", ["request_update", ["update_id"]]]
    ((told),) = get(house, f"requests/{id}.json")
    assert told["status"] == "open"
    tasks = house.client.get("/api/v1/tasks", headers=house.staff("roads")).json["items"]
    (word,) = [one for one in tasks if one["reference"] == id and one["kind"] == "word"]
    notes = house.client.get(f"/api/v1/cases/{id}", headers=house.staff("roads")).json["given"]["notes"]
    assert ["Zyx says it is fixed" in one["words"] for one in notes] == [True]
    done = house.staff("roads")
    assert house.client.post(f"/api/v1/tasks/{word['id']}/claim", headers=done).status_code == 200
    assert house.client.post(f"/api/v1/tasks/{word['id']}/complete", json={}, headers=done).status_code == 200
    assert refused(house, 403, "POST", "servicerequestupdates", data={**form, "api_key": ""}).startswith("Invalid api_key")
    assert "status" in refused(house, 400, "POST", "servicerequestupdates", data={**form, "status": "GONE"})
    refused(house, 404, "POST", "servicerequestupdates", data={**form, "service_request_id": "4K7P-9TXC-MD3H"})


def test_errors_of_real_cities_have_the_same_form(house: House, shared_data: Path) -> None:
    real = parsed((shared_data / "open311" / "boston-err-submitrequest-base_is_duplicate.xml").read_bytes())
    mine = parsed(house.client.get(f"{V2}/services/nothing.xml").data)
    assert shape(mine) == shape(real)


def test_any_page_may_read_the_data(house: House) -> None:
    assert house.client.get(f"{V2}/requests.json").headers["Access-Control-Allow-Origin"] == "*"


def _needed(house: House, service: str) -> dict[str, Any]:
    from tests.ledger.test_main_job import needed

    return needed(house.portal, service)


def _events(house: House, reference: str, type: str) -> list[dict[str, Any]]:
    with psycopg.connect(house.database.superuser_url) as connection:
        rows = connection.execute(
            "SELECT e.data FROM events e JOIN case_references r USING (case_id) WHERE r.reference = %s AND e.type = %s ORDER BY seq", (reference, type)
        )
        return [data for (data,) in rows.fetchall()]


def _moved(house: House, reference: str, *, days: int) -> None:
    with psycopg.connect(house.database.superuser_url) as connection:
        connection.execute("UPDATE public_requests SET requested_at = requested_at - make_interval(days => %s) WHERE reference = %s", (days, reference))
