"""A task says what it is, how it is done and how it may end; an advice that comes too late changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.cases import registry
from portal.intake import reports
from portal.intake.reports import Report
from portal.outbox.tables import outbox
from portal.unit_of_work import ENGINE, Portal
from tests.contracts.issuer import Issuer
from tests.ledger.test_clocks_api import Door
from tests.ledger.test_flow import PLACES, advised, recorded, under_way
from tests.ledger.test_main_job import CLERK, do
from tests.ledger.versions_of_town import rows
from tests.servers import Database


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path) -> Iterator[Door]:
    """Open for one test."""
    one = Door(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def shown(door: Door, case_id: Any, language: str = "en") -> dict[str, Any]:
    """The first task of the case that an inspector or the desk sees."""
    with door.portal.work(ENGINE) as work:
        work.narrow([case_id])
        reference = registry.case_of(work, case_id)["reference"]
    who = door._bearer(door.issuer, sub="ann", agency="city-council", teams=["inspectors", "desk"])
    id = next(one["id"] for one in door.ask("GET", "/tasks", who)["items"] if one["reference"] == reference)
    found: dict[str, Any] = door.ask("GET", f"/tasks/{id}", who | {"Accept-Language": language})
    return found


def test_a_task_tells_its_title_guidance_and_outcomes(door: Door) -> None:
    case_id = advised(door.portal, PLACES)
    told = shown(door, case_id)
    guidance = "The number of the task is the number of the place in the organiser's list."
    assert (told["title"], told["guidance"], told["outcomes"]) == ("Look at the place", guidance, [])
    assert shown(door, case_id, "fr")["title"] == "Voir le lieu"


def test_a_decision_tells_what_may_be_decided(door: Door) -> None:
    case_id = advised(door.portal, ["quay"])
    do(door.portal, CLERK, case_id, "look")
    told = shown(door, case_id)
    assert (told["step"], told["guidance"], told["outcomes"]) == ("decide", None, ["granted", "granted-with-conditions", "refused"])


def test_an_advice_that_comes_after_its_way_was_cancelled_changes_nothing(door: Door) -> None:
    portal: Portal = door.portal
    case_id = advised(portal, ["quay"])
    before, standing = recorded(portal, case_id), under_way(portal, case_id)
    for row in [row for row in rows(portal, outbox, case_id) if row["kind"] == "delivery"]:
        for number, status in enumerate(("accepted", "done", "refused")):
            reports.take(portal, row["target"], Report(f"late-{row['key']}-{number}", row["key"], status))
    assert under_way(portal, case_id) == standing
    assert {one["type"] for one in recorded(portal, case_id)[len(before) :]} & {"StepEnded", "StepBegun", "BranchChosen", "JoinReached"} == set()
