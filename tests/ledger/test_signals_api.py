"""Word of what a journey waits for: over HTTP by staff and champions, and with an agency's report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from portal.cases import registry
from portal.intake import reports
from portal.intake.reports import Report
from portal.outbox.tables import outbox
from portal.runs.tables import step_runs
from portal.unit_of_work import ENGINE
from tests.contracts.issuer import Issuer
from tests.ledger.test_clocks_api import Door
from tests.ledger.versions_of_town import rows, told
from tests.servers import Database

ANSWERS = {"moving_date": "2026-05-04", "old_address": "Quay 1", "home": "Rue Haute 1", "people_moving": 2, "has_car": False, "needs_childcare": False}


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path) -> Iterator[Door]:
    """Open for one test."""
    one = Door(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def moving(door: Door) -> tuple[str, dict[str, str], UUID]:
    """Somebody moves home: reference, header of the party, case."""
    sent = door.ask("POST", "/cases", {}, {"service": "moving-home", "answers": ANSWERS}, status=201)
    with door.portal.work(ENGINE) as work:
        return sent["reference"], {"Case-Secret": sent["secret"]}, registry.find(work, sent["reference"])[0]


def report(door: Door, case_id: UUID, message: str, status: str, event: str | None = None) -> str:
    """The water utility reports on its handover."""
    (row,) = [row for row in rows(door.portal, outbox, case_id) if row["kind"] == "delivery"]
    return reports.take(door.portal, "water-utility", Report(message, row["key"], status, event=event))


def last_reading(door: Door, case_id: UUID) -> Any:
    return next((row["outcome"] for row in rows(door.portal, step_runs, case_id) if row["step"] == "last-reading"), None)


def test_early_word_of_a_champion_is_kept_and_told_once(door: Door) -> None:
    reference, _, id = moving(door)
    key = {"Idempotency-Key": "f" * 32}
    for _ in range(2):
        taken = door.ask("POST", f"/cases/{reference}/signals", door.champion | key, {"event": "meter-read"}, status=201)
        assert taken["event"] == "meter-read"
    assert len(told(door.portal, id, "SignalReceived")) == 1
    report(door, id, "m1", "done")
    assert last_reading(door, id) == "happened"


def test_who_may_not_and_what_is_not_waited_for(door: Door) -> None:
    reference, mine, id = moving(door)
    body = {"event": "meter-read"}
    door.ask("POST", f"/cases/{reference}/signals", mine, body, status=403)
    door.ask("POST", f"/cases/{reference}/signals", {}, body, status=401)
    door.ask("POST", f"/cases/{reference}/signals", door.roads, body, status=404)
    refused = door.ask("POST", f"/cases/{reference}/signals", door.champion, {"event": "meter-red"}, status=422)
    assert refused["errors"] == [{"pointer": "/event", "detail": "No journey of this case waits for it; they wait for meter-read."}]
    door.ask("POST", f"/cases/{reference}/signals", door.champion, {"event": "Meter read"}, status=422)
    assert told(door.portal, id, "SignalReceived") == []
    door.ask("POST", f"/cases/{reference}/withdrawal", mine, {}, status=201)
    door.ask("POST", f"/cases/{reference}/signals", door.champion, body, status=409)


def test_an_agencys_report_tells_of_an_event(door: Door) -> None:
    """With what it says of the handover, and after it was done; the same message again says nothing new."""
    _, _, id = moving(door)
    report(door, id, "m1", "accepted")
    report(door, id, "m2", "done")
    assert report(door, id, "m3", "done", "meter-read") == "stale"
    assert last_reading(door, id) == "happened"
    report(door, id, "m3", "done", "meter-read")
    assert len(told(door.portal, id, "SignalReceived")) == 1


def test_the_party_takes_one_part_back_over_http(door: Door) -> None:
    reference, mine, id = moving(door)
    assert {one["part"]: one["status"] for one in door.ask("GET", f"/cases/{reference}", mine)["parts"]} == {
        "residence": "under-way",
        "parking": "to-come",
        "childcare": "to-come",
        "water": "under-way",
    }
    door.ask("POST", f"/cases/{reference}/withdrawal", mine, {"part": "garage"}, status=422)
    assert door.ask("POST", f"/cases/{reference}/withdrawal", mine, {"part": "water"}, status=201)["status"] != "withdrawn"
    door.ask("POST", f"/cases/{reference}/withdrawal", mine, {"part": "water"}, status=409)
    assert {one["part"]: one["status"] for one in door.ask("GET", f"/cases/{reference}", mine)["parts"]}["water"] == "withdrawn"
    assert len(told(door.portal, id, "PartWithdrawn")) == 1
