"""`portal verify` makes every journey again from its case's events and names the one that stands otherwise."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from portal.cli.verify import Verifier
from portal.unit_of_work import Portal
from portal.workflow.history import replayed
from portal.workflow.rebuilding import differing
from tests.ledger.test_main_job import CLERK, agency_answers, do, needed, send
from tests.servers import Database


def faults(city: Portal) -> list[str]:
    return [fault.says for fault in Verifier(city).faults()]


def cases(city: Portal) -> list[UUID]:
    """One at its beginning, one that waits for its end."""
    young, old = (send(city, service="resident-parking-permit", answers=needed(city, "resident-parking-permit")).case["case_id"] for _ in range(2))
    agency_answers(city, old)
    do(city, CLERK, old, "assess")
    return [young, old]


def test_journeys_stand_where_their_events_say(city: Portal) -> None:
    cases(city)
    verifier = Verifier(city)
    assert list(verifier.faults()) == []
    assert (verifier.cases, verifier.runs) == (2, 2)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("""UPDATE journey_runs SET state = jsonb_set(state, '{a}', '{"1": "elsewhere"}') WHERE case_id = %s""", "stands otherwise"),
        ("""UPDATE journey_runs SET state = jsonb_set(state, '{e}', 'true') WHERE case_id = %s""", "stands otherwise"),
        ("DELETE FROM journey_runs WHERE case_id = %s", "is not stored"),
        (
            "INSERT INTO journey_runs SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).* FROM journey_runs r WHERE case_id = %s",
            "no event tells",
        ),
    ],
)
def test_a_run_that_was_changed_is_named(city: Portal, fresh_database: Database, harm: str, says: str) -> None:
    _, old = cases(city)
    with psycopg.connect(fresh_database.superuser_url) as owner:
        assert owner.execute(harm.encode(), (old,)).rowcount == 1
    found = list(Verifier(city).faults())
    assert [fault.case_id for fault in found] == [old]
    assert found[0].reference and says in found[0].says


def test_a_case_that_went_on_while_it_was_read_is_no_fault(city: Portal) -> None:
    young, _ = cases(city)
    before = {young: (1, replayed([]))}  # as it was read when only its first event was there
    assert list(differing(city, before)) == []
