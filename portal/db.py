"""PostgreSQL: the engine, the names of constraints, and columns that many tables share."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

from orjson import loads
from sqlalchemy import Column, DateTime, MetaData, Uuid, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine, make_url
from uuid_utils import compat

from portal.telemetry import counters

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

#: Where a pooled connection notes what the server has prepared on it (portal/unit_of_work/trip.py).
PREPARED = "prepared"
#: Where it is noted what ends every statement on it now (portal/unit_of_work/work.py).
TAG = "tag"
#: Statements psycopg keeps prepared on a connection.
KEPT = 200

#: Tables every row of which belongs to one case; row-level security and the unit of work treat them alike.
CASE_TABLE = {"case_table": True}


def new_id() -> UUID:
    """A uuid7: ids made on our side sort by time (RFC 9562)."""
    return compat.uuid7()


def case_id(**options: Any) -> Column[UUID]:
    """The column every table of a case leads with."""
    return Column("case_id", Uuid, nullable=False, **options)


def instant(name: str, **options: Any) -> Column[Any]:
    """A point in time, `timestamptz`."""
    options.setdefault("nullable", True)
    return Column(name, DateTime(timezone=True), **options)


def facts(name: str, **options: Any) -> Column[Any]:
    """A JSON object that holds no personal data, unless its table says so."""
    return Column(name, JSONB, nullable=False, **options)


def connect(url: str, *, pool: int = 8) -> Engine:
    """An engine on psycopg; statements are prepared at their second use, a dead connection is replaced before it is used."""
    address = make_url(url)
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    engine = create_engine(
        address,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=5,
        pool_use_lifo=True,
        json_deserializer=loads,
        connect_args={"prepare_threshold": 1, "connect_timeout": 5, "options": "-c timezone=UTC -c jit=off"},
    )
    event.listen(engine, "connect", _connected)
    event.listen(engine, "before_cursor_execute", _tagged, retval=True)
    event.listen(engine, "rollback", _rolled_back)
    event.listen(engine, "reset", _forget)
    if counters.FOLDER in os.environ:
        event.listen(engine, "checkout", lambda *_: counters.connections(1))
        event.listen(engine, "checkin", lambda *_: counters.connections(-1))
    return engine


def _connected(connection: Any, _: Any) -> None:
    connection.prepared_max = KEPT


def _tagged(connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> tuple[str, Any]:
    return statement + connection.info.get(TAG, ""), parameters


def _rolled_back(connection: Any) -> None:
    """A transaction that a unit has ended itself (portal/unit_of_work/trip.py) is none any more: nothing is rolled back, and nothing forgotten."""
    if connection.connection.driver_connection.info.transaction_status:
        connection.info.pop(PREPARED, None)


def _forget(connection: Any, record: Any, _: Any) -> None:
    """A rollback of psycopg's may make the server forget every prepared statement, ours too: who uses the connection next asks."""
    if connection.info.transaction_status:
        record.info.pop(PREPARED, None)
