"""Steps that wait: for a day, for a while, for word; early, late, in vain, and after the date was erased."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from portal.cases import registry
from portal.db import connect, new_id
from portal.errors import IllegalMove, Invalid
from portal.intake import party
from portal.intake.receive import Submission, receive
from portal.reactions import sweep
from portal.runs import ledger
from portal.runs.tables import journey_runs, step_runs
from portal.standards.tables import timers
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal
from portal.vault.tables import vault_items
from portal.workflow import waits
from portal.workflow.history import replayed
from portal.workflow.runner import Run
from tests.ledger.versions_of_town import case, do, rows, told, town, waiting
from tests.ledger.waits_of_town import changes, later
from tests.servers import Database

#: A Tuesday.
NOW = datetime(2026, 6, 2, 10, tzinfo=UTC)


@pytest.fixture
def engine(fresh_database: Database) -> Iterator[Engine]:
    engine = connect(fresh_database.url)
    yield engine
    engine.dispose()


class Town:
    """The portal of a town that waits in one way, and a case in it."""

    def __init__(self, engine: Engine, database: Database, folder: Path, which: str, *, late: bool = False, **answers: Any) -> None:
        self.portal: Portal = town(engine, database, folder, later(which) if late else changes(which))
        self.id: UUID = new_id()
        with self.portal.work(ANONYMOUS, at=NOW, new_cases=[self.id]) as work:
            receive(work, Submission(service="moot", answers=answers, contact={"email": "ann@example.org"}), case_id=self.id)

    def hold(self) -> dict[str, Any]:
        """The step run that waits, or waited."""
        return next(row for row in rows(self.portal, step_runs, self.id) if row["step"] == "hold")

    def signal(self, event: str, at: datetime = NOW) -> None:
        """A champion says that it has happened."""
        with self.portal.work(ENGINE, at=at) as work:
            work.narrow([self.id])
            waits.signal(work, registry.case_of(work, self.id), event=event, source="champion", agency=None)

    def begun(self) -> list[str]:
        """Steps that began, in order."""
        return [event["step"] for event in told(self.portal, self.id, "StepBegun")]


def test_a_day_is_waited_for_and_told(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    """The hall is open on Mondays and Tuesdays: five working days before Wednesday 1 July is Tuesday 16 June, 00:00 in Brussels."""
    one = Town(engine, fresh_database, tmp_path / "town", "day", day="2026-07-01")
    until = datetime(2026, 6, 15, 22, tzinfo=UTC)
    assert one.hold()["until"] == until
    assert told(one.portal, one.id, "WaitBegun")[0]["data"]["until"] == "2026-06-15T22:00:00.000000Z"
    assert sweep(one.portal, at=until - timedelta(seconds=1)) == 0
    assert one.begun() == ["hold"]
    assert sweep(one.portal, at=until) == 1
    assert (one.hold()["outcome"], one.begun()) == ("reached", ["hold", "look"])
    assert sweep(one.portal, at=until + timedelta(days=1)) == 0


def test_a_day_that_has_passed_is_not_waited_for(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "day", day="2026-06-03")
    assert (one.hold()["status"], one.begun()) == ("ended", ["hold", "look"])
    assert [row for row in rows(one.portal, timers, one.id) if row["kind"] == "wait"] == []


def test_where_the_day_was_not_told_people_look_at_it(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "day")
    (task,) = waiting(one.portal, one.id)
    assert (task["kind"], task["step"], one.hold()["until"]) == ("wait", "hold", None)
    do(one.portal, one.id, "hold")
    assert one.begun() == ["hold", "look"]


def test_a_day_told_later_is_waited_for_then(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "day")
    with one.portal.work(ENGINE, at=NOW) as work:
        work.narrow([one.id])
        party.answer(work, one.id, {"day": "2026-07-01"})
    assert waiting(one.portal, one.id) == []
    assert one.hold()["until"] == datetime(2026, 6, 15, 22, tzinfo=UTC)


def test_another_day_or_none_changes_nothing_that_was_reckoned(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "day", day="2026-07-01")
    with one.portal.work(ENGINE, at=NOW) as work:
        work.narrow([one.id])
        party.answer(work, one.id, {"day": "2026-09-01"})
    assert one.hold()["until"] == datetime(2026, 6, 15, 22, tzinfo=UTC)
    assert sweep(one.portal, at=datetime(2026, 6, 16, tzinfo=UTC)) == 1


def test_a_day_no_calendar_reaches_is_for_people(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "day", day="2199-07-01")
    assert [task["kind"] for task in waiting(one.portal, one.id)] == ["wait"]


def test_a_while_passes(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "while")
    until = one.hold()["until"]
    assert until == datetime(2026, 6, 16, 22, tzinfo=UTC)
    assert sweep(one.portal, at=until) == 1
    assert one.begun() == ["hold", "look"]


def test_word_ends_a_wait_and_is_used_up(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "word")
    one.signal("street-free")
    assert (one.hold()["outcome"], one.begun()) == ("happened", ["hold", "look"])
    one.signal("street-free")
    assert one.begun() == ["hold", "look"]


def test_in_vain(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "word-in-time")
    assert sweep(one.portal, at=one.hold()["until"]) == 1
    assert (one.hold()["outcome"], case(one.portal, one.id)["status"]) == ("lapsed", "closed")
    with pytest.raises(IllegalMove):
        one.signal("street-free")


def test_word_in_time_disarms_the_timer(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "word-in-time")
    until = one.hold()["until"]
    one.signal("street-free")
    assert [row["armed"] for row in rows(one.portal, timers, one.id) if row["kind"] == "wait"] == [False]
    assert sweep(one.portal, at=until) == 0


def test_word_of_what_nothing_waits_for_is_refused(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "word")
    with pytest.raises(Invalid) as refused:
        one.signal("street-fre")
    assert "street-free" in refused.value.errors[0]["detail"]
    assert told(one.portal, one.id, "SignalReceived") == []


def test_a_withdrawal_ends_the_wait(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "day", day="2026-07-01")
    with one.portal.work(ENGINE, at=NOW) as work:
        work.narrow([one.id])
        party.take_back(work, one.id, None)
    assert one.hold()["status"] == "cancelled"
    assert sweep(one.portal, at=datetime(2026, 6, 16, tzinfo=UTC)) == 0
    with one.portal.work(ENGINE) as work:
        work.narrow([one.id])
        assert ledger.waits_for(work, one.id) == []


def test_early_word_is_kept_until_somebody_waits_for_it(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "word", late=True)
    one.signal("street-free")
    assert one.begun() == ["look"]
    do(one.portal, one.id, "look")
    assert (one.hold()["outcome"], case(one.portal, one.id)["status"]) == ("happened", "closed")


def test_an_erased_day_is_for_people_and_the_history_replays(engine: Engine, fresh_database: Database, tmp_path: Path) -> None:
    one = Town(engine, fresh_database, tmp_path / "town", "day", late=True, day="2026-07-01")
    with one.portal.work(ENGINE, at=NOW) as work:
        work.narrow([one.id])
        for row in work.rows(vault_items, one.id):
            work.change(row, value=None, salt=None, erased_at=NOW)
    do(one.portal, one.id, "look")
    assert [task["kind"] for task in waiting(one.portal, one.id)] == ["wait"]
    (run,) = rows(one.portal, journey_runs, one.id)
    assert replayed(told(one.portal, one.id)) == {run["id"]: Run.of(run["state"])}
