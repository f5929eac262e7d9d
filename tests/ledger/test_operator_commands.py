"""`portal migrate`, `publish` and `doctor` on a database as an operator finds it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import sql

from portal.cli import main
from portal.cli.migrate import ROLES
from portal.settings import settings
from tests.servers import Database, Servers


@pytest.fixture
def portal(servers: Servers, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database, its owner and the name of a login that does not exist yet; answers the database's name."""
    name = f"op_{secrets.token_hex(4)}"
    owner = f"{name}_owner"
    with psycopg.connect(servers.postgres.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(sql.Identifier(owner)))
        roles = sql.SQL(", ").join(map(sql.Identifier, ROLES))
        connection.execute(sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(roles, sql.Identifier(owner)))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner)))
    values = {"PORTAL_MODE": "test", "SECRET_KEY": secrets.token_hex(20), "REDIS_URL": redis_url}
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
    assert "start `portal sweep`" in after.output
    assert [line for line in after.output.splitlines() if line.startswith("WRONG") and "queue" not in line and "sweeper" not in line] == []


def wrong() -> dict[str, str]:
    """What is wrong by `portal doctor --json`, and what to do."""
    found = json.loads(run("doctor", "--json").output)
    assert all(one["well"] or one["do"] for one in found)
    return {f"{one['check']}: {one['says']}": one["do"] for one in found if not one["well"]}


HARMS = {
    "backlog: inbox unmatched of roads: 1 due": "INSERT INTO inbox VALUES ('roads', 'm', NULL, 'unmatched', '{}', now(), now() - interval '2 min', 0)",
    "backlog: timer": "INSERT INTO timers (case_id, id, kind, subject, due_at, generation, armed) "
    "VALUES (gen_random_uuid(), gen_random_uuid(), 'due', gen_random_uuid(), now() - interval '2 min', 1, true)",
    "backlog: outbox delivery of roads: 1 due": "OUTBOX now() - interval '2 min', NULL)",
    "backlog: 1 of kind delivery to roads are parked": "OUTBOX now(), now())",
    "backlog: left alone because they keep failing: roads": "INSERT INTO breakers VALUES ('roads', 9, now() + interval '1 hour')",
    "backlog: a sweeper looked": "UPDATE heartbeats SET at = now() - interval '1 hour'",
    "limits: the login has no lock_timeout": "ALTER ROLE LOGIN SET lock_timeout = 0",
    "published:": "ALTER TABLE definitions DISABLE TRIGGER ALL; DELETE FROM definitions WHERE hash = (SELECT min(hash) FROM definitions)",
}
OUTBOX = (
    "INSERT INTO outbox (case_id, id, kind, target, subject, body, key, placed_at, attempts, crashes, epoch, next_at, parked_at) "
    "VALUES (gen_random_uuid(), gen_random_uuid(), 'delivery', 'roads', gen_random_uuid(), '{}', 'k', now(), 0, 0, 0, "
)


def test_doctor_finds_each_thing_that_is_wrong(portal: str, servers: Servers) -> None:
    run("migrate")
    run("publish")
    with psycopg.connect(servers.postgres.url(database=portal), autocommit=True) as superuser:
        superuser.execute("INSERT INTO heartbeats VALUES ('sweeper', now())")
        before = wrong()
        assert [says for says in HARMS if any(one.startswith(says) for one in before)] == []
        for harm in HARMS.values():
            superuser.execute(harm.replace("OUTBOX", OUTBOX).replace("LOGIN", f"{portal}_login IN DATABASE {portal}").encode())
    found = wrong()
    assert [says for says in HARMS if not any(one.startswith(says) for one in found)] == [], found


def test_a_server_that_forgets_is_found_and_production_does_not_begin_on_it(portal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own PostgreSQL has fsync off."""
    run("migrate")
    monkeypatch.setenv("PORTAL_MODE", "production")
    monkeypatch.setenv("MAIL_FROM", "portal@localhost")
    monkeypatch.setenv("SECRET_KEY", "s" * 40)
    settings.cache_clear()
    found = wrong()
    for one in ("fsync is off", "full_page_writes is off", "synchronous_commit is off"):
        assert f"durability: {one}" in found
    for one in ("secrets: MAIL_FROM", "secrets: AGENCY_SECRETS", "secrets: TOKEN_ISSUER", "secrets: SECRET_KEY", "bounces: MAIL_RETURN is not set"):
        assert any(says.startswith(one) for says in found), found
    monkeypatch.setenv("MAIL_RETURN", "bounces@city.example")
    settings.cache_clear()
    assert not any(says.startswith("bounces:") for says in wrong())
    monkeypatch.setenv("SECRET_KEY", secrets.token_hex(32))
    settings.cache_clear()
    started = run("web", "--port", "1")
    assert started.exit_code == 1
    assert "fsync is off: set fsync = on" in started.output


def test_doctor_finds_a_running_case_whose_journey_is_not_stored(portal: str, servers: Servers) -> None:
    run("migrate")
    run("publish")
    with psycopg.connect(servers.postgres.url(database=portal), autocommit=True) as superuser:
        needed = superuser.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'journey_runs' AND is_nullable = 'NO' AND column_default IS NULL"
        ).fetchall()
        by_type = {"uuid": "gen_random_uuid()", "text": "'x'", "timestamp with time zone": "now()", "jsonb": "'{}'", "boolean": "true"}
        values = {name: by_type.get(kind, "1") for name, kind in needed} | {"status": "'running'", "definition_hash": "'gone'"}
        superuser.execute(f"INSERT INTO journey_runs ({', '.join(values)}) VALUES ({', '.join(values.values())})".encode())
    assert any(one.startswith("dangling: 1 running") for one in wrong())


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
