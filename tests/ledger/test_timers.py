"""Timers that are due: each fired once, never early, whoever sweeps beside, and the same rows whether many at a time or one by one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portal.cli.verify import Verifier
from portal.db import connect, new_id
from portal.events.tables import events
from portal.outbox.tables import outbox
from portal.reactions import sweep
from portal.standards import clocks, firing, timers
from portal.standards import sweep as sweeping
from portal.standards.tables import clocks as clock_rows
from portal.standards.tables import timers as timer_rows
from portal.unit_of_work import ENGINE, RELAY, Portal, Row, Work
from tests.bench.armed import arm
from tests.ledger.conftest import catalogue
from tests.ledger.waiting import until
from tests.servers import ROOT, Database

BEGUN = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)


def calendar() -> str:
    return catalogue().hashes["calendar", f"city-council/{catalogue().agencies['city-council'].calendars[0].id}"]


def promise(city: Portal, **more: Any) -> UUID:
    """A case of its own whose clock runs since BEGUN."""
    shown = next(service for service in city.catalogue.services.values() if service.standards).standards[0]
    people = ({"after": "2 business_hours", "to": "team-lead"}, {"after": "1 business_days", "to": "head"})
    plain = {"within": "3 business_days", "warn_at": (0.5,), "covers": "case", "escalate": people, "consequence": None}
    standard = replace(shown, **plain | more)
    case_id = new_id()
    with city.work(ENGINE, at=BEGUN, new_cases=[case_id]) as work:
        work.begin_case(case_id, jurisdiction="demo", origin="demo")
        clocks.start(work, case_id, standard, agency="city-council", started_at=BEGUN, calendar_hash=calendar())
    return case_id


def everything(city: Portal, case_id: UUID) -> dict[str, Any]:
    """All rows of a case; ids are named by their order, hashes are left out."""
    ids = {str(case_id): "case"}

    def named(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: named(one) for name, one in value.items() if name not in ("id", "key", "hash", "prev_hash", "tx")}
        return ids.setdefault(str(value), f"id {len(ids)}") if isinstance(value, UUID) else ids.get(str(value), value)

    def told(row: Row) -> str:
        return f"{row['seq']:9}" if "seq" in row else f"{row.get('due_at') or row['placed_at']} {row['kind']} {row.get('body')}"

    with city.work(ENGINE) as work:
        work.narrow([case_id])
        rows = {table.name: [named(row) for row in sorted(work.rows(table, case_id), key=told)] for table in (clock_rows, timer_rows, events, outbox)}
        return rows | {"version": work.version(case_id)}


def due_at(city: Portal, case_id: UUID, kind: str) -> datetime:
    with city.work(ENGINE) as work:
        work.narrow([case_id])
        found: datetime = min(row["due_at"] for row in work.rows(timer_rows, case_id) if row["kind"] == kind and row["armed"])
        return found


def life(city: Portal, case_id: UUID, *kinds: str) -> list[dict[str, Any]]:
    """What there is of a case after each of its timers."""
    seen = []
    for kind in kinds:
        at = due_at(city, case_id, kind)
        assert sweep(city, at=at - MOMENT) == 0
        assert sweep(city, at=at) == 1
        assert sweep(city, at=at) == 0
        seen.append(everything(city, case_id))
    return seen


def row_by_row(city: Portal) -> Portal:
    """The same portal, where a reaction follows the events of timers: then all of them go through rows of a unit of work."""
    follows = {type: (lambda work, events: None,) for _, type in firing.KINDS.values()}
    return replace(city, reactions={**city.reactions, **follows})


def fill(database: Database, due: int) -> None:
    """So many cases, each with a promise that was due a moment ago, and as many that are not due."""
    arm(database.superuser_url, cases=2 * due, due=due, first=datetime.now(UTC) - timedelta(seconds=30), calendar=calendar())


def fired(database: Database) -> dict[str, int]:
    """How often each clock was told to be missed; that no timer fired early or was left, and no chain broke, is checked beside."""
    with psycopg.connect(database.superuser_url) as connection:
        early = "SELECT count(*) FROM timers WHERE fired_at < due_at OR (NOT armed AND fired_at IS NULL) OR (armed AND due_at <= now())"
        assert connection.execute(early).fetchone() == (0,)
        return dict(connection.execute("SELECT data->>'clock', count(*) FROM events WHERE type = 'StandardMissed' GROUP BY 1").fetchall())


def test_many_at_a_time_writes_what_row_by_row_writes(city: Portal) -> None:
    kinds = ("warning", "breach", "escalation", "escalation")
    many, single = life(city, promise(city, tell=("team-lead",)), *kinds), life(row_by_row(city), promise(city, tell=("team-lead",)), *kinds)
    assert many == single
    assert [row["type"] for row in many[-1]["events"]] == ["ClockStarted", "StandardWarned", "StandardMissed", "StandardEscalated", "StandardEscalated"]
    assert [row["escalated_to"] for row in many[-1]["clocks"]] == ["head"]
    assert [row["body"]["role"] for row in many[-1]["outbox"]] == ["team-lead", "team-lead", "head"]
    assert not list(Verifier(city).faults())


def test_what_more_follows_from_is_left_to_rows(city: Portal) -> None:
    law = next(one.consequence for service in city.catalogue.services.values() for one in service.standards if one.consequence)
    plain, lawful = promise(city, warn_at=()), promise(city, warn_at=(), consequence=law)
    at = due_at(city, plain, "breach")
    with row_by_row(city).work(RELAY, at=at) as work:
        count, left = firing.fire(work, limit=10)
        assert (count, set(left)) == (0, {plain, lawful})
    with city.work(RELAY, at=at) as work:
        assert firing.fire(work, limit=10) == (1, [lawful])


def test_four_sweepers_fire_twenty_thousand_timers_once_each(city: Portal, fresh_database: Database) -> None:
    fill(fresh_database, 20_000)

    def one() -> int:
        portal = replace(city, engine=connect(fresh_database.url, pool=1))
        total = sum(iter(lambda: sweep(portal, limit=500), 0))
        portal.engine.dispose()
        return total

    with ThreadPoolExecutor(4) as sweepers:
        total = sum(task.result() for task in [sweepers.submit(one) for _ in range(4)])
    told = fired(fresh_database)
    assert (total, len(told), set(told.values())) == (20_000, 20_000, {1})
    assert not list(Verifier(city).faults())


def test_a_sweeper_killed_in_the_middle_loses_nothing(city: Portal, fresh_database: Database) -> None:
    fill(fresh_database, 2_000)
    script = f"""
import sys
from tests.ledger.conftest import catalogue
from portal.db import connect
from portal.reactions import REACTIONS, sweep
from portal.settings import Settings
from portal.standards import firing
from portal.unit_of_work import Portal
portal = Portal(connect({fresh_database.url!r}), catalogue(), REACTIONS, Settings(mode="test"))
sweep(portal, limit=500)
written = firing._write
def stuck(work, fired):
    written(work, fired)
    print("written, not committed", flush=True)
    sys.stdin.read()
firing._write = stuck
sweep(portal, limit=500)
"""
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert child.stdin is not None
    assert child.stdout is not None
    with child:
        assert child.stdout.readline() == b"written, not committed\n"
        assert sweep(city, limit=5_000) == 1_000
        child.kill()
    until(lambda: sweep(city, limit=1_000))
    until(lambda: not sweep(city))
    told = fired(fresh_database)
    assert (len(told), set(told.values())) == (2_000, {1})


def test_a_timer_moved_by_who_holds_the_case_does_not_fire(city: Portal) -> None:
    case_id = promise(city)
    at = due_at(city, case_id, "breach")
    sweep(city, at=due_at(city, case_id, "warning"))
    with city.work(ENGINE, at=at) as work:
        work.narrow([case_id])
        timers.move(work, case_id, clocks.of_case(work, case_id)[0]["id"], kind="breach", due_at=at + DAY)
        assert sweep(city, at=at) == 0
    assert sweep(city, at=at) == sweep(city, at=at + DAY - MOMENT) == 0
    assert sweep(city, at=at + DAY) == 1
    assert [row["type"] for row in everything(city, case_id)["events"]].count("StandardMissed") == 1


@pytest.mark.parametrize("stale", [{"generation": 2}, {"clock": UUID(int=1)}, {"seq": 7}, {"hash": b"another"}])
def test_what_is_not_as_it_was_read_is_not_written(city: Portal, monkeypatch: pytest.MonkeyPatch, stale: dict[str, Any]) -> None:
    case_id = promise(city)
    before, at = everything(city, case_id), due_at(city, case_id, "breach")
    sweep(city, at=due_at(city, case_id, "warning"))
    before, written = everything(city, case_id), firing._write
    monkeypatch.setattr(firing, "_write", lambda work, fired: written(work, [one._replace(**stale) for one in fired]))
    with pytest.raises(psycopg.errors.DataException):
        sweep(city, at=at)
    assert everything(city, case_id) == before


def own(city: Portal, *due: timedelta) -> UUID:
    """A case with timers of a kind `other`, due so long after BEGUN."""
    case_id = new_id()
    with city.work(ENGINE, at=BEGUN, new_cases=[case_id]) as work:
        work.begin_case(case_id, jurisdiction="demo", origin="demo")
        for number, one in enumerate(due):
            timers.arm(work, case_id, kind="other", subject=UUID(int=number), due_at=BEGUN + one)
    return case_id


def test_timers_of_a_case_fire_in_their_order_and_one_may_move_the_next(city: Portal) -> None:
    case_id, told = own(city, 2 * DAY, DAY, 3 * DAY), list[int]()

    def fire(work: Work, row: Row) -> None:
        told.append(row["subject"].int)
        if row["subject"].int == 1:
            timers.move(work, case_id, UUID(int=0), kind="other", due_at=BEGUN + 9 * DAY)

    assert sweeping.sweep(city, {"other": fire}, at=BEGUN + 4 * DAY) == 2
    assert told == [1, 2]
    assert sweeping.sweep(city, {"other": fire}, at=BEGUN + 9 * DAY) == 1


def test_a_timer_that_cannot_fire_stops_no_other(city: Portal) -> None:
    bad, good = own(city, DAY), [own(city, DAY) for _ in range(3)]
    told = list[UUID]()

    def fire(work: Work, row: Row) -> None:
        if row["case_id"] == bad:
            raise KeyError(bad)
        told.append(row["case_id"])

    with pytest.raises(KeyError):
        sweeping.sweep(city, {"other": fire}, at=BEGUN + DAY)
    assert set(good) <= set(told)
    with city.work(RELAY) as work:
        assert work.sql("SELECT case_id FROM timers WHERE armed") == [(bad,)]
