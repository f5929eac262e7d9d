"""The portal with its real content on a database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from portal.catalogue.definitions import Catalogue
from portal.catalogue.load import load
from portal.db import connect
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.standards.resolve import resolve
from portal.unit_of_work import Portal
from tests.servers import Database

SECRET = "a secret of the tests, long enough to be one"


@cache
def catalogue() -> Catalogue:
    """The content that ships."""
    return load(resolve_calendar=resolve)


@pytest.fixture
def city(fresh_database: Database) -> Iterator[Portal]:
    """Everything but doors and workers: what follows from an event happens, nothing leaves."""
    engine = connect(fresh_database.url)
    yield Portal(engine, catalogue(), REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]
    engine.dispose()
