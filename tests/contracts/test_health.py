"""Health, with servers and without."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from flask import Flask
from flask.testing import FlaskClient

from tests.contracts.conftest import is_problem
from tests.servers import Database


def test_ready(make: Callable[..., Flask], database_url: str, redis_url: str) -> None:
    client = make(database_url, redis_url=redis_url).test_client()
    for address in ("/health/ready", "/api/v1/health/ready"):
        found = client.get(address)
        assert found.status_code == 200, found.get_data(as_text=True)
        assert (found.json or {}).items() >= {"status": "ready", "database": "up", "redis": "up"}.items()


def test_redis_away_is_told_but_harms_nothing(make: Callable[..., Flask], database_url: str) -> None:
    found = make(database_url, redis_url="redis://127.0.0.1:1/0").test_client().get("/health/ready")
    assert (found.status_code, (found.json or {})["redis"]) == (200, "away")


def test_database_away(client: FlaskClient) -> None:
    problem = is_problem(client.get("/health/ready"), 503, "unavailable")
    assert problem["database"] == "away"
    assert client.get("/health/live").get_json() == {"status": "live"}


def test_a_database_of_another_version(make: Callable[..., Flask], fresh_database: Database, redis_url: str) -> None:
    client = make(fresh_database.url, redis_url=redis_url).test_client()
    assert client.get("/health/ready").status_code == 200
    with psycopg.connect(fresh_database.owner_url) as owner:
        owner.execute("UPDATE alembic_version SET version_num = '0000'")
    assert is_problem(client.get("/health/ready"), 503, "unavailable")["database"] == "not migrated"
