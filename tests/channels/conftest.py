"""The whole web application of the shipped content on a database of its own, asked by a client or over a socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from portal.app import create_app
from portal.db import connect
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.unit_of_work import Portal
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer
from tests.ledger.conftest import SECRET, catalogue
from tests.servers import Database, Servers


@dataclass
class House:
    """A portal with its doors."""

    portal: Portal
    app: Flask
    issuer: Issuer
    database: Database
    client: FlaskClient = field(repr=False)

    def staff(self, agency: str, **more: Any) -> dict[str, str]:
        """Header of a caseworker."""
        claims = {"sub": f"{agency}-worker", "agency": agency, "teams": ["desk"], "roles": ["caseworker"], **more}
        return {"Authorization": f"Bearer {self.issuer.token(**claims)}"}


@contextmanager
def opened(database: Database, place: Path, **chosen: Any) -> Iterator[House]:
    """A house; closed at the end."""
    issuer = Issuer(place / "keys.json")
    settings = Settings(
        PORTAL_MODE="test",
        secret_key=SECRET,  # type: ignore[arg-type]
        token_issuer=ISSUER,
        token_audience=AUDIENCE,
        token_keys=str(issuer.place),
        data=str(place),
        mail_from="portal@rivermouth.example",
        **chosen,
    )
    engine = connect(database.url)
    portal = Portal(engine, catalogue(), REACTIONS, settings)
    app = create_app(portal)
    yield House(portal, app, issuer, database, app.test_client())
    engine.dispose()


@pytest.fixture(scope="module")
def house(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for a module of tests."""
    database = servers.database()
    with opened(database, tmp_path_factory.mktemp("house"), public_url="http://city.example") as one:
        yield one
    servers.drop(database.name)


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    """The same over a socket."""
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
