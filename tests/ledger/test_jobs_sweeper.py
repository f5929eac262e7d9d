"""The sweeper: nudges first, works itself when nobody does, sleeps to the next instant, and outlives its database's restarts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from portal.db import connect, new_id
from portal.jobs.sweeper import LONGEST, SHORTEST, Sweeper, until_next
from portal.outbox.tables import outbox
from portal.settings import Settings
from portal.standards.tables import timers
from portal.unit_of_work import ENGINE, RELAY, Portal, Work
from portal.views.backlog import Backlog, backlog, overdue
from tests.ledger.waiting import until
from tests.servers import Database


class Bench:
    """A portal on a database of its own, and what its sweeper did."""

    def __init__(self, url: str) -> None:
        self.woken: list[str] = []
        self.done: list[str] = []
        self.portal = Portal(connect(url), None, {}, Settings(), wake=self.woken.extend)  # type: ignore[arg-type]  # no content is needed here
        self.sweeper = Sweeper(self.portal, {kind: lambda kind=kind: self._ran(kind) for kind in ("drain", "sweep", "fold")})

    def _ran(self, kind: str) -> int:
        self.done.append(kind)
        return 0

    def case(self, fill: Callable[[Work, object], None]) -> None:
        """A case with what `fill` adds to it."""
        id = new_id()
        with self.portal.work(ENGINE, new_cases=[id]) as work:
            work.begin_case(id, jurisdiction="demo", origin="demo")
            fill(work, id)
        self.woken.clear()

    def timer(self, due: timedelta) -> None:
        """A timer due so much after now."""
        self.case(lambda work, id: work.add(timers, case_id=id, id=new_id(), kind="breach", subject=new_id(), due_at=work.now + due, generation=1, armed=True))

    def leaving(self, *due: timedelta, **more: object) -> None:
        """Rows of the outbox for the same target, due so much after now."""

        def fill(work: Work, id: object) -> None:
            for one in due:
                row = {"kind": "delivery", "target": "a", "body": {}, "key": "k", "attempts": 0, "crashes": 0, "epoch": 0} | more
                work.add(outbox, case_id=id, id=new_id(), subject=new_id(), placed_at=work.now, next_at=work.now + one, **row)

        self.case(fill)


@pytest.fixture
def bench(fresh_database: Database) -> Iterator[Bench]:
    one = Bench(fresh_database.url)
    yield one
    one.portal.engine.dispose()


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_a_row_just_due_is_left_to_rq(bench: Bench) -> None:
    bench.timer(seconds(-0.5))
    bench.leaving(seconds(-0.5))
    assert bench.sweeper.round() == LONGEST
    assert sorted(bench.woken) == ["drain", "sweep"]
    assert bench.done == []


def test_an_overdue_row_is_worked_here_and_the_workers_are_told_again(bench: Bench) -> None:
    """After ten minutes without Redis a storm left thousands of rows, which one sweeper worked off while three workers slept."""
    bench.timer(seconds(-3))
    bench.leaving(seconds(-3))
    bench.sweeper.round()
    until(lambda: sorted(bench.done) == ["drain", "sweep"])
    assert sorted(bench.woken) == ["drain", "sweep"]


def test_work_that_finds_nothing_is_not_tried_at_every_look(bench: Bench) -> None:
    bench.timer(seconds(-3))
    for _ in range(20):
        bench.sweeper.round()
    until(lambda: bench.done)
    assert len(bench.done) < 15


@pytest.mark.parametrize(("due", "pause"), [(3600.0, LONGEST), (0.1, 0.1), (0.0001, SHORTEST), (None, LONGEST)])
def test_it_sleeps_to_the_next_instant(due: float | None, pause: float) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert until_next(Backlog(now, {}, None if due is None else now + seconds(due))) == pause


def test_the_next_instant_is_the_soonest_to_come(bench: Bench) -> None:
    bench.timer(seconds(-3))
    bench.timer(seconds(7200))
    bench.leaving(seconds(3600))
    with bench.portal.work(RELAY) as work:
        seen = backlog(work)
    assert seen.next_at is not None
    assert seconds(3500) < seen.next_at - seen.now <= seconds(3600)
    assert seen.late.keys() == {"sweep"}


def test_what_cannot_leave_yet_is_not_due(bench: Bench) -> None:
    """Under a lease, waiting behind another of its case, put off, parked: nobody need wake for it."""
    bench.leaving(seconds(-9), lease_until=bench_now(bench) + seconds(30))
    bench.leaving(seconds(60), seconds(-9))
    bench.leaving(seconds(-9), parked_at=bench_now(bench))
    bench.leaving(seconds(-9), done_at=bench_now(bench))
    with bench.portal.work(RELAY) as work:
        assert backlog(work).late == {}
        assert overdue(work) == (0, 0, 1)
    bench.leaving(seconds(-9), lease_until=bench_now(bench) - seconds(1))
    with bench.portal.work(RELAY) as work:
        assert backlog(work).late.keys() == {"drain"}
        assert seconds(0) <= backlog(work).oldest < seconds(60)


def bench_now(bench: Bench) -> datetime:
    with bench.portal.work(RELAY) as work:
        return work.now


def test_events_nobody_folded_are_folded(bench: Bench) -> None:
    bench.sweeper.round()
    assert bench.done == []
    bench.case(lambda work, id: work.record(id, "CaseClosed", outcome="done"))
    until(lambda: bench.sweeper.round() and bench.done == ["fold"])


def test_it_outlives_lost_connections_and_a_task_that_raises(bench: Bench, fresh_database: Database, servers: object) -> None:
    def fails() -> int:
        bench.done.append("sweep")
        raise ValueError

    bench.sweeper = Sweeper(bench.portal, {"drain": lambda: 0, "sweep": fails, "fold": lambda: 0})
    bench.timer(seconds(-3))
    running = threading.Thread(target=bench.sweeper.run)
    running.start()
    try:
        until(lambda: bench.done)
        with psycopg.connect(servers.postgres.url(), autocommit=True) as connection:  # type: ignore[attr-defined]
            for _ in range(2):
                connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [fresh_database.name])
                seen = len(bench.done)
                until(lambda seen=seen: len(bench.done) > seen)
    finally:
        bench.sweeper.stopping = True
        running.join()
