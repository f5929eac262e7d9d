"""Whatever goes wrong becomes a problem document that says what to do and nothing of the inside."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portal.api.allowed import allowed
from portal.errors import Conflict, Refusal, StillRunning, TooMany
from tests.contracts.conftest import is_problem, post

SECRET = "Anna Muster, 12 Sample Street"


def raising(error: Callable[[], BaseException]) -> Callable[[Flask], None]:
    def routes(app: Flask) -> None:
        @app.route("/api/v1/planted")
        @app.route("/planted")
        @allowed("catalogue.read")
        def planted() -> str:
            raise error()

    return routes


def again() -> RecursionError:
    return RecursionError(SECRET)


CASES: dict[str, tuple[Callable[[], BaseException], int, str]] = {
    "a fault": (lambda: ValueError(SECRET), 500, "our-fault"),
    "too deep": (again, 400, "too-deep"),
    "database lost": (lambda: psycopg.OperationalError(SECRET), 503, "unavailable"),
    "database closed": (lambda: psycopg.InterfaceError(SECRET), 503, "unavailable"),
    "disk full": (lambda: psycopg.errors.DiskFull(SECRET), 503, "unavailable"),
    "too slow": (lambda: psycopg.errors.QueryCanceled(SECRET), 503, "unavailable"),
    "lost, by SQLAlchemy": (lambda: OperationalError("SELECT 1", {"name": SECRET}, psycopg.OperationalError(SECRET)), 503, "unavailable"),
    "no connection free": (lambda: PoolTimeout(SECRET), 503, "unavailable"),
    "a broken rule": (lambda: psycopg.errors.UniqueViolation(SECRET), 500, "our-fault"),
    "a plain refusal": (lambda: Refusal("Send it otherwise."), 400, "refused"),
}


@pytest.mark.parametrize(("error", "status", "slug"), CASES.values(), ids=CASES)
def test_the_inside_stays_inside(make: Callable[..., Flask], capsys: pytest.CaptureFixture[str], error: Any, status: int, slug: str) -> None:
    client = make(routes=raising(error)).test_client()
    response = client.get("/api/v1/planted?name=Anna")
    problem = is_problem(response, status, slug)
    assert SECRET not in response.get_data(as_text=True)
    assert "Traceback" not in response.get_data(as_text=True)
    assert problem["retryable"] is (status == 503)
    assert response.headers.get("Retry-After") == ("2" if status == 503 else None)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["request_id"] for line in lines] == [response.headers["X-Request-Id"]] * (2 if slug != "refused" else 1)
    assert [(line["route"], line["status"]) for line in lines if line["event"] == "answered"] == [("/api/v1/planted", status)]
    assert "Anna" not in json.dumps(lines)
    assert all(line["timestamp"].endswith("Z") for line in lines)


@pytest.mark.parametrize("error", [StillRunning, TooMany(retry_after=30), StillRunning(retry_after=1)])
def test_when_to_come_again(make: Callable[..., Flask], error: Any) -> None:
    response = make(routes=raising(lambda: error)).test_client().get("/api/v1/planted")
    assert response.get_json()["retryable"] is True
    assert response.headers["Retry-After"] == str(response.get_json()["retry_after"])


def test_members_of_a_refusal_come_along_but_replace_nothing(make: Callable[..., Flask]) -> None:
    client = make(routes=raising(lambda: Conflict(errors=[{"pointer": "/a", "detail": "b"}], holder="roads", status=200))).test_client()
    problem = is_problem(client.get("/api/v1/planted"), 409, "conflict")
    assert problem["errors"] == [{"pointer": "/a", "detail": "b"}]
    assert problem["holder"] == "roads"


def test_people_get_a_page(make: Callable[..., Flask]) -> None:
    client = make(routes=raising(lambda: Conflict("<script>"))).test_client()
    for address, status in (("/planted", 409), ("/nothing", 404)):
        response = client.get(address)
        assert (response.status_code, response.mimetype) == (status, "text/html")
        assert "<script>" not in response.get_data(as_text=True)
        assert response.headers["X-Request-Id"] in response.get_data(as_text=True)


def test_unknown_methods_name_the_known(client: FlaskClient) -> None:
    response = client.delete("/api/v1/services")
    is_problem(response, 405, "wrong-method")
    assert {one.strip() for one in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
    is_problem(client.get("/api/v1/probes/echo"), 405, "wrong-method")
    is_problem(client.open("/api/v1/services", method="TRACE"), 405, "wrong-method")
    is_problem(post(client, "{}", "text/plain"), 415, "wrong-content-type")
    assert client.options("/api/v1/services").status_code == 200
    assert client.head("/api/v1/services").get_data() == b""


def test_method_override_is_no_method(client: FlaskClient) -> None:
    assert client.get("/api/v1/services", headers={"X-HTTP-Method-Override": "DELETE"}).status_code == 200
