"""`/indicators` over HTTP: figures for everybody, what is behind them for those who may see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from pydantic import SecretStr

from portal.api import indicators, spec
from portal.app import create_app
from portal.cases import registry
from portal.db import connect, new_id
from portal.events.chain import stamp
from portal.kpi.fold import fold_all
from portal.settings import Settings
from portal.unit_of_work import ENGINE, Portal
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer
from tests.ledger.conftest import catalogue
from tests.ledger.test_kpi_figures import DAY, LIVES, START, lived
from tests.servers import Database


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path / "keys.json")


@pytest.fixture
def portal(fresh_database: Database, issuer: Issuer) -> Iterator[Portal]:
    chosen = Settings(PORTAL_MODE="test", token_issuer=ISSUER, token_audience=AUDIENCE, token_keys=str(issuer.place), secret_key=SecretStr("s" * 32))
    engine = connect(fresh_database.url)
    yield Portal(engine, catalogue(), {}, chosen)
    engine.dispose()


@pytest.fixture
def client(portal: Portal) -> FlaskClient:
    app = create_app(portal)
    if "indicators" not in app.blueprints:
        app.register_blueprint(indicators.resource)
    return app.test_client()


@pytest.fixture
def bearer(issuer: Issuer) -> Callable[..., dict[str, str]]:
    return lambda **claims: {"Authorization": f"Bearer {issuer.token(**claims)}"}


def opened(portal: Portal, agency: str, *, closed: bool = True) -> str:
    """A case of the registry, so that staff of the agency may see it; its reference."""
    from portal.access import grants

    id = new_id()
    with portal.work(ENGINE, new_cases=[id], at=START) as work:
        new = registry.Opening(
            case_id=id,
            service="a",
            service_hash=None,
            agency=agency,
            channel="web",
            language="en",
            zone="UTC",
            received_at=START,
            jurisdiction="here",
            origin="live",
            party=new_id(),
        )
        row = registry.open_case(work, new)
        grants.grant(work, id, agency, "holder")
        work.record(id, "ClockStarted", clock=str(id), kind="promise", covers="case", due_at=stamp(START + DAY), due_source="computed")
        reference: str = row["reference"]
    if closed:
        with portal.work(ENGINE, at=START + 2 * DAY) as work:
            work.narrow([id])
            registry.close(work, id, outcome="done")
    return reference


def test_the_specification_of_the_resource_is_valid() -> None:
    described = spec.build(Flask("alone"), [indicators.resource]).spec.to_dict()
    validate(described)
    assert described["paths"]["/api/v1/indicators/{id}/events"]["get"]["x-authz"]["subjects"] == ["champion", "caseworker"]


def test_anyone_sees_the_measures_and_their_overall_figures(portal: Portal, client: FlaskClient) -> None:
    for life in LIVES:
        lived(portal, life)
    fold_all(portal)
    answer = client.get("/api/v1/indicators?as_of=2026-03-02")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=60")
    first = answer.json["items"][0]
    assert {key: first[key] for key in ("indicator", "value", "unit", "n", "slice")} == {
        "indicator": "requests",
        "value": 7,
        "unit": "requests",
        "n": 7,
        "slice": {},
    }
    assert first["says"]


def test_one_measure_is_sliced_over_a_period(portal: Portal, client: FlaskClient) -> None:
    for life in LIVES:
        lived(portal, life)
    fold_all(portal)
    answer = client.get("/api/v1/indicators/on-time-of-closed?from=2026-01-01&to=2026-02-01&by=service,month").json
    assert answer["items"] == [
        {"indicator": "on-time-of-closed", "version": 1, "slice": {"service": "a", "month": "2026-01"}, "value": 50.0, "unit": "percent", "n": 2}
    ]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("from=tomorrow", "from"),
        ("to=2026-01-01T00:00:00", "to"),
        ("by=colour", "by"),
        ("origin=moon", "origin"),
        ("as_of=x", "as_of"),
        ("colour=red", "colour"),
    ],
)
def test_what_cannot_be_taken_is_named(client: FlaskClient, query: str, parameter: str) -> None:
    answer = client.get(f"/api/v1/indicators/closed?{query}")
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert parameter in answer.json["errors"][0]["parameter"]


def test_an_indicator_that_does_not_exist_is_not_found(client: FlaskClient) -> None:
    assert client.get("/api/v1/indicators/happiness").status_code == 404


def test_what_is_behind_a_figure_is_for_staff_and_champions(portal: Portal, client: FlaskClient, bearer: Callable[..., dict[str, str]]) -> None:
    roads, water = [opened(portal, "roads") for _ in range(2)], opened(portal, "water")
    opened(portal, "roads", closed=False)
    fold_all(portal)
    address = "/api/v1/indicators/on-time-of-closed/events"
    assert client.get(address).status_code == 401
    assert client.get(address, headers=bearer(roles=["citizen"], agency=None)).status_code == 403
    mine = client.get(address, headers=bearer(agency="roads")).json
    assert ([one["reference"] for one in mine["items"]], mine["next"]) == (roads, None)
    assert [event["type"] for event in mine["items"][0]["events"]] == ["CaseOpened", "ClockStarted", "CaseClosed"]
    assert mine["items"][0]["counts"] is False
    every = client.get(address, headers=bearer(roles=["champion"], agency=None)).json
    assert [one["reference"] for one in every["items"]] == [*roads, water]
    some = client.get(f"{address}?agency=water", headers=bearer(roles=["champion"], agency=None)).json
    assert [one["reference"] for one in some["items"]] == [water]


def test_what_is_behind_a_figure_comes_in_pages(portal: Portal, client: FlaskClient, bearer: Callable[..., dict[str, str]]) -> None:
    wanted = [opened(portal, agency) for agency in ("roads", "water") for _ in range(5)][:5]
    fold_all(portal)
    found: list[Any] = []
    address = "/api/v1/indicators/closed/events?limit=2"
    while address:
        answer = client.get(address, headers=bearer(agency="roads")).json
        assert len(answer["items"]) <= 2
        found += [one["reference"] for one in answer["items"]]
        address = (answer["next"] or "").removeprefix("http://127.0.0.1:8000")
    assert found == wanted
