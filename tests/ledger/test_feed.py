"""The feed on a real server: nothing is skipped or doubled, each case in order, whatever commits when."""

from __future__ import annotations

import random  # noqa: TID251  (seeded: the same interleaving each time)
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portal.db import connect, new_id
from portal.events import feed
from portal.settings import Settings
from portal.unit_of_work import ENGINE, FIGURES, Portal, Work
from tests.servers import Database


@pytest.fixture
def portal(fresh_database: Database) -> Iterator[Portal]:
    engine = connect(fresh_database.url)
    yield Portal(engine, None, {}, Settings())  # type: ignore[arg-type]
    engine.dispose()


def publish(portal: Portal, limit: int | None = None) -> int:
    with portal.work(FIGURES) as work:
        return feed.publish(work, limit)


def everything(portal: Portal) -> list[dict[str, Any]]:
    with portal.work(FIGURES) as work:
        return feed.read(work, 0, 1_000_000)


def published(portal: Portal) -> list[tuple[UUID, int]]:
    return [(event["case_id"], event["seq"]) for event in everything(portal)]


def opened(portal: Portal, events: int = 1) -> UUID:
    case_id = new_id()
    with portal.work(ENGINE, new_cases=[case_id]) as work:
        begin(work, case_id, events)
    return case_id


def begin(work: Work, case_id: UUID, events: int = 1) -> None:
    work.begin_case(case_id, jurisdiction="demo", origin="demo")
    for _ in range(events):
        work.record(case_id, "NoteAdded")


def transaction(work: Work) -> int:
    """Gives the unit its transaction's number now, as a unit that locked a head early has it."""
    return int(work.sql("SELECT pg_current_xact_id()::text")[0][0])


def test_a_slow_writer_is_not_skipped(portal: Portal) -> None:
    before = opened(portal)
    assert publish(portal) == 1
    slow = new_id()
    with portal.work(ENGINE, new_cases=[slow]) as work:
        transaction(work)
        begin(work, slow)
        fast = opened(portal, 2)
        assert publish(portal) == 0
        assert published(portal) == [(before, 1)]
    assert publish(portal) == 3
    assert sorted(published(portal)[1:]) == sorted([(slow, 1), (fast, 1), (fast, 2)])
    assert publish(portal) == 0


def test_a_case_is_published_in_order_though_its_transactions_are_numbered_against_it(portal: Portal) -> None:
    case_id = opened(portal)
    publish(portal)
    with ExitStack() as waiting:
        early = waiting.enter_context(portal.work(ENGINE))
        first = transaction(early)
        with portal.work(ENGINE) as running:
            between = transaction(running)
            with portal.work(ENGINE) as late:
                assert first < between < transaction(late)
                late.narrow([case_id])
                late.record(case_id, "NoteAdded")
            early.narrow([case_id])
            early.record(case_id, "NoteAdded")
            waiting.close()
            assert publish(portal) == 2
            assert published(portal) == [(case_id, 1), (case_id, 2), (case_id, 3)]
    assert publish(portal) == 0


def test_positions_are_whole_numbers_without_holes_and_a_limit_leaves_nothing_behind(portal: Portal) -> None:
    publish(portal)
    cases = [opened(portal, 3) for _ in range(7)]
    counts = []
    while count := publish(portal, 4):
        counts.append(count)
    assert counts == [6, 6, 6, 3]
    assert [event["position"] for event in everything(portal)] == list(range(1, 22))
    assert published(portal) == [(case_id, seq) for case_id in cases for seq in (1, 2, 3)]
    with portal.work(FIGURES) as work:
        assert [event["position"] for event in feed.read(work, 5, 4)] == [6, 7, 8, 9]


@pytest.mark.parametrize("seed", range(4))
def test_any_interleaving_publishes_each_event_once_and_each_case_in_order(portal: Portal, seed: int) -> None:
    chance = random.Random(seed)
    cases = [opened(portal) for _ in range(4)]
    running: list[tuple[ExitStack, Work, set[UUID]]] = []
    seen: list[tuple[UUID, int]] = []
    for _ in range(120):
        act = chance.random()
        if act < 0.3 and len(running) < 6:
            stack = ExitStack()
            work = stack.enter_context(portal.work(ENGINE))
            transaction(work)
            running.append((stack, work, set()))
        elif act < 0.6 and running:
            _, work, held = chance.choice(running)
            case_id = chance.choice(cases)
            if not any(case_id in others for _, other, others in running if other is not work):
                held.add(case_id)
                work.narrow([case_id])
                work.record(case_id, "NoteAdded")
        elif act < 0.8 and running:
            running.pop(chance.randrange(len(running)))[0].close()
        else:
            publish(portal, chance.choice([None, 1, 3]))
            now = published(portal)
            assert now[: len(seen)] == seen
            seen = now
            _each_case_from_one_without_holes(now)
    for stack, _, _ in running:
        stack.close()
    while publish(portal, 5):
        pass
    final = published(portal)
    assert final[: len(seen)] == seen
    _each_case_from_one_without_holes(final)
    with portal.work(FIGURES) as work:
        assert work.sql("SELECT count(*) FROM events")[0][0] == len(final)


def _each_case_from_one_without_holes(events: list[tuple[UUID, int]]) -> None:
    for case_id in {case_id for case_id, _ in events}:
        numbers = [seq for one, seq in events if one == case_id]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(("ahead", "late"), [(0, 0), (15, 0), (15, 18), (1_000_000, 0)])
def test_after_a_restore_into_another_cluster_nothing_is_lost_or_doubled(portal: Portal, fresh_database: Database, ahead: int, late: int) -> None:
    """The transactions in the dump are numbered `ahead` of the cluster it comes to: not, a little (they will meet new ones), or far.

    `late`: how many cases come in before the first publication.
    """
    cases = [opened(portal, 2) for _ in range(6)]
    publish(portal)
    unpublished = [opened(portal, 2) for _ in range(3)]
    _renumber(fresh_database, ahead)
    fresh = []
    for number in range(20):
        fresh.append(opened(portal))
        if number >= late:
            publish(portal, 2)
    publish(portal)
    expected = sorted([(case_id, seq) for case_id in (*cases, *unpublished) for seq in (1, 2)] + [(case_id, 1) for case_id in fresh])
    assert sorted(published(portal)) == expected
    assert [event["position"] for event in everything(portal)] == list(range(1, len(expected) + 1))


def _renumber(database: Database, ahead: int) -> None:
    """Makes the tables look as a dump of another cluster does."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("ALTER TABLE events NO FORCE ROW LEVEL SECURITY")
        owner.execute("ALTER TABLE events DISABLE TRIGGER events_no_change")
        owner.execute("UPDATE events SET tx = (tx::text::bigint + %s)::text::xid8", (ahead,))
        owner.execute("UPDATE feed_head SET horizon = (horizon::text::bigint + %s)::text::xid8", (ahead,))
        owner.execute("UPDATE readers SET position = 42 WHERE name = '(cluster)'")
        owner.execute("ALTER TABLE events ENABLE TRIGGER events_no_change")
        owner.execute("ALTER TABLE events FORCE ROW LEVEL SECURITY")
