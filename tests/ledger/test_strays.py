"""What agencies report and nobody can place is put before people, who attach it to a case or dismiss it; and so is what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from portal.intake import reports
from portal.intake.reports import Report
from portal.outbox.inbox import PATIENCE
from tests.contracts.issuer import Issuer
from tests.ledger.test_clocks_api import Door
from tests.ledger.test_main_job import needed
from tests.servers import Database

KEY = {"Idempotency-Key": "k" * 22}


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path) -> Iterator[Door]:
    issuer = Issuer(tmp_path / "keys.json")
    one = Door(fresh_database.url, issuer)
    one.roads = one._bearer(issuer, sub="roads", agency="roads", teams=["desk"])
    yield one
    one.portal.engine.dispose()


def pothole(door: Door) -> tuple[str, str]:
    """Reference of a case at roads, and the key of its handover."""
    reference: str = door.ask("POST", "/cases", {}, {"service": "pothole", "answers": {"place": "Rue Haute 1"}}, status=201)["reference"]
    (one,) = door.ask("GET", f"/cases/{reference}/deliveries", door.roads)["items"]
    return reference, one["step_run"]


def strayed(door: Door, **more: Any) -> dict[str, Any]:
    """A report nobody could place for 72 hours; its task, claimed."""
    reports.take(door.portal, "roads", Report(f"msg_{uuid4().hex}", "order-4711", "done", **more))
    reports.match(door.portal, at=datetime.now(UTC) + PATIENCE + timedelta(hours=1))
    (task,) = [one for one in door.ask("GET", "/tasks", door.roads)["items"] if one["kind"] == "stray" and one["status"] == "open"]
    door.ask("POST", f"/tasks/{task['id']}/claim", door.roads)
    return dict(task)


def test_a_report_nobody_could_place_waits_for_people_once(door: Door) -> None:
    task = strayed(door, remote_id="R-9")
    assert (task["reference"], task["step"], task["agency"], task["service"]) == ("order-4711", "report", "roads", None)
    reports.match(door.portal, at=datetime.now(UTC) + 2 * PATIENCE)
    assert len([one for one in door.ask("GET", "/tasks", door.roads)["items"] if one["kind"] == "stray"]) == 1
    shown = door.ask("GET", f"/tasks/{task['id']}/stray", door.roads)
    assert (shown["kind"], shown["name"], shown["known"]["status"], shown["known"]["remote_id"]) == ("report", "order-4711", "done", "R-9")
    door.ask("GET", f"/tasks/{task['id']}", door.roads)
    door.ask("GET", f"/tasks/{task['id']}/stray", door.worker, status=404)
    door.ask("POST", f"/tasks/{task['id']}/complete", door.roads, {}, status=409)


def test_it_is_attached_to_the_case_it_means_and_ends_its_step(door: Door) -> None:
    reference, _ = pothole(door)
    task = strayed(door, remote_id="R-9")
    refused = door.ask("POST", f"/tasks/{task['id']}/attach", door.roads, {"reference": "AAAA-0000-0000"}, status=404)
    assert refused["title"]
    told = door.ask("POST", f"/tasks/{task['id']}/attach", door.roads | KEY, {"reference": reference})
    assert (told["settled"], told["report"]) == ("attached", "applied")
    assert door.ask("POST", f"/tasks/{task['id']}/attach", door.roads | KEY, {"reference": reference}) == told, "the same call once"
    assert "AgencyReported" in [one["type"] for one in door.ask("GET", f"/cases/{reference}/events", door.roads)["items"]]
    (delivery,) = door.ask("GET", f"/cases/{reference}/deliveries", door.roads)["items"]
    assert (delivery["state"], delivery["remote_id"]) == ("sent", "R-9"), "who reports on it has it"
    assert door.ask("GET", f"/tasks/{task['id']}/stray", door.roads)["settled"] == "attached"
    door.ask("POST", f"/tasks/{task['id']}/dismiss", door.roads, {"words": "twice"}, status=409)


def test_it_is_attached_to_nothing_that_agency_was_not_given(door: Door) -> None:
    other = door.ask("POST", "/cases", {}, {"service": "noise-complaint", "answers": needed(door.portal, "noise-complaint")}, status=201)["reference"]
    task = strayed(door)
    door.ask("POST", f"/tasks/{task['id']}/attach", door.roads, {"reference": other}, status=404)


def test_it_is_dismissed_with_a_word_why(door: Door) -> None:
    task = strayed(door)
    door.ask("POST", f"/tasks/{task['id']}/dismiss", door.roads, {"words": "  "}, status=422)
    told = door.ask("POST", f"/tasks/{task['id']}/dismiss", door.roads, {"words": "They tested their new system."})
    assert told["settled"] == "dismissed"
    assert not [one for one in door.ask("GET", "/tasks", door.roads)["items"] if one["kind"] == "stray"]


@pytest.mark.parametrize("order", [("done", "refused"), ("refused", "done"), ("refused", "done", "refused")])
def test_reports_that_contradict_each_other_are_a_task_in_any_order(door: Door, order: tuple[str, ...]) -> None:
    reference, key = pothole(door)
    for status in order:
        reports.take(door.portal, "roads", Report(f"msg_{uuid4().hex}", key, status))
    found = [one for one in door.ask("GET", "/tasks", door.roads)["items"] if one["reference"] == reference]
    assert [one["kind"] for one in found] == ["contradiction"]
    door.ask("POST", f"/tasks/{found[0]['id']}/claim", door.roads)
    assert door.ask("POST", f"/tasks/{found[0]['id']}/complete", door.roads, {})["status"] == "done"


def test_the_same_word_twice_and_one_that_says_less_are_no_contradiction(door: Door) -> None:
    reference, key = pothole(door)
    for status in ("done", "done", "accepted"):
        reports.take(door.portal, "roads", Report(f"msg_{uuid4().hex}", key, status))
    assert not [one for one in door.ask("GET", "/tasks", door.roads)["items"] if one["reference"] == reference]
