"""Figures of a worklist serve its team: what is in work, how long it is touched and waits, what was right the first time; never a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.cases import registry
from portal.queues import worklist
from portal.unit_of_work import ENGINE, Principal
from portal.views.worklist_figures import FEW, _held
from portal.workflow import casework
from tests.contracts.issuer import Issuer
from tests.ledger.test_main_job import task
from tests.ledger.test_queues import Desk
from tests.servers import Database


@pytest.fixture
def desk(fresh_database: Database, tmp_path: Path) -> Iterator[Desk]:
    """Open for one test."""
    one = Desk(fresh_database, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def test_touch_and_waiting_are_told_of_the_team_and_of_few_tasks_nothing(desk: Desk) -> None:
    who = Principal("staff", "tests|clerk", agencies=("city-council",), roles=("caseworker",))
    references = [desk.noise()[0] for _ in range(FEW)]
    for reference in references:
        with desk.portal.work(ENGINE) as work:
            case_id = registry.find(work, reference)[0]
        now = datetime.now(UTC)
        for minutes, act in ((10, worklist.claim), (40, None)):
            with desk.portal.work(who, at=now + timedelta(minutes=minutes)) as work:
                work.narrow([case_id])
                held = task(work, case_id, desk.portal.catalogue.journeys[desk.portal.catalogue.services["noise-complaint"].journey].start)
                if act is not None:
                    act(work, held, holder=str(who.subject), version=None)
                else:
                    casework.complete(work, held, version=None)
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    told: dict[str, Any] = {one["queue"]: one for one in desk.ask("GET", f"/queues/figures?to={until}", desk.clerk)["items"]}
    done = next(one for one in told.values() if one["done"] == FEW)
    assert done["touch_median"] == pytest.approx(1800, abs=5)
    assert done["waiting_median"] == pytest.approx(600, abs=30)
    assert 70 < done["touch_share"] < 80
    assert done["first_time_right"] == 100.0
    assert sum(one["waiting"] for one in told.values()) >= FEW, "the next step of each waits"
    assert "clerk" not in str(told)
    early = (datetime.now(UTC) - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    assert all(one["done"] == 0 and one["touch_median"] is None for one in desk.ask("GET", f"/queues/figures?to={early}", desk.clerk)["items"])
    assert {one["agency"] for one in desk.ask("GET", "/queues/figures", desk.streets)["items"]} == {"roads"}


def test_only_time_in_which_somebody_holds_it_is_touch() -> None:
    begun = datetime(2026, 6, 1, tzinfo=UTC)
    story = [
        *(("TaskClaimed", 0, "a"), ("TaskHandedOver", 5, "b"), ("TaskReleased", 10, None), ("TaskUndone", 12, "b"), ("TaskUndone", 13, None)),
        *(("TaskClaimed", 20, "c"), ("TaskCompleted", 25, None)),
    ]
    events = [{"type": type, "occurred_at": begun + timedelta(seconds=at), "data": {"holder": holder}} for type, at, holder in story]
    assert _held(events) == 10 + 1 + 5
