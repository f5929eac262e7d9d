"""Decision tables at work: told before applying, told at intake, judged by conditions; rows and outputs are recorded, never what was looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.cases import registry
from portal.catalogue.definitions import Catalogue
from portal.catalogue.load import load
from portal.catalogue.tabled import TableFails
from portal.db import connect
from portal.events.tables import events
from portal.reactions import REACTIONS
from portal.reactions.acts import give
from portal.settings import Settings
from portal.standards.resolve import resolve
from portal.unit_of_work import ENGINE, Portal, Principal
from tests.contracts.issuer import Issuer
from tests.definitions.small_city import FILES, write
from tests.definitions.test_tables import TREE, WITH_TABLES
from tests.ledger.conftest import SECRET
from tests.ledger.test_clocks_api import Door
from tests.ledger.test_main_job import do, needed, send
from tests.servers import Database

HALL = Principal("staff", "tests|hall", agencies=("hall",), roles=("caseworker",))


@pytest.fixture
def door(fresh_database: Database, tmp_path: Path) -> Iterator[Door]:
    one = Door(fresh_database.url, Issuer(tmp_path / "keys.json"))
    yield one
    one.portal.engine.dispose()


def told(portal: Portal, case_id: UUID) -> list[dict[str, Any]]:
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        statement = select(events).where(events.c.case_id == case_id, events.c.type == "TableDecided").order_by(events.c.seq)
        return [row["data"] for row in work.run(statement.execution_options(visible=True))]


PARKING = "/services/resident-parking-permit/eligibility"


def test_who_may_ask_and_what_it_costs_is_told_before(door: Door) -> None:
    found = door.ask("POST", PARKING, {}, {"answers": {"vehicle": "company"}})
    assert (found["eligible"], found["fee"]["amount"], found["fee"]["says"]) == (True, 3600, "An employer's vehicle, one year.")
    assert found["missing"] == ["number_plate", "home"]
    found = door.ask("POST", PARKING, {}, {"answers": {"vehicle": "shared", "vehicle_class": "lorry"}, "language": "fr"})
    assert (found["eligible"], found["law"], found["fee"]["amount"]) == (False, "4", 1800)
    assert found["says"].startswith("Les camions")
    assert door.ask("POST", PARKING, {}, {})["fee"] is None
    assert door.ask("POST", "/services/pothole/eligibility", {}, {}) | {"missing": []} == {
        "eligible": None,
        "says": None,
        "law": None,
        "fee": None,
        "missing": [],
    }
    wrong = door.ask("POST", PARKING, {}, {"answers": {"vehicle": "tank"}}, status=422)
    assert [one["pointer"] for one in wrong["errors"]] == ["/answers/vehicle"]
    door.ask("POST", "/services/no-such/eligibility", {}, {}, status=404)
    shown = door.ask("GET", "/services/resident-parking-permit", {})["fee"]
    assert (shown["amount"], shown["least"], shown["most"], shown["depends_on"]) == (None, 0, 3600, ["vehicle", "badge"])


def test_who_is_not_eligible_is_told_so_and_taken_all_the_same(door: Door) -> None:
    answers = needed(door.portal, "resident-parking-permit") | {"vehicle_class": "lorry"}
    taken = door.ask("POST", "/cases", {}, {"service": "resident-parking-permit", "answers": answers}, status=201)
    assert taken["eligibility"] == {
        "eligible": False,
        "says": "Lorries may not stand in residential streets; the permit will most likely be refused.",
        "law": "4",
    }
    assert taken["status"] == "received"
    plain = door.ask("POST", "/cases", {}, {"service": "pothole", "answers": needed(door.portal, "pothole")}, status=201)
    assert plain["eligibility"] is None


@pytest.fixture
def hall(fresh_database: Database, tmp_path: Path) -> Iterator[Portal]:
    """The small city, its journey's branch asking two tables."""
    journey = FILES["journeys/long.yaml"].replace("answers.girth > 100", "tables.price.amount > 100 && tables.points.value > 2")
    write(tmp_path, {TREE: WITH_TABLES, "journeys/long.yaml": journey})
    catalogue: Catalogue = load(packages=[], directories=[tmp_path], resolve_calendar=resolve)
    engine = connect(fresh_database.url)
    yield Portal(engine, catalogue, REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]
    engine.dispose()


def test_a_condition_asks_a_table_and_only_rows_and_outputs_are_kept(hall: Portal) -> None:
    id = send(hall, service="tree", answers={"girth": 777, "why": "sick"}).case["case_id"]
    do(hall, HALL, id, "look")
    assert told(hall, id) == [
        {"table": "may", "rows": [0], "told": {"eligible": True}, "law": None, "use": "eligibility"},
        {"table": "price", "rows": [2], "told": {"amount": 500}, "law": "7", "use": "condition"},
        {"table": "points", "rows": [1], "told": {"value": 3}, "law": None, "use": "condition"},
    ]
    assert "777" not in str(told(hall, id))


def test_a_table_that_cannot_tell_is_a_refusal_and_nothing_is_lost(hall: Portal) -> None:
    id = send(hall, text="I want a tree permit to fell a tree").case["case_id"]
    with hall.work(ENGINE) as work:
        work.narrow([id])
        give(work, registry.case_of(work, id), "tree", why="triage")
    with pytest.raises(TableFails, match="needs an answer that is missing"):
        do(hall, HALL, id, "look")
    assert [one["use"] for one in told(hall, id)] == []
