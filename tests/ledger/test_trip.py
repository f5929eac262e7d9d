"""Several statements in one round trip: order, failure, and what the server keeps prepared."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text

from portal.db import PREPARED, connect
from portal.unit_of_work import trip
from portal.unit_of_work.trip import left_prepared, together
from tests.servers import Database


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    one = connect(database.url, pool=1)
    yield one
    one.dispose()


@pytest.fixture
def raw(database: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.url) as connection:
        yield connection
        connection.rollback()


def test_rows_come_in_order_as_text(raw: psycopg.Connection) -> None:
    sent = [("BEGIN", ()), ("SELECT $1::int, $2::text", ("7", None)), ("SELECT 'é' WHERE false", ()), ("COMMIT", ())]
    for _ in range(2):
        assert together(raw, left_prepared(raw), sent) == [[], [("7", None)], [], []]


def test_the_first_failure_is_raised_and_nothing_after_it_runs(raw: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        together(raw, {}, [("BEGIN", ()), ("SELECT 1 / $1::int", ("0",)), ("SELECT nothing_like_it()", ()), ("COMMIT", ())])
    assert raw.info.transaction_status == psycopg.pq.TransactionStatus.INERROR


def test_the_statement_not_used_for_longest_is_let_go(raw: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trip, "PREPARED", 2)
    prepared: trip.Prepared = {}
    for value in ("1", "2", "1", "3", "1", "2"):
        assert together(raw, prepared, [(f"SELECT {value}", ())]) == [[(value,)]]
        assert set(left_prepared(raw)) == set(prepared)
        assert len(prepared) <= 2


def test_a_rollback_of_psycopgs_costs_a_question_and_no_failure(engine: Engine) -> None:
    """psycopg lets the server forget all prepared statements when it rolls back, if it had prepared any itself."""
    for own in (0, 3):
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            together(raw, connection.info.setdefault(PREPARED, left_prepared(raw)), [("BEGIN", ()), ("SELECT 1", ())])
            for _ in range(own):
                connection.execute(text("SELECT 2"))
        with engine.connect() as connection:
            assert PREPARED not in connection.info
            raw = connection.connection.driver_connection
            assert together(raw, left_prepared(raw), [("SELECT 1", ())]) == [[("1",)]]
