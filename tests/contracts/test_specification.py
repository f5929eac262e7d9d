"""The description of the API is valid and whole: every route says who may call it, every problem type is documented."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from portal.access.permissions import PERMISSIONS
from portal.api.allowed import allowed, demand_actions
from portal.api.refusals import known
from portal.errors import Refusal

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def described(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/openapi.json").get_json()
    return found


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, item in described["paths"].items() for method, one in item.items() if method in METHODS]


def test_valid_openapi_3_1(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    validate(described)


def test_every_operation_says_who_may_call_it(described: dict[str, Any]) -> None:
    assert operations(described)
    for path, method, one in operations(described):
        action = one["x-authz"]["action"]
        assert one["x-authz"]["subjects"] == PERMISSIONS[action].subjects, (path, method)
        assert one["security"], (path, method)
        assert one["summary"], (path, method)


def test_every_route_under_v1_is_described(app: Flask, described: dict[str, Any]) -> None:
    paths = {path.replace("{", "<").replace("}", ">") for path in described["paths"]}
    served = {
        re.sub(r"<\w+:", "<", str(rule))
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/v1") and not str(rule.endpoint).startswith("probes.")
    }
    assert {path for path in served if "agencies" not in path} <= paths


def test_a_route_without_action_stops_the_start(app: Flask) -> None:
    demand_actions(app)
    app.add_url_rule("/planted", "planted", lambda: "open to all")
    with pytest.raises(LookupError, match="/planted"):
        demand_actions(app)


def test_an_action_nobody_declared() -> None:
    with pytest.raises(KeyError):
        allowed("case.burn")


def test_errors_are_described_as_problem_documents(described: dict[str, Any]) -> None:
    for path, method, one in operations(described):
        assert one["responses"]["default"] == {"$ref": "#/components/responses/DEFAULT_ERROR"}, (path, method)
    for name, response in described["components"]["responses"].items():
        assert list(response["content"]) == ["application/problem+json"], name


def test_problem_types_are_documented(client: FlaskClient) -> None:
    assert len(known()) >= 20
    index = client.get("/docs/problems").get_data(as_text=True)
    for slug, one in known().items():
        page = client.get(f"/docs/problems/{slug}")
        assert page.status_code == 200
        assert str(one.status) in page.get_data(as_text=True)
        assert f"/docs/problems/{slug}" in index
    assert client.get("/docs/problems/nothing").status_code == 404


def test_two_refusals_do_not_share_a_slug() -> None:
    planted = type("Planted", (Refusal,), {"slug": "not-found", "__module__": "portal.planted", "__doc__": "Planted."})
    with pytest.raises(LookupError, match="Planted"):
        known()
    planted.__module__ = "tests"
    known()


def test_documents_load_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/docs/try")
    text = page.get_data(as_text=True)
    assert "'unsafe" not in page.headers["Content-Security-Policy"]
    assert "<script>" not in text
    assert "http" not in text.replace("http-equiv", "")
    for part in ("swagger-ui/swagger-ui-bundle.js", "swagger-ui/swagger-ui.css", "docs.js", "plain.css"):
        assert f"/docs/static/{part}" in text
        with client.get(f"/docs/static/{part}") as found:
            assert found.status_code == 200


def test_the_interface_is_read_without_scripts(client: FlaskClient) -> None:
    page, described = client.get("/docs").get_data(as_text=True), client.get("/api/openapi.json").get_json()
    assert "<script" not in page and not re.search(r'(src|href)="(https?:)?//', page)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids), "every link leads somewhere"
    for path, methods in described["paths"].items():
        for method in methods.keys() - {"parameters"}:
            assert f"<code>{method.upper()} {escape(path)}</code>" in page
    for name, schema in described["components"]["schemas"].items():
        part = page.partition(f'<h3 id="schema-{name}">')[2].partition("<h3")[0]
        assert all(f"<code>{escape(field)}</code>" in part for field in schema.get("properties", {})), name


def test_what_channels_have_mounted_is_described_for_reading(app: Flask, client: FlaskClient, described: dict[str, Any]) -> None:
    """The OpenAPI document promises JSON and problem documents. Endpoints of channels answer as GeoReport and carriers want it, errors too: they stand in
    `/docs` alone, every one of them, with what they take and who may."""
    page = client.get("/docs").get_data(as_text=True)
    mounted = [rule for rule in app.url_map.iter_rules() if hasattr(app.view_functions[rule.endpoint], "channel")]
    assert {app.view_functions[rule.endpoint].channel for rule in mounted} >= {"open311", "sms"}  # type: ignore[attr-defined]
    for rule in mounted:
        path, view = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule)), app.view_functions[rule.endpoint]
        (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        assert (view.__doc__ or "").strip(), path
        (says,) = re.findall(rf"<code>{method} {re.escape(escape(path))}</code> ([^<]+)</summary>", page)
        assert says.strip(), path
        assert path not in described["paths"], path
    assert "X-Twilio-Signature" in page and "GET services/CODE" in page


@pytest.mark.parametrize(
    "address", ["/", "/docs", "/docs/try", "/docs/problems", "/api/openapi.json", "/api/v1/services", "/health/live", "/api/v1/nothing", "/nothing"]
)
def test_headers_of_every_answer(make: Callable[..., Flask], address: str) -> None:
    for public, secure in (("http://127.0.0.1:8000", False), ("https://portal.example", True)):
        headers = make(public_url=public).test_client().get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"]
        assert len(headers["X-Request-Id"]) == 36
        assert ("Strict-Transport-Security" in headers) is secure
