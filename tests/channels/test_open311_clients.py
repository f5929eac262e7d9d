"""Clients other people wrote, unchanged, against our GeoReport door: georeport 0.3.1, civicbot 0.4, and the calls of three 0.8 (for Python 2 only)."""

from __future__ import annotations

import http.client
import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from civicbot.http import HttpTransport, RateLimiter
from civicbot.open311 import Open311Client
from civicbot.registry import Endpoint
from georeport import GeoReport

from tests.channels.conftest import House
from tests.channels.test_open311 import KEYS, PUBLIC, post

#: One black dot.
PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("jurisdiction", [None, "rivermouth"])
def test_georeport(form: str, jurisdiction: str | None, house: House, address: str) -> None:
    ids = {post(house), post(house)}
    client = GeoReport(f"{address}/open311/v2", jurisdiction=jurisdiction, output_format=form)
    assert sorted(one["service_code"] for one in client.get_service_list()) == PUBLIC
    definition = client.get_service_definition("pothole")
    assert definition["service_code"] == "pothole" and definition["attributes"]
    listed = client.get_service_requests(status="open", start_date=(datetime.now(UTC) - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert ids <= {one["service_request_id"] for one in listed}
    assert all(list(one) == KEYS for one in listed)
    one = client.get_service_request(next(iter(ids)))
    assert one["service_request_id"] in ids and list(one) == KEYS


def bot(address: str) -> Open311Client:
    endpoint = Endpoint(id="ours", name="Ours", base_url=f"{address}/open311/v2", write=True)
    return Open311Client(endpoint, HttpTransport(rate_limiter=RateLimiter(0.0)), jurisdiction_id="rivermouth")


def test_civicbot(house: House, address: str) -> None:
    client = bot(address)
    sent = client.create_request(
        "pothole",
        dry_run=False,
        confirm="SEND",
        api_key="development",
        validate_remote=True,
        lat=50.8461,
        lng=4.3521,
        description="Profond & dangereux « ici »",
        attributes={"surface": "pavement"},
        email="bot@example.org",
    )
    id = sent.response[0]["service_request_id"]
    assert client.get_request(id)["service_request_id"] == id
    assert id in [one["service_request_id"] for one in client.list_requests(service_code="pothole", status="open", page_size=50)]
    assert [one["service_request_id"] for one in client.list_requests(service_request_ids=[id])] == [id]
    assert client.get_service_definition("street-light-fault")["attributes"]
    given = house.client.get(f"/api/v1/cases/{id}", headers=house.staff("roads")).json["given"]
    assert given["text"] == "Profond & dangereux « ici »" and given["answers"]["surface"] == "pavement"


def ask(address: str, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, str, Any]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], json.loads(answer.read())
    finally:
        connection.close()


def test_the_calls_of_three(house: House, address: str) -> None:
    status, _, found = ask(address, "GET", "/open311/v2/discovery.json")
    assert status == 200 and found["endpoints"]
    form = {"first_name": "Anna", "last_name": "Ber", "address_string": "Main 1", "phone": "555", "description": "pothole", "lat": 1.5, "long": 2.5}
    form |= {"service_code": "pothole", "api_key": "development", "jurisdiction_id": "rivermouth"}
    status, _, found = ask(address, "POST", "/open311/v2/requests.json", urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
    assert status == 200, found
    id = found[0]["service_request_id"]
    given = house.client.get(f"/api/v1/cases/{id}", headers=house.staff("roads")).json["given"]
    assert given["contact"] == {"name": "Anna Ber", "phone_as_given": "555"}, "a number that is none blocks nothing and is not lost"
    for path in (
        "services.json?jurisdiction_id=rivermouth",
        "services/pothole.json?jurisdiction_id=rivermouth&api_key=",
        f"requests/{id}.json?api_key=development",
        "requests.json?page_size=5&status=open&start_date=2026-11-01T00:00:00Z&api_key=",
        f"tokens/{id}.json?api_key=x",
    ):
        assert ask(address, "GET", f"/open311/v2/{path}")[0] == 200, path
    status, kind, found = ask(address, "POST", "/open311/v2/requests.json", b"service_code=pothole", {"Content-Type": "application/x-www-form-urlencoded"})
    assert (status, kind, found[0]["code"]) == (403, "application/json; charset=utf-8", 403), "it reads the body of every answer below 500"


def parts(fields: dict[str, str], name: str, content: bytes) -> tuple[bytes, dict[str, str]]:
    """A form in parts with a file in the field `media`."""
    mark = "boundary-of-the-test"
    body = b"".join(f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode() for key, value in fields.items())
    body += f'--{mark}\r\nContent-Disposition: form-data; name="media"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'.encode()
    return body + content + f"\r\n--{mark}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={mark}"}


def test_a_form_in_parts_with_a_picture(house: House, address: str) -> None:
    """What three posts where it is given a file: it becomes a document of the case; what is no picture is told of, and blocks nothing."""
    fields = {"service_code": "pothole", "api_key": "development", "address_string": "Quai d'été 3", "description": "é <b>"}
    status, _, found = ask(address, "POST", "/open311/v2/requests.json", *parts(fields, "hole.png", PNG))
    assert status == 200 and "hole.png" not in found[0]["service_notice"]
    listed = house.client.get(f"/api/v1/cases/{found[0]['service_request_id']}/documents", headers=house.staff("roads")).json["items"]
    assert [one["name"] for one in listed] == ["hole.png"]
    status, _, found = ask(address, "POST", "/open311/v2/requests.json", *parts(fields, "hole.png", b"\x89PNG nothing"))
    assert status == 200 and "hole.png: " in found[0]["service_notice"]
    same = {**fields, "external_id": "with a picture"}
    ids = {ask(address, "POST", "/open311/v2/requests.json", *parts(same, "hole.png", PNG))[2][0]["service_request_id"] for _ in range(2)}
    (id,) = ids
    assert len(house.client.get(f"/api/v1/cases/{id}/documents", headers=house.staff("roads")).json["items"]) == 1


def test_what_the_public_validator_looks_at(address: str) -> None:
    """open311-validator (SeeClickFix): types of content, discovery in both forms, and an endpoint that serves services with codes."""
    for form, kind in (("xml", "text/xml"), ("json", "application/json")):
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        connection.request("GET", f"/open311/discovery.{form}")
        answer = connection.getresponse()
        said = Message()
        said["Content-Type"] = answer.headers["Content-Type"]
        assert answer.headers["Content-Type"].startswith(kind) and said.get_content_charset() == "utf-8" and answer.read()
        connection.close()
    _, _, found = ask(address, "GET", "/open311/discovery.json")
    assert found["contact"] and found["key_service"] and all("text/xml" in one["formats"] for one in found["endpoints"])
    assert all(one["service_code"] for one in ask(address, "GET", "/open311/v2/services.json")[2])
