"""Requests no honest client sends: each gets a clear 4xx as a problem document, never a 5xx."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.api.gate import BODY
from portal.api.spec import CHANGES
from tests.contracts.conftest import is_problem, post
from tests.unit.test_gate import DEEP, HOSTILE


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_json_no_two_parsers_agree_on(client: FlaskClient, body: bytes) -> None:
    is_problem(post(client, body), 400, "bad-json")


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_deep_json(client: FlaskClient, body: bytes) -> None:
    if len(body) < BODY:
        is_problem(post(client, body), 400, "too-deep")
    else:
        is_problem(post(client, body), 413, "too-large")


def test_ten_megabytes(client: FlaskClient) -> None:
    is_problem(post(client, b'{"any":"' + b"x" * 10_000_000 + b'"}'), 413, "too-large")
    exactly = b'{"any":"' + b"x" * (BODY - 10) + b'"}'
    assert post(client, exactly).status_code == 200
    is_problem(post(client, exactly + b" "), 413, "too-large")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "application/jsonx", ""])
def test_other_content_types(client: FlaskClient, content_type: str) -> None:
    is_problem(post(client, b"{}", content_type), 415, "wrong-content-type")


@pytest.mark.parametrize("body", ["[]", "null", "1", '"text"', "true"])
def test_a_body_that_is_no_object(client: FlaskClient, body: str) -> None:
    assert is_problem(post(client, body), 422, "invalid")["errors"] == [{"pointer": "", "detail": "Send an object."}]


def test_unknown_members_are_refused(client: FlaskClient) -> None:
    problem = is_problem(post(client, '{"status":"closed","inside":{"a/b~c":"x"},"number":2.7}'), 422, "invalid")
    assert {error["pointer"] for error in problem["errors"]} == {"/status", "/inside/a~1b~0c/value", "/number"}
    assert {error["detail"] for error in problem["errors"]} >= {"Unknown field."}


@pytest.mark.parametrize(
    ("address", "status", "slug"),
    [
        ("/api/v1/services?limit=1&limit=2", 400, "bad-address"),
        ("/api/v1/services?text=%00", 400, "bad-address"),
        ("/api/v1/services?text=%ff", 400, "bad-address"),
        ("/api/v1/services?unknown=1", 422, "invalid"),
        ("/api/v1/services?limit=0", 422, "invalid"),
        ("/api/v1/services?limit=99999999999999999999", 422, "invalid"),
        ("/api/v1/services?language=%27;DROP", 422, "invalid"),
        ("/api/v1/services?after=AAAA", 422, "invalid"),
        ("/api/v1/services?after=%C3%A9", 422, "invalid"),
        ("/api/v1/services/a%00b", 404, "not-found"),
        ("/api/v1/services/%ff", 404, "not-found"),
        ("/api/v1/services/%2e%2e", 404, "not-found"),
        ("/api/v1/%2e%2e/%2e%2e/etc/passwd", 404, "not-found"),
        ("/api/v1/services/" + "x" * 5000, 404, "not-found"),
    ],
)
def test_addresses(client: FlaskClient, address: str, status: int, slug: str) -> None:
    is_problem(client.get(address), status, slug)


@pytest.mark.parametrize("name", ["a%00b", "%ff", "%ed%a0%80", "%2e%2e", ".", "a%5cb", "a%0d%0aSet-Cookie:x=1", "%1b%5b31m"])
def test_odd_parts_of_a_path_reach_no_view(client: FlaskClient, name: str) -> None:
    is_problem(client.get(f"/api/v1/probes/any/{name}"), 404, "not-found")
    assert client.get("/api/v1/probes/any/caf%C3%A9").get_json() == {"name": "café"}


def test_static_files_stay_in_their_folder(client: FlaskClient) -> None:
    for path in ("../docs.py", "%2e%2e/docs.py", "..%2fdocs.py", "/etc/passwd", "swagger-ui/../../docs.py"):
        assert client.get(f"/docs/static/{path}", follow_redirects=True).status_code == 404
    with client.get("/docs/static/docs.js") as found:
        assert found.status_code == 200


def test_naughty_strings_come_back_as_they_were_sent(client: FlaskClient, shared_data: Path) -> None:
    texts = json.loads((shared_data / "hostile" / "blns.json").read_text("utf-8"))
    for text in texts:
        assert post(client, json.dumps({"any": text})).get_json() == {"any": text}
        assert client.get("/api/v1/services", query_string={"text": text}).status_code in (200, 400, 422)


@pytest.mark.parametrize("value", ["Basic dXNlcjpwdw==", "Bearer", "Bearer ", "Bearer a b", "Bearer \xe9", "bearer x.y.z", "Bearer " + "a" * 9000, ""])
def test_odd_authorization(client: FlaskClient, value: str) -> None:
    is_problem(client.get("/api/v1/probes/who", headers={"Authorization": value}), 401, "bad-token")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "slug"),
    [
        (b'{"a":' * 5000, "application/json", 400, "too-deep"),
        (b'{"a": NaN}', "application/json", 400, "bad-json"),
        (b'{"a": 1, "a": 2}', "application/json", 400, "bad-json"),
        (b"\xff", "application/json", 400, "bad-json"),
        (b"{", "application/json", 400, "bad-json"),
        (b'{"status": "closed"}', "application/json", 422, "invalid"),
        (b"[]", "application/json", 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "wrong-content-type"),
        (b"{}", "text/plain", 415, "wrong-content-type"),
    ],
)
def test_a_body_where_none_is_taken(client: FlaskClient, body: bytes, content_type: str, status: int, slug: str) -> None:
    is_problem(client.post("/api/v1/probes/nothing", data=body, content_type=content_type), status, slug)


@pytest.mark.parametrize(("body", "content_type"), [(b"", ""), (b"", "application/json"), (b"{}", "application/json"), (b" { } ", "application/json")])
def test_no_body_or_an_empty_one_is_none(client: FlaskClient, body: bytes, content_type: str) -> None:
    assert client.post("/api/v1/probes/nothing", data=body, content_type=content_type or None).get_json() == {"done": True}


def test_every_change_of_the_api_takes_a_body_it_declares_or_none(app: Flask) -> None:
    """By the addresses there are: what declares no body is behind the gate all the same."""
    bodiless = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if CHANGES & (rule.methods or set()) and rule.rule.startswith("/api/v1/") and rule.endpoint.count(".") == 1
        if app.view_functions[rule.endpoint].__code__.co_name == "bodiless"
    ]
    assert {"tasks.claim", "tasks.release"} <= set(bodiless), sorted(bodiless)
