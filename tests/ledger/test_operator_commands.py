"""`portal migrate`, `publish` and `doctor` on a database as an operator finds it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql

from portal.cli import main
from portal.settings import settings
from tests.servers import Database, Servers


@pytest.fixture
def portal(servers: Servers, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database, its owner and the name of a login that does not exist yet; answers the database's name."""
    name = f"op_{secrets.token_hex(4)}"
    owner = f"{name}_owner"
    with psycopg.connect(servers.postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(sql.Identifier(owner)))
        connection.execute(sql.SQL("GRANT portal_app, portal_relay, portal_figures TO {} WITH ADMIN OPTION").format(sql.Identifier(owner)))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner)))
    values = {"PORTAL_MODE": "test", "SECRET_KEY": "s" * 40, "REDIS_URL": redis_url}
    values |= {"OWNER_DATABASE_URL": servers.postgres.url(owner, name), "DATABASE_URL": servers.postgres.url(f"{name}_login", name)}
    for key, value in values.items():
        monkeypatch.setenv(key, value)
    settings.cache_clear()
    yield name
    settings.cache_clear()
    servers.drop(name)


def run(*arguments: str) -> Result:
    """A command, in this process."""
    return CliRunner().invoke(main, arguments)


def test_migrate_makes_tables_and_login_and_can_be_repeated(portal: str, servers: Servers) -> None:
    first = run("migrate")
    assert first.exit_code == 0, first.output
    assert f"was empty), login {portal}_login made" in first.output
    again = run("migrate")
    assert (again.exit_code, "made" in again.output, "was" in again.output) == (0, False, False)
    with psycopg.connect(servers.postgres.url(f"{portal}_login", portal), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT count(*) FROM cases")
        connection.execute("SET ROLE portal_app")
        assert connection.execute("SELECT count(*) FROM cases").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (a int)")


def test_publish_adds_what_is_new_once(portal: str) -> None:
    run("migrate")
    first, again = run("publish"), run("publish")
    assert first.exit_code == again.exit_code == 0, first.output
    assert not first.output.startswith("0 new of ")
    assert again.output.startswith("0 new of ")


def test_doctor_says_what_to_do_until_all_is_done(portal: str) -> None:
    before = run("doctor")
    assert before.exit_code == 1
    run("migrate")
    assert "run `portal publish`" in run("doctor").output
    run("publish")
    after = run("doctor")
    assert "portal work --queue portal-1" in after.output
    assert [line for line in after.output.splitlines() if line.startswith("WRONG") and "queue" not in line] == []


def test_doctor_finds_a_short_key_and_a_superuser_in_production(portal: str, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    run("migrate")
    for key, value in {"PORTAL_MODE": "production", "SECRET_KEY": "short", "DATABASE_URL": servers.postgres.url("postgres", portal)}.items():
        monkeypatch.setenv(key, value)
    settings.cache_clear()
    said = run("doctor")
    wrong = [line for line in said.output.splitlines() if line.startswith("WRONG")]
    for part in ("SECRET_KEY", "PUBLIC_URL", "above row-level security"):
        assert any(part in line for line in wrong), said.output


def test_no_database_is_told_in_words(portal: str, monkeypatch: pytest.MonkeyPatch, fresh_database: Database) -> None:
    for key in ("DATABASE_URL", "OWNER_DATABASE_URL"):
        monkeypatch.setenv(key, "postgresql://nobody@/nothing?host=%2Fnowhere")
    settings.cache_clear()
    for command in ("migrate", "doctor"):
        said = run(command)
        assert said.exit_code == 1
        assert "Traceback" not in said.output
        assert said.exception is None or isinstance(said.exception, SystemExit)
