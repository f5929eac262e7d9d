"""`portal kpi`, `rebuild` and `verify` as one calls them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from portal.db import connect
from portal.settings import Settings, settings
from portal.unit_of_work import Portal
from tests.ledger.test_kpi_figures import LIVES, lived
from tests.servers import Database


@pytest.fixture
def database(fresh_database: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Seven cases, nothing folded yet; the environment names the database."""
    engine = connect(fresh_database.url)
    portal = Portal(engine, None, {}, Settings())  # type: ignore[arg-type]  # no content is needed here
    for life in LIVES:
        lived(portal, life)
    engine.dispose()
    for key, value in {"PORTAL_MODE": "test", "SECRET_KEY": "s" * 40, "REDIS_URL": redis_url, "DATABASE_URL": fresh_database.url}.items():
        monkeypatch.setenv(key, value)
    settings.cache_clear()
    yield fresh_database
    settings.cache_clear()


def run(*arguments: str) -> Result:
    """A command, in this process."""
    return CliRunner().invoke(main, arguments)


def test_kpi_folds_first_and_prints_json(database: Database) -> None:
    result = run("kpi", "--json", "--as-of", "2026-03-02")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found[0] == {"indicator": "requests", "version": 1, "slice": {}, "value": 7, "unit": "requests", "n": 7}
    assert [one["indicator"] for one in found[:6]] == ["requests", "open", "closed", "on-time-of-closed", "on-time-of-due", "duration-median"]


def test_kpi_slices_and_bounds(database: Database) -> None:
    result = run("kpi", "--json", "--by", "service,month", "--from", "2026-02-01T00:00:00Z", "--to", "2026-02-15T00:00:00+01:00", "--origin", "live")
    assert result.exit_code == 0, result.output
    found = {one["indicator"]: one for one in json.loads(result.stdout)}
    assert found["requests"]["slice"] == {"service": "a", "month": "2026-02"}
    assert (found["requests"]["value"], found["closed"]["value"]) == (2, 1)


def test_kpi_prints_a_table_for_people(database: Database) -> None:
    lines = run("kpi", "--by", "agency", "--as-of", "2026-03-02").stdout.splitlines()
    assert lines[0].split() == ["agency", "indicator", "value", "n"]
    assert lines[4].split() == ["roads", "on-time-of-closed", "75.00", "%", "4"]
    assert lines[6].split() == ["roads", "duration-median", "5", "d", "00:00:00", "5"]
    assert len({line.rindex(" ") for line in lines[1:]}) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("--by", "colour"), "'colour' is none of"), (("--from", "yesterday"), "is no instant"), (("--to", "2026-01-01T00:00:00"), "does not say its offset")],
)
def test_kpi_says_what_it_cannot_take(database: Database, arguments: tuple[str, str], says: str) -> None:
    result = run("kpi", *arguments)
    assert (result.exit_code, says in result.output) == (2, True)


def test_rebuild_compares_and_puts_right(database: Database) -> None:
    assert (run("rebuild", "--compare").exit_code, run("kpi").exit_code) == (0, 0)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE case_facts SET status = 'lost'")
    compared = run("rebuild", "--compare")
    assert compared.exit_code == 1
    assert "status is 'lost', the events say" in compared.output
    assert "7 rows differ" in compared.output
    assert run("rebuild").exit_code == 0
    assert run("rebuild", "--compare").exit_code == 0


def test_verify_names_case_and_event(database: Database) -> None:
    whole = run("verify")
    assert (whole.exit_code, whole.stdout) == (0, "33 events of 7 cases verified, 0 journeys made again; no cases with a fault\n")
    with psycopg.connect(database.superuser_url) as owner:
        owner.execute("ALTER TABLE events DISABLE TRIGGER USER")
        changed = owner.execute("UPDATE events SET actor = 'nobody' WHERE type = 'CaseClosed' AND occurred_at = '2026-01-06' RETURNING case_id, seq").fetchone()
    assert changed is not None
    result = run("verify")
    assert result.exit_code == 1
    assert f"case {changed[0]} ({changed[0]}): event {changed[1]} (CaseClosed): was changed" in result.output
