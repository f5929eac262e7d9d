"""The chance of missing on a real server: fitted from the facts, stored, told to a party, listed; and the command as one calls it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random  # noqa: TID251  # seeded by the test
from uuid import UUID

import pytest
from click.testing import CliRunner
from psycopg.errors import InsufficientPrivilege

from portal.cli import main
from portal.db import connect, new_id
from portal.events.chain import stamp
from portal.kpi import chance
from portal.kpi.fold import fold_all
from portal.settings import Settings, settings
from portal.unit_of_work import ENGINE, FIGURES, Portal, Principal, Work
from tests.servers import Database, Servers

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = START + 100 * DAY
#: Not closed and not yet due at NOW; the first of a service that misses often.
RUNNING = {"sign": new_id(), "hole": new_id()}


@pytest.fixture(scope="module")
def city(servers: Servers) -> Iterator[Database]:
    """400 cases of 100 days that fell due, two that run; folded."""
    database = servers.database()
    engine = connect(database.url)
    portal = Portal(engine, None, {}, Settings())  # type: ignore[arg-type]  # no content is needed here
    luck = Random(7)
    lives = [(new_id(), luck.choice(("hole", "sign")), luck.random() * 94, luck.random()) for _ in range(400)]
    with portal.work(ENGINE, new_cases=[case_id for case_id, *_ in lives] + list(RUNNING.values())) as work:
        for case_id, service, day, fate in lives:
            lasts = (6 if fate < (0.1 if service == "hole" else 0.7) else 3) * DAY
            live(work, case_id, service, START + day * DAY, START + day * DAY + lasts)
        for service, case_id in RUNNING.items():
            live(work, case_id, service, NOW - DAY, None)
    fold_all(portal)
    engine.dispose()
    yield database
    servers.drop(database.name)


def live(work: Work, case_id: UUID, service: str, begun: datetime, closed: datetime | None) -> None:
    """Events of a case with a date five days after it began."""
    work.begin_case(case_id, jurisdiction="demo", origin="demo")
    record = work.record
    record(case_id, "CaseOpened", occurred_at=begun, agency="roads", channel="web", service=service, received_at=stamp(begun), zone="UTC")
    clock = {"clock": str(new_id()), "standard": "done", "kind": "promise", "covers": "case", "due_source": "computed"}
    record(case_id, "ClockStarted", occurred_at=begun, agency="roads", due_at=stamp(begun + 5 * DAY), started_at=stamp(begun), **clock)
    if closed:
        record(case_id, "CaseClosed", occurred_at=closed, agency="roads", channel="web", outcome="done", status="closed", flags=[])


@pytest.fixture
def portal(city: Database) -> Iterator[Portal]:
    engine = connect(city.url)
    yield Portal(engine, None, {}, Settings())  # type: ignore[arg-type]  # no content is needed here
    engine.dispose()


def facts(service: str, **other: object) -> dict[str, object]:
    began = {"received_at": NOW - DAY, "due_at": NOW + 4 * DAY, "closed_at": None}
    return {"jurisdiction": "demo", "service": service, "agency": "roads", "channel": "web", **began, **other}


def test_refitting_is_repeatable_and_what_is_told_names_its_model(portal: Portal) -> None:
    made = chance.refit(portal, until=NOW)
    assert chance.refit(portal, until=NOW) == made
    assert list(made) == ["demo"]
    with portal.work(Principal("party", cases=(RUNNING["sign"],)), at=NOW) as work:
        sign, hole = (chance.told(work, facts(service), work.now) for service in ("sign", "hole"))
        assert sign
        assert hole
        assert sign.model == hole.model == made["demo"]
        assert 0.55 < sign.chance < 0.85
        assert 0.0 < hole.chance < 0.25
        assert chance.of(work, facts("sign"), work.now) == sign.chance


def test_nothing_is_told_of_what_does_not_run_or_before_there_is_a_model(portal: Portal) -> None:
    chance.refit(portal, until=NOW)
    with portal.work(FIGURES, at=NOW) as work:
        for other in ({"due_at": None}, {"closed_at": NOW - DAY / 2}, {"due_at": NOW}, {"received_at": NOW + DAY}, {"jurisdiction": "elsewhere"}):
            assert chance.of(work, facts("sign", **other), NOW) is None
        earlier = NOW - 50 * DAY
        assert chance.of(work, facts("sign", received_at=earlier - DAY, due_at=earlier + DAY), earlier) is None


def test_those_who_show_a_chance_cannot_change_its_model(portal: Portal) -> None:
    chance.refit(portal, until=NOW)
    with pytest.raises(InsufficientPrivilege), portal.work(Principal("champion", subject="x", services=("*",))) as work:
        work.sql("UPDATE chance_models SET as_of = now()")


def test_running_cases_are_listed_long_before_a_warning(portal: Portal) -> None:
    chance.refit(portal, until=NOW)
    every = chance.threatened(portal, "demo", at_least=0, now=NOW)
    assert [one.case_id for one in every[:1]] == [RUNNING["sign"]]
    assert RUNNING["hole"] in {one.case_id for one in every}
    assert all(one.due_at > NOW for one in every)
    assert RUNNING["hole"] not in {one.case_id for one in chance.threatened(portal, "demo", at_least=0.5, now=NOW)}


@pytest.fixture
def commands(city: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for key, value in {"PORTAL_MODE": "test", "SECRET_KEY": "s" * 40, "REDIS_URL": redis_url, "DATABASE_URL": city.url}.items():
        monkeypatch.setenv(key, value)
    settings.cache_clear()
    yield
    settings.cache_clear()


FIT = ("chance", "--fit", "--until", "2026-03-15", "--check-from", "2026-03-15", "--check-to", "2026-04-14")


def test_the_command_prints_the_calibration(commands: None) -> None:
    result = CliRunner().invoke(main, [*FIT, "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["learned"] > 200
    assert sum(row["estimates"] for row in found["tenths"]) == sum(row["estimates"] for rows in found["by_instant"].values() for row in rows) > 100
    assert found["brier"] < found["brier_of_one_share"]
    text = CliRunner().invoke(main, FIT).stdout.splitlines()
    assert text[0].startswith(f"model {found['model']} of {found['learned']} cases due by 2026-03-15; checked on")
    assert text[1].startswith("correction taken: ")
    assert found["correction"]["kind"] in ("none", "each", "slope")
    assert len(text) == 4 + len(found["tenths"])


def test_the_command_lists_what_runs_and_keeps_a_model_when_told(commands: None) -> None:
    assert CliRunner().invoke(main, [*FIT, "--keep"]).exit_code == 0
    listed = CliRunner().invoke(main, ["chance", "--as-of", NOW.isoformat(), "--at-least", "0.4"])
    assert listed.exit_code == 0, listed.output
    assert str(RUNNING["sign"]) in listed.stdout
    assert str(RUNNING["hole"]) not in listed.stdout


def test_the_command_says_when_there_is_too_little(commands: None) -> None:
    result = CliRunner().invoke(main, ["chance", "--fit", "--until", "2026-01-20"])
    assert (result.exit_code, "Too few cases of demo fell due before 2026-01-20" in result.output) == (1, True)
