"""What holds for every address there is, also for those added tomorrow: headers, no change by GET, no form from elsewhere, no other method."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.routing import Rule

from portal.app import create_app
from portal.db import connect
from portal.unit_of_work import Portal
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer
from tests.ledger.conftest import SECRET, catalogue, city
from tests.servers import Database

__all__ = ["city"]

#: What a part of an address may be called; anything else is a number nobody has.
PARTS = {
    "service": "pothole",
    "agency": "city-council",
    "slug": "not-found",
    "filename": "onedoor.css",
    "step": "check",
    "id": "requests",
    "journey": "pothole",
}
NOBODY = "00000000-0000-7000-8000-000000000000"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: A look is written down: who saw which case, when somebody was last there, who works in which team, a wrong secret. Nothing else changes by a look.
LOOKS = {"case_reads", "sessions", "heartbeats", "workers", "secret_tries"}
#: Not ready: the tests publish no definitions.
NOT_READY = ("/health/ready", "/api/v1/health/ready")
#: Leaves an empty sign-in under way in the browser, and asks the provider: it is not there.
AWAY = ("/sign-in/",)


@dataclass(frozen=True)
class Place:
    """An address, and a method it knows."""

    method: str
    address: str
    endpoint: str


def places(app: Flask, methods: tuple[str, ...], reference: str = "7KQP-2MWX-4HTN") -> list[Place]:
    """Every route with such a method, its parts filled in."""
    rules: list[Rule] = sorted(app.url_map.iter_rules(), key=str)
    return [Place(method, _filled(str(rule), reference), rule.endpoint) for rule in rules for method in sorted((rule.methods or set()) & set(methods))]


def _filled(rule: str, reference: str) -> str:
    def part(found: re.Match[str]) -> str:
        converter, name = found[1] or "", found[2]
        return NOBODY if converter == "uuid:" else "1" if converter == "int:" else reference if name == "reference" else PARTS.get(name, "nothing")

    return re.sub(r"<(\w+:)?(\w+)>", part, rule)


@pytest.fixture
def apps(city: Portal) -> tuple[Flask, Flask]:
    """The portal at http and at https."""
    https = replace(city, settings=city.settings.model_copy(update={"public_url": "https://portal.example"}))
    return create_app(city), create_app(https)


def test_headers_of_every_route(apps: tuple[Flask, Flask]) -> None:
    for secure, app in enumerate(apps):
        client, seen = app.test_client(), 0
        for place in places(app, ("GET", "POST")):
            if place.address.startswith(AWAY):
                continue
            with client.open(place.address, method=place.method, data={}) as answer:
                assert answer.status_code < 500 or place.address in NOT_READY, place
                headers = answer.headers
                assert {name: headers.get(name) for name in ALWAYS} == ALWAYS, place
                policy = headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy and "*" not in policy, place
                assert headers["Cache-Control"], place
                assert ("Strict-Transport-Security" in headers) is bool(secure), place
                assert answer.status_code in (204, 301, 302, 303, 304) or "charset=" in headers["Content-Type"] or answer.mimetype in NO_CHARSET, place
                assert not re.search(rb"Traceback|File \"|psycopg|sqlalchemy|werkzeug", answer.get_data()), place
                assert "Server" not in headers and "X-Powered-By" not in headers
                seen += 1
        assert seen > 80


#: JSON is UTF-8 by RFC 8259 and takes no charset; pictures and scripts' types say it themselves.
NO_CHARSET = ("application/json", "application/problem+json", "application/xml", "image/svg+xml", "image/png", "application/octet-stream")


def test_cookies_belong_to_this_host_alone(apps: tuple[Flask, Flask]) -> None:
    for secure, app in enumerate(apps):
        client, given = app.test_client(), list[str]()
        given += client.get("/?language=fr").headers.getlist("Set-Cookie")
        given += client.post("/services/pothole/request").headers.getlist("Set-Cookie")
        given += client.post("/cases/leave").headers.getlist("Set-Cookie")
        assert len(given) >= 3
        for cookie in given:
            assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie and "Domain=" not in cookie
            assert cookie.startswith("__Host-") is bool(secure)
            assert ("Secure" in cookie) is bool(secure)


def rows(database: Database) -> dict[str, str]:
    """A digest of every table."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        tables = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'").fetchall()
        return {name: str(connection.execute(_DIGEST.format(name)).fetchone()) for (name,) in tables}  # type: ignore[arg-type]


_DIGEST = "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"


@dataclass(frozen=True)
class Case:
    """A case that stands there, and who may see it."""

    client: FlaskClient
    reference: str
    asking: tuple[dict[str, str], ...]


@pytest.fixture
def there(fresh_database: Database, issuer: Issuer) -> Iterator[Case]:
    """A portal with one case, asked by nobody, its party, a caseworker, a champion and an administrator."""
    settings = {"token_issuer": ISSUER, "token_audience": AUDIENCE, "token_keys": str(issuer.place), "secret_key": SecretStr(SECRET)}
    from portal.reactions import REACTIONS
    from portal.settings import Settings

    engine = connect(fresh_database.url)
    client = create_app(Portal(engine, catalogue(), REACTIONS, Settings(PORTAL_MODE="test", **settings))).test_client()  # type: ignore[arg-type]
    body = {"service": "resident-parking-permit", "answers": {"number_plate": "1-ABC-234", "home": "Rue Haute 1", "vehicle": "own"}}
    opened: dict[str, Any] = client.post("/api/v1/cases", json=body).get_json()
    roles = [{"roles": ["caseworker"], "agency": "city-council", "teams": ["desk"]}, {"roles": ["champion"]}, {"roles": ["administrator"]}]
    tokens = tuple({"Authorization": f"Bearer {issuer.token(**{'agency': None, **role})}"} for role in roles)
    yield Case(client, opened["reference"], ({}, {"Case-Secret": opened["secret"]}, *tokens))
    engine.dispose()


@pytest.fixture
def issuer(tmp_path: Any) -> Issuer:
    return Issuer(tmp_path / "keys.json")


def test_nothing_changes_because_somebody_looked(there: Case, fresh_database: Database) -> None:
    before = rows(fresh_database)
    told = set[int]()
    for headers in there.asking:
        for place in places(there.client.application, ("GET",), there.reference):
            with there.client.get(place.address, headers=headers) as answer:
                told.add(answer.status_code)
                assert answer.status_code < 500 or place.address in NOT_READY or place.address.startswith(AWAY), (place, answer.get_data(as_text=True)[:300])
    assert {200, 403, 404} <= told
    after = rows(fresh_database)
    assert {name for name in before if before[name] != after[name]} <= LOOKS


@pytest.mark.parametrize("sent", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
def test_no_page_takes_a_form_from_elsewhere(there: Case, fresh_database: Database, sent: dict[str, str]) -> None:
    before, seen = rows(fresh_database), 0
    for place in places(there.client.application, ("POST", "PUT", "PATCH", "DELETE"), there.reference):
        if place.address.startswith(("/api/", "/open311", "/channels/", "/sign-in/")):
            continue  # machines: no cookie opens these
        answer = there.client.open(place.address, method=place.method, data={"words": "x", "text": "x"}, headers=sent)
        assert answer.status_code == 403, (place, answer.status_code)
        seen += 1
    assert seen >= 8
    assert rows(fresh_database) == before


def test_a_cookie_opens_no_address_of_machines(there: Case) -> None:
    """What a browser sends by itself is never enough under /api: another site could make it do so."""
    there.client.post("/cases", data={"reference": there.reference, "secret": there.asking[1]["Case-Secret"]})
    assert there.client.get(f"/cases/{there.reference}").status_code == 200
    assert there.client.get(f"/api/v1/cases/{there.reference}").status_code == 401
    assert there.client.post(f"/api/v1/cases/{there.reference}/messages", json={"words": "x"}).status_code == 401


def test_methods_nobody_serves(there: Case, fresh_database: Database) -> None:
    before, odd = rows(fresh_database), ("TRACE", "PROPFIND", "DELETE", "PUT", "PATCH")
    served = {(place.method, place.address) for place in places(there.client.application, odd)}
    for place in places(there.client.application, ("GET", "POST")):
        for method in odd:
            if (method, place.address) in served:
                continue
            answer = there.client.open(place.address, method=method)
            assert answer.status_code in (404, 405), (method, place, answer.status_code)
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        answer = there.client.get(f"/api/v1/cases/{there.reference}/messages", headers={name: "POST", **there.asking[1]})
        assert answer.status_code == 405
    assert there.client.get(f"/cases/{there.reference}/withdrawal?_method=POST", headers=there.asking[1]).status_code in (200, 401, 404)
    assert rows(fresh_database) == before
