"""A year of Boston's requests through the registry: the city's figures come out, its promises are computed, and doing it twice adds nothing."""

from __future__ import annotations

import csv
import gzip
import json
import random  # noqa: TID251  (seeded: the same sample each time)
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.db import connect
from portal.events.chain import seal
from portal.events.log import history
from portal.kpi.fold import fold_all
from portal.kpi.report import report
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.unit_of_work import FIGURES, READER, Portal
from tests.ledger.conftest import SECRET, catalogue
from tests.ledger.replays import Row, boston, expected, instant, play, the_whole_year, write
from tests.servers import ROOT, running_servers

SEED = 20151231
#: 00:00 in Boston, as in the oracle.
AS_OF = datetime(2016, 1, 13, 5, tzinfo=UTC)
#: Slice of a report -> column of the log.
SLICES = {"service": "TYPE", "agency": "Department", "channel": "Source"}


def negative(row: Row) -> bool:
    opened, closed = instant(row["OPEN_DT"]), instant(row["CLOSED_DT"])
    return bool(opened and closed and closed < opened)


def sample(rows: list[Row], count: int) -> list[Row]:
    """Rows by seed, the five closed before they were opened among them, in the log's order."""
    chosen = set(random.Random(SEED).sample(range(len(rows)), count)) | {place for place, row in enumerate(rows) if negative(row)}
    return [rows[place] for place in sorted(chosen)]


@pytest.fixture
def rows(shared_data: Path) -> list[Row]:
    return sample(boston(shared_data), 400)


def count(portal: Portal, table: str) -> int:
    with portal.work(READER) as work:
        return int(work.sql(f"SELECT count(*) FROM {table}")[0][0])


def figures(portal: Portal, *by: str) -> dict[tuple[str, str], Any]:
    found = report(portal, jurisdiction="boston", as_of=AS_OF, by=by)
    return {(figure["indicator"], "".join(figure["slice"].values())): figure["value"] for figure in found}


def same(portal: Portal, rows: list[Row], by: str | None) -> None:
    """The portal's figures are those of the rows."""
    told = figures(portal, *([by] if by else []))
    values = {row[SLICES[by]] for row in rows} if by else {""}
    for value in values:
        wanted = expected([row for row in rows if not by or row[SLICES[by]] == value], AS_OF)
        assert told["requests", value] == wanted.requests
        assert told.get(("closed", value), 0) == wanted.closed
        assert told.get(("open", value), 0) == wanted.open
        for name, number in (
            ("on-time-of-closed", wanted.on_time_of_closed),
            ("on-time-of-due", wanted.on_time_of_due),
            ("duration-median", wanted.median),
            ("duration-p90", wanted.p90),
        ):
            assert told.get((name, value)) == (None if number is None else pytest.approx(number, rel=1e-9)), (name, value)


def test_the_figures_are_those_of_the_log_and_a_second_run_adds_nothing(city: Portal, rows: list[Row], tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", rows)
    outcome = play(city, log)
    assert (outcome.read, outcome.taken, outcome.known, outcome.refused) == (len(rows), len(rows), 0, [])
    assert outcome.closed == sum(bool(row["CLOSED_DT"]) for row in rows)
    fold_all(city)
    for by in (None, *SLICES):
        same(city, rows, by)
    before = {table: count(city, table) for table in ("cases", "events", "clocks", "timers", "case_heads")}
    again = play(city, log)
    assert (again.read, again.taken, again.known, again.closed, again.missed) == (len(rows), 0, len(rows), 0, 0)
    assert {table: count(city, table) for table in before} == before
    assert {request.external_id: request.reference for request in again.requests} == {request.external_id: request.reference for request in outcome.requests}


def test_promises_are_computed_where_the_city_kept_its_rule_and_imported_where_not(city: Portal, rows: list[Row], tmp_path: Path, shared_data: Path) -> None:
    with gzip.open(shared_data / "requests-311" / "boston311-2015-ten-types.due-dates.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        by_rule = {row["case_id"] for row in csv.DictReader(lines)}
    outcome = play(city, write(tmp_path / "log.csv", rows))
    for request, row in zip(outcome.requests, rows, strict=True):
        target = instant(row["TARGET_DT"])
        if request.external_id in by_rule:
            assert request.due_source == "computed"
            assert target is not None
            assert request.due_at is not None
            assert abs(request.due_at - target) <= timedelta(seconds=120)
        else:
            assert (request.due_at, request.due_source) == (target, "imported" if target else None)
    with city.work(READER) as work:
        stored = dict(work.sql("SELECT c.external_id, k.due_source FROM cases c JOIN clocks k USING (case_id)"))
        assert work.sql("SELECT count(*) FROM timers WHERE armed") == [(0,)]
    assert stored == {request.external_id: request.due_source for request in outcome.requests if request.due_source}


def test_each_history_reads_as_it_was_lived(city: Portal, rows: list[Row], tmp_path: Path) -> None:
    outcome = play(city, write(tmp_path / "log.csv", rows))
    last = max(max(request.opened_at, request.closed_at or request.opened_at) for request in outcome.requests)
    for request in outcome.requests:
        assert request.case_id is not None
        with city.work(READER) as work:
            told = work.run(history(request.case_id).execution_options(visible=True))
        hash = bytes(32)
        for event in told:
            assert event["recorded_at"] >= event["occurred_at"] or event["type"] == "StandardMissed"
            assert event["origin"] == "replay"
            hash = seal(event, hash)
            assert bytes(event["hash"]) == hash
        # That a clock missed before stands still now is the standards' own matter.
        assert [event["type"] for event in told if event["type"] != "ClockStopped"] == _expected_types(request.due_at, request.closed_at, last)
        assert told[0]["occurred_at"] == request.opened_at
        assert not request.closed_at or request.closed_at in {event["occurred_at"] for event in told if event["type"] == "CaseClosed"}


def _expected_types(due_at: datetime | None, closed_at: datetime | None, last: datetime) -> list[str]:
    types = ["CaseOpened", *(["ClockStarted"] if due_at else [])]
    late = due_at is not None and due_at < (closed_at or last)
    types += ["StandardMissed"] if late else []
    types += ["CaseClosed"] if closed_at else []
    return types + (["StandardMet"] if closed_at and due_at and not late else [])


def test_rows_closed_before_they_were_opened_are_taken_and_flagged(city: Portal, rows: list[Row], tmp_path: Path) -> None:
    early = {row["CASE_ENQUIRY_ID"] for row in rows if negative(row)}
    assert len(early) == 5
    play(city, write(tmp_path / "log.csv", rows))
    with city.work(READER) as work:
        flagged = {row[0] for row in work.sql("SELECT external_id FROM cases WHERE 'closed-before-opened' = ANY (flags) AND closed_at < received_at")}
    assert flagged == early


def test_nothing_is_to_leave_and_no_personal_data_is_in_the_events(city: Portal, rows: list[Row], tmp_path: Path) -> None:
    rows[0]["CASE_TITLE"], rows[0]["LOCATION_STREET_NAME"] = "Ada Lovelace rang", "1 Canary Lane"
    play(city, write(tmp_path / "log.csv", rows))
    assert count(city, "outbox") == count(city, "tasks") == count(city, "journey_runs") == 0
    with city.work(FIGURES) as work:
        events = json.dumps([row[0] for row in work.sql("SELECT data FROM events")])
    assert "Lovelace" not in events
    assert "Canary" not in events


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(city: Portal, rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = write(tmp_path / "log.csv", rows)
    _cut_off_after(20, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        play(city, log, unit_bytes=16 << 10)
    monkeypatch.undo()
    taken = count(city, "cases")
    assert 0 < taken < len(rows)
    outcome = play(city, log)
    assert (outcome.known, outcome.taken) == (taken, len(rows) - taken)
    fold_all(city)
    same(city, rows, None)
    with city.work(READER) as work:
        assert work.sql("SELECT count(*) FROM clocks WHERE status = 'running' AND stopped_at IS NULL AND due_at < %s", (_last(rows),)) == [(0,)]


def _cut_off_after(units: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.intake.replay import run

    play_unit: Callable[..., None] = run._unit
    left = iter(range(units))

    def cut(*args: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        play_unit(*args)

    monkeypatch.setattr(run, "_unit", cut)


def _last(rows: list[Row]) -> datetime:
    return max(at for row in rows for at in (instant(row["OPEN_DT"]), instant(row["CLOSED_DT"])) if at)


def exhaustive() -> tuple[int, int]:
    """(rows, failed) of the whole year with every figure of the oracle; for `make long`."""
    with running_servers() as servers:
        engine = connect(servers.database().url)
        portal = Portal(engine, catalogue(), REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]
        try:
            outcome = the_whole_year(portal, ROOT.parent / "shared" / "data")
        except AssertionError as wrong:
            print(wrong)
            return 24_054, 1
        finally:
            engine.dispose()
    return outcome.read, 0
