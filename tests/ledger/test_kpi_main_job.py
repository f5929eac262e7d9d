"""The facts folded from a case's events say what its row in the registry says."""

from __future__ import annotations

import psycopg
from psycopg.rows import dict_row

from portal.kpi.fold import fold_all
from portal.kpi.rebuild import rebuild
from portal.unit_of_work import Portal
from tests.ledger.test_main_job import CLERK, agency_answers, do, needed, send
from tests.servers import Database

SAME = ("jurisdiction", "origin", "service", "agency", "channel", "area", "status", "outcome", "received_at", "closed_at")


def test_facts_and_registry_agree_all_along_the_main_job(city: Portal, fresh_database: Database) -> None:
    id = send(city, service="resident-parking-permit", answers=needed(city, "resident-parking-permit")).case["case_id"]
    agree(city, fresh_database)
    do(city, CLERK, id, "assess")
    agency_answers(city, id)
    agree(city, fresh_database)
    do(city, CLERK, id, "decide", outcome="granted")
    agree(city, fresh_database)
    assert rebuild(city, replace=False).differing == 0


def agree(city: Portal, database: Database) -> None:
    fold_all(city)
    with psycopg.connect(database.superuser_url, row_factory=dict_row) as connection:
        (facts,) = connection.execute("SELECT * FROM case_facts").fetchall()
        (case,) = connection.execute("SELECT * FROM cases").fetchall()
        clocks = connection.execute("SELECT * FROM clocks WHERE covers = 'case' AND status <> 'cancelled'").fetchall()
        steps = connection.execute("SELECT id, step, kind, agency, begun_at, ended_at, outcome FROM step_runs ORDER BY id").fetchall()
        folded = connection.execute("SELECT step_run_id AS id, step, kind, agency, begun_at, ended_at, outcome FROM step_facts ORDER BY step_run_id").fetchall()
    assert {name: facts[name] for name in SAME} == {name: case[name] for name in SAME}
    assert facts["due_at"] in [clock["due_at"] for clock in clocks if clock["kind"] == "promise"]
    assert folded == steps
