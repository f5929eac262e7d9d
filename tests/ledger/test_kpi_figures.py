"""Facts and figures on a real server: exact whoever folds, made again from the events alone, sliced over any period."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portal.db import connect, new_id
from portal.errors import Invalid
from portal.events.chain import stamp
from portal.kpi.fold import fold, fold_all
from portal.kpi.rebuild import rebuild
from portal.kpi.report import report
from portal.settings import Settings
from portal.unit_of_work import ENGINE, FIGURES, Portal
from tests.servers import Database

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
#: Day received, day promised, day closed, score.
LIVES: tuple[tuple[int, int | None, int | None, int | None], ...] = (
    (0, 10, 5, 5),
    (1, 10, 20, 1),
    (2, 12, None, None),
    (3, None, 4, None),
    (40, 50, 45, 4),
    (41, 80, None, None),
    (45, 50, 44, None),
)


@pytest.fixture
def portal(fresh_database: Database) -> Iterator[Portal]:
    engine = connect(fresh_database.url)
    yield Portal(engine, None, {}, Settings())  # type: ignore[arg-type]  # no content is needed here
    engine.dispose()


def lived(
    portal: Portal, life: tuple[int, int | None, int | None, int | None], *, origin: str = "live", place: str = "here", service: str | None = "a"
) -> UUID:
    """One case with its events, and a step run."""
    received, due, closed, score = life
    at = START + received * DAY
    case_id, clock = new_id(), str(new_id())
    step = {"run": str(case_id), "step_run": str(case_id), "step": "look"}
    with portal.work(ENGINE, new_cases=[case_id]) as work:
        work.begin_case(case_id, jurisdiction=place, origin=origin)
        work.record(
            case_id, "CaseOpened", occurred_at=at, agency="roads", channel="web", service=service, received_at=stamp(at), zone="UTC", reference=str(case_id)
        )
        if due is not None:
            told = {"clock": clock, "kind": "promise", "covers": "case", "due_at": stamp(START + due * DAY), "due_source": "computed"}
            work.record(case_id, "ClockStarted", **told)
        work.record(case_id, "StepBegun", occurred_at=at, agency="roads", step="look", kind="work", **{key: step[key] for key in ("run", "step_run")})
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        if score is not None:
            work.record(case_id, "FeedbackGiven", score=score)
        if closed is not None:
            end = START + closed * DAY
            work.record(case_id, "StepEnded", occurred_at=end, agency="roads", outcome="done", cost=100, **step)
            work.record(case_id, "CaseClosed", occurred_at=end, outcome="done", status="closed")
    return case_id


def figures(portal: Portal, **asked: Any) -> dict[str, tuple[Any, int]]:
    """Value and n of the overall figures."""
    fold_all(portal)
    return {one["indicator"]: (one["value"], one["n"]) for one in report(portal, **{"as_of": START + 60 * DAY, **asked})}


def test_the_measures_of_a_few_cases(portal: Portal) -> None:
    for life in LIVES:
        lived(portal, life)
    found = figures(portal)
    assert {name: found[name] for name in ("requests", "open", "closed")} == {"requests": (7, 7), "open": (2, 2), "closed": (5, 5)}
    assert found["on-time-of-closed"] == (75.0, 4)
    assert found["on-time-of-due"] == (60.0, 5)
    assert found["duration-median"] == (5 * 86400.0, 5)
    assert found["duration-p90"] == (pytest.approx(13.4 * 86400), 5)
    assert found["satisfaction"] == (pytest.approx(100 * (10 / 3 - 1) / 4), 3)


def test_a_period_bounds_closing_or_receipt_and_periods_add_up(portal: Portal) -> None:
    for life in LIVES:
        lived(portal, life)
    edges = [None, START + 10 * DAY, START + 20 * DAY, START + 44 * DAY, START + 50 * DAY, None]
    parts = [figures(portal, since=since, until=until) for since, until in pairwise(edges)]
    whole = figures(portal)
    for name in ("requests", "open", "closed", "on-time-of-closed", "on-time-of-due", "satisfaction"):
        assert sum(part[name][1] for part in parts) == whole[name][1], name
    assert [part["requests"][0] for part in parts] == [4, 0, 2, 1, 0]
    assert [part["closed"][0] for part in parts] == [2, 0, 1, 2, 0]


def test_open_and_overdue_are_judged_at_the_instant_asked_for(portal: Portal) -> None:
    for life in LIVES:
        lived(portal, life)
    assert figures(portal, as_of=START + 2 * DAY)["open"] == (3, 3)
    early = figures(portal, as_of=START + 15 * DAY)
    assert early["open"] == (2, 2)
    assert early["on-time-of-due"] == (pytest.approx(100 / 3), 3)


def test_closed_at_the_very_instant_promised_is_on_time_and_a_promise_for_now_is_not_overdue(portal: Portal) -> None:
    lived(portal, (0, 5, 5, None))
    lived(portal, (0, 60, None, None))
    found = figures(portal)
    assert (found["on-time-of-closed"], found["on-time-of-due"]) == ((100.0, 1), (100.0, 1))


def test_nothing_has_no_value_but_a_count(portal: Portal) -> None:
    found = figures(portal)
    assert found.pop("requests") == found.pop("open") == found.pop("closed") == found.pop("interest") == (0, 0)
    assert set(found.values()) == {(None, 0)}


def test_whose_cases_count(portal: Portal) -> None:
    for origin in ("live", "demo", "replay", "mystery", "simulated"):
        lived(portal, LIVES[0], origin=origin, place="boston" if origin == "replay" else "here")
    assert figures(portal)["requests"] == (2, 2)
    assert figures(portal, jurisdiction="here")["requests"] == (2, 2)
    assert figures(portal, jurisdiction="boston")["requests"] == (1, 1)
    assert figures(portal, origins=("mystery",))["requests"] == (1, 1)
    assert figures(portal, jurisdiction="boston", origins=("live",))["requests"] == (0, 0)


def test_slices_are_told_apart_and_a_case_without_a_service_is_one_of_them(portal: Portal) -> None:
    for service in ("a", None, "b", "a"):
        lived(portal, LIVES[0], service=service)
    fold_all(portal)
    found = [(one["slice"], one["n"]) for one in report(portal, by=("service", "month"), indicators=["closed"])]
    assert found == [({"service": name, "month": "2026-01"}, n) for name, n in (("a", 2), ("b", 1), (None, 1))]


def test_what_does_not_exist_is_refused_by_name(portal: Portal) -> None:
    with pytest.raises(Invalid) as refused:
        report(portal, by=("colour",))
    assert "colour" in refused.value.errors[0]["detail"]
    with pytest.raises(Invalid):
        report(portal, indicators=["happiness"])


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_folding_by_any_steps_and_by_two_at_once_is_exact(portal: Portal, limit: int) -> None:
    for life in LIVES * 3:
        lived(portal, life)
    with ThreadPoolExecutor(2) as pool:
        done = sum(pool.map(lambda _: fold_all(portal, limit), range(2)))
    with portal.work(FIGURES) as work:
        assert work.sql("SELECT count(*) FROM events")[0][0] == done
    result = rebuild(portal, replace=False)
    assert (result.events, result.cases, result.differing) == (done, 21, 0)
    assert fold(portal) == 0


@pytest.mark.parametrize(
    ("harm", "table", "column"),
    [
        ("UPDATE case_facts SET closed_at = closed_at + interval '1 microsecond' WHERE case_id = %s", "case_facts", "closed_at"),
        ("UPDATE case_facts SET clocks = '[]' WHERE case_id = %s", "case_facts", "clocks"),
        ("DELETE FROM case_facts WHERE case_id = %s", "case_facts", None),
        ("DELETE FROM step_facts WHERE case_id = %s", "step_facts", None),
        ("UPDATE step_facts SET cost = cost + 1 WHERE case_id = %s", "step_facts", "cost"),
        ("INSERT INTO step_facts SELECT case_id, gen_random_uuid(), step, kind, agency, begun_at FROM step_facts WHERE case_id = %s", "step_facts", None),
    ],
)
def test_rebuilding_finds_every_difference_and_puts_it_right(portal: Portal, fresh_database: Database, harm: str, table: str, column: str | None) -> None:
    ids = [lived(portal, life) for life in LIVES]
    fold_all(portal)
    with psycopg.connect(fresh_database.owner_url) as owner:
        assert owner.execute(harm, (ids[0],)).rowcount == 1
    compared = rebuild(portal, replace=False)
    assert [(one.table, one.key["case_id"]) for one in compared.differences] == [(table, str(ids[0]))]
    if column:
        assert list(compared.differences[0].stood or {}) == [column]
    assert rebuild(portal, replace=True).differing == 1
    assert rebuild(portal, replace=False).differing == 0


def test_rebuilding_finds_an_event_the_feed_lost(portal: Portal, fresh_database: Database) -> None:
    lived(portal, LIVES[0])
    with portal.work(FIGURES) as work:
        work.sql("UPDATE feed_head SET horizon = pg_snapshot_xmin(pg_current_snapshot())")
        work.sql("INSERT INTO readers SELECT '(cluster)', system_identifier FROM pg_control_system()")
    assert fold_all(portal) == 0
    assert rebuild(portal, replace=False).differing == 2
