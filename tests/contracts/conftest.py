"""A web application on the shipped content; without a database where a test asks for none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import fields
from pydantic import SecretStr

from portal.api.allowed import allowed
from portal.api.asking import principal
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.app import create_app
from portal.catalogue.definitions import Catalogue
from portal.catalogue.load import load
from portal.db import connect
from portal.settings import Settings
from portal.unit_of_work import Portal
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer

#: Nobody listens there.
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


class Anything(Schema):
    """A body with one member of any kind, and one of each usual kind."""

    any = fields.Raw(allow_none=True)
    number = fields.Integer(strict=True)
    inside = fields.Dict(keys=fields.String(), values=fields.Integer(strict=True))


def probes() -> Resource:
    """Routes of the tests' own, guarded and parsed like any other."""
    resource = Resource("probes", __name__, description="For tests.", url_prefix="/api/v1/probes")

    @resource.route("/echo", methods=["POST"])
    @allowed("case.open")
    @resource.arguments(Anything)
    @resource.response(200)
    def echo(body: dict[str, Any]) -> dict[str, Any]:
        return body

    @resource.route("/nothing", methods=["POST"])
    @allowed("case.open")
    @resource.response(200)
    def nothing() -> dict[str, Any]:
        return {"done": True}

    @resource.route("/who")
    @allowed("catalogue.read")
    @resource.response(200)
    def who() -> dict[str, Any]:
        one = principal()
        return {"scope": one.scope, "subject": one.subject, "agencies": one.agencies, "teams": one.teams, "roles": one.roles}

    @resource.route("/desk")
    @allowed("task.list")
    @resource.response(200)
    def desk() -> dict[str, Any]:
        return {}

    @resource.route("/any/<name>")
    @allowed("catalogue.read")
    @resource.response(200)
    def any_name(name: str) -> dict[str, Any]:
        return {"name": name}

    return resource


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """The shipped content."""
    return load()


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """A sign-in of this test's own."""
    return Issuer(tmp_path / "keys.json")


@pytest.fixture
def make(catalogue: Catalogue, issuer: Issuer) -> Iterator[Callable[..., Flask]]:
    """Makes an application with settings; `routes` registers further ones before the first request."""

    apps: list[Flask] = []

    def made(url: str = NOWHERE, routes: Callable[[Flask], None] = lambda app: None, **chosen: Any) -> Flask:
        settings = Settings(
            PORTAL_MODE="test", token_issuer=ISSUER, token_audience=AUDIENCE, token_keys=str(issuer.place), secret_key=SecretStr("s" * 32), **chosen
        )
        app = create_app(Portal(connect(url), catalogue, {}, settings))
        app.register_blueprint(probes())
        routes(app)
        apps.append(app)
        return app

    yield made
    for app in apps:
        app.extensions["onedoor"].engine.dispose()
        if "onedoor.redis" in app.extensions:
            app.extensions["onedoor.redis"].close()


@pytest.fixture
def app(make: Callable[..., Flask]) -> Flask:
    """The application, database away."""
    return make()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Asks it."""
    return app.test_client()


def post(client: FlaskClient, body: bytes | str, content_type: str = "application/json") -> Any:
    """Posts raw bytes to the echo."""
    return client.post("/api/v1/probes/echo", data=body, content_type=content_type)


def is_problem(response: Any, status: int, slug: str) -> dict[str, Any]:
    """The problem document, found to be one."""
    assert (response.status_code, response.content_type) == (status, "application/problem+json"), response.get_data(as_text=True)[:300]
    found: dict[str, Any] = json.loads(response.get_data())
    assert found["type"] == f"/docs/problems/{slug}"
    assert found["status"] == status
    assert {"title", "detail", "instance", "retryable"} <= found.keys()
    assert found["instance"] == f"urn:uuid:{response.headers['X-Request-Id']}"
    return found
