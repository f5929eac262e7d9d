"""What was said on a case is kept as it came, and read by its party and by staff with access; by nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.issuer import Issuer
from tests.ledger.test_clocks_api import Door
from tests.ledger.test_main_job import needed
from tests.servers import Database


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path) -> Iterator[Door]:
    """Open for one test."""
    one = Door(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def test_who_works_on_a_case_reads_what_was_asked(door: Door) -> None:
    reference, mine = door.housing()
    door.ask("POST", f"/cases/{reference}/messages", mine, {"words": "We are five."}, status=201)
    task = door.task(reference)
    door.ask("POST", f"/tasks/{task['id']}/note", door.worker, {"words": "Ask the landlord."})
    staff = door.ask("GET", f"/cases/{reference}", door.worker)["given"]
    party = door.ask("GET", f"/cases/{reference}", mine)["given"]
    assert staff["answers"] == party["answers"]
    assert staff["answers"]["monthly_income"] == 900
    assert [one["words"] for one in party["messages"]] == ["We are five."]
    assert [one["words"] for one in staff["notes"]] == ["Ask the landlord."]
    assert party["notes"] == []
    assert door.ask("GET", f"/cases/{reference}", door.champion)["given"]["answers"] == {}
    door.ask("GET", f"/cases/{reference}", door.roads, status=404)


def test_a_first_answer_of_staff_keeps_the_promise_of_one(door: Door) -> None:
    reference, _ = door.housing()
    first = [clock for clock in door.ask("GET", f"/cases/{reference}/clocks", door.worker)["items"] if clock["covers"] == "first-answer"]
    assert [clock["status"] for clock in first] == ["running"]
    door.ask("POST", f"/cases/{reference}/messages", door.worker, {"words": "We have your papers."}, status=201)
    first = [clock for clock in door.ask("GET", f"/cases/{reference}/clocks", door.worker)["items"] if clock["covers"] == "first-answer"]
    assert [clock["status"] for clock in first] == ["met"]


def test_naughty_strings_come_back_as_they_went_in_or_are_refused_clearly(door: Door, shared_data: Path) -> None:
    strings = [one for one in json.loads((shared_data / "hostile" / "blns.json").read_text("utf-8")) if one.strip()]
    answers = needed(door.portal, "noise-complaint")
    field = next(one.id for one in door.portal.catalogue.services["noise-complaint"].fields if one.type == "long-text")
    kept = 0
    for naughty in strings[::5]:
        answer = door.client.post("/api/v1/cases", json={"service": "noise-complaint", "answers": answers | {field: naughty}, "text": naughty})
        assert answer.status_code in (201, 422), answer.get_data(as_text=True)
        told = answer.get_json()
        if answer.status_code == 422:
            assert told["errors"]
            continue
        given = door.ask("GET", f"/cases/{told['reference']}", {"Case-Secret": told["secret"]})["given"]
        wanted = naughty.replace("\r\n", "\n").replace("\r", "\n")
        assert (given["text"], given["answers"][field]) == (wanted, wanted)
        kept += 1
    assert kept > len(strings) // 5 * 0.9
