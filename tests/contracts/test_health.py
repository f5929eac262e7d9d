"""Health, with servers and without."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.catalogue.definitions import Catalogue
from portal.catalogue.store import store
from portal.db import connect
from tests.contracts.conftest import is_problem
from tests.servers import Database


@pytest.fixture
def published(fresh_database: Database, catalogue: Catalogue) -> Database:
    """A database that holds the shipped content, and a sweeper that looked a moment ago."""
    engine = connect(fresh_database.owner_url, pool=1)
    with engine.begin() as connection:
        store(connection, catalogue.stored)
    engine.dispose()
    with psycopg.connect(fresh_database.owner_url) as owner:
        owner.execute("INSERT INTO heartbeats VALUES ('sweeper', now())")
    return fresh_database


def test_ready(make: Callable[..., Flask], published: Database, redis_url: str) -> None:
    client = make(published.url, redis_url=redis_url).test_client()
    for address in ("/health/ready", "/api/v1/health/ready"):
        found = client.get(address)
        assert found.status_code == 200, found.get_data(as_text=True)
        assert (found.json or {}).items() >= {"status": "ready", "database": "up", "redis": "up", "definitions": "published"}.items()


def test_redis_away_is_told_but_harms_nothing(make: Callable[..., Flask], published: Database) -> None:
    found = make(published.url, redis_url="redis://127.0.0.1:1/0").test_client().get("/health/ready")
    assert (found.status_code, (found.json or {})["redis"], (found.json or {})["status"]) == (200, "away", "degraded")


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE heartbeats SET at = now() - interval '31 seconds'",
        "DELETE FROM heartbeats",
        "INSERT INTO inbox VALUES ('roads', 'm', NULL, 'unmatched', '{}', now(), now() - interval '61 s', 0)",
    ],
)
def test_what_somebody_should_look_at_is_degraded(make: Callable[..., Flask], published: Database, redis_url: str, harm: str) -> None:
    with psycopg.connect(published.superuser_url) as owner:
        owner.execute(harm.encode())
    found = make(published.url, redis_url=redis_url).test_client().get("/health/ready")
    assert (found.status_code, (found.json or {})["status"]) == (200, "degraded")


def test_database_away(client: FlaskClient) -> None:
    problem = is_problem(client.get("/health/ready"), 503, "unavailable")
    assert problem["database"] == "away"
    assert client.get("/health/live").get_json() == {"status": "live"}


def test_definitions_that_are_not_stored(make: Callable[..., Flask], fresh_database: Database, redis_url: str) -> None:
    problem = is_problem(make(fresh_database.url, redis_url=redis_url).test_client().get("/health/ready"), 503, "unavailable")
    assert (problem["database"], problem["definitions"]) == ("up", "not published")
    assert "portal publish" in problem["detail"]


def test_a_database_of_another_version(make: Callable[..., Flask], published: Database, redis_url: str) -> None:
    client = make(published.url, redis_url=redis_url).test_client()
    assert client.get("/health/ready").status_code == 200
    with psycopg.connect(published.owner_url) as owner:
        owner.execute("UPDATE alembic_version SET version_num = '0000'")
    assert is_problem(client.get("/health/ready"), 503, "unavailable")["database"] == "not migrated"


def test_a_process_that_is_about_to_stop_is_not_ready(make: Callable[..., Flask], published: Database, redis_url: str) -> None:
    app = make(published.url, redis_url=redis_url)
    app.extensions["onedoor.draining"] = lambda: True
    assert "about to stop" in is_problem(app.test_client().get("/health/ready"), 503, "unavailable")["detail"]
    assert app.test_client().get("/health/live").status_code == 200
