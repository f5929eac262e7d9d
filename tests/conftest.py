"""Fixtures all tests share: real servers, migrated databases, and the data that lies beside the repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.local.processes import die_with_parent
from tests.servers import ROOT, Database, Servers, chosen_binaries, running_servers


def pytest_configure(config: pytest.Config) -> None:
    """A worker of pytest-xdist does not outlive a killed pytest, nor do its servers."""
    if hasattr(config, "workerinput"):
        die_with_parent()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey of this pytest process."""
    with running_servers(chosen_binaries()) as both:
        yield both


@pytest.fixture(scope="session")
def database(servers: Servers) -> Database:
    """A migrated database all tests of this pytest process share: leave nothing in it that could disturb another."""
    return servers.database("shared")


@pytest.fixture(scope="session")
def database_url(database: Database) -> str:
    """Its address, signed in as the portal does."""
    return database.url


@pytest.fixture(scope="session")
def owner_url(database: Database) -> str:
    """Its address, signed in as the owner of the tables."""
    return database.owner_url


@pytest.fixture
def fresh_database(servers: Servers) -> Iterator[Database]:
    """A migrated database of this test alone."""
    new = servers.database()
    yield new
    servers.drop(new.name)


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    """The Redis-protocol server of this pytest process."""
    return servers.redis_url


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real and reference data beside the repository; it is never copied into it."""
    place = ROOT.parent / "shared" / "data"
    if not place.is_dir():
        pytest.skip(f"no reference data: {place} is not there")
    return place
