"""`portal verify` names the case and the event, whatever was done to the log behind the portal's back."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from portal.cli.verify import Verifier
from portal.db import connect
from portal.settings import Settings
from portal.unit_of_work import Portal
from tests.ledger.test_kpi_figures import LIVES, lived
from tests.servers import Database


@pytest.fixture
def portal(fresh_database: Database) -> Iterator[Portal]:
    engine = connect(fresh_database.url)
    yield Portal(engine, None, {}, Settings())  # type: ignore[arg-type]  # no content is needed here
    engine.dispose()


def harmed(database: Database, statement: str, case_id: UUID) -> None:
    """Somebody with all rights on the tables."""
    with psycopg.connect(database.superuser_url) as owner:
        owner.execute("ALTER TABLE events DISABLE TRIGGER USER")
        assert owner.execute(statement, (case_id,)).rowcount == 1
        owner.execute("ALTER TABLE events ENABLE TRIGGER USER")


def test_an_untouched_log_is_whole(portal: Portal) -> None:
    for life in LIVES:
        lived(portal, life)
    verifier = Verifier(portal)
    assert list(verifier.faults()) == []
    assert (verifier.cases, verifier.events) == (7, 33)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("""UPDATE events SET data = data || '{"service": "b"}' WHERE case_id = %s AND seq = 1""", "event 1 (CaseOpened): was changed"),
        ("UPDATE events SET occurred_at = occurred_at - interval '1 microsecond' WHERE case_id = %s AND seq = 6", "event 6 (CaseClosed): was changed"),
        ("UPDATE events SET prev_hash = hash WHERE case_id = %s AND seq = 3", "event 3 (StepBegun): does not follow"),
        ("UPDATE events SET hash = prev_hash WHERE case_id = %s AND seq = 2", "event 2 (ClockStarted): was changed"),
        ("DELETE FROM events WHERE case_id = %s AND seq = 3", "event 3: is missing"),
        ("DELETE FROM events WHERE case_id = %s AND seq = 1", "event 1: is missing"),
        ("DELETE FROM events WHERE case_id = %s AND seq = 6", "event 6: is missing"),
        ("UPDATE case_heads SET seq = seq + 1 WHERE case_id = %s", "event 7: is missing"),
        ("UPDATE case_heads SET hash = decode(repeat('00', 32), 'hex') WHERE case_id = %s", "event 6 (CaseClosed): is not the one the head"),
        ("DELETE FROM case_heads WHERE case_id = %s", "no head says"),
    ],
)
@pytest.mark.parametrize("which", [0, 3, 6])
def test_whatever_was_done_to_one_case_is_found_there_and_only_there(portal: Portal, fresh_database: Database, harm: str, says: str, which: int) -> None:
    ids = [lived(portal, LIVES[0]) for _ in range(7)]
    assert_six_events(portal)
    harmed(fresh_database, harm, ids[which])
    faults = [str(fault) for fault in Verifier(portal).faults()]
    assert len(faults) == 1
    assert str(ids[which]) in faults[0]
    assert says in faults[0]


def assert_six_events(portal: Portal) -> None:
    verifier = Verifier(portal)
    assert list(verifier.faults()) == []
    assert verifier.events == 6 * verifier.cases


def test_a_case_all_of_whose_events_are_gone_is_missed(portal: Portal, fresh_database: Database) -> None:
    ids = [lived(portal, LIVES[3]) for _ in range(3)]
    with psycopg.connect(fresh_database.superuser_url) as owner:
        owner.execute("ALTER TABLE events DISABLE TRIGGER USER")
        owner.execute("DELETE FROM events WHERE case_id = %s", (ids[1],))
    assert [(fault.case_id, fault.says) for fault in Verifier(portal).faults()] == [(ids[1], "event 1: is missing; the head says there are 4")]
