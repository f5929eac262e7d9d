"""Tables of the log: events (insert and select only), the feed that numbers them, and what each reader has read."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, SmallInteger, Table, Text, Uuid, text
from sqlalchemy.types import UserDefinedType

from portal.db import CASE_TABLE, case_id, facts, instant, metadata


class TransactionId(UserDefinedType[int]):
    """`xid8`: the transaction that wrote a row; readers wait until all before it have ended."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The SQL name of the type."""
        return "xid8"


events = Table(
    "events",
    metadata,
    case_id(),
    Column("seq", Integer, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    instant("occurred_at", nullable=False),
    instant("recorded_at", nullable=False),
    Column("jurisdiction", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("agency", Text),
    Column("channel", Text),
    Column("step", Text),
    Column("schema_version", SmallInteger, nullable=False),
    facts("data"),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("tx", TransactionId(), nullable=False, server_default=text("pg_current_xact_id()")),
    PrimaryKeyConstraint("case_id", "seq"),
    Index("events_tx_ix", "tx"),
    info=CASE_TABLE,
)

feed = Table(
    "feed",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    case_id(),
    Column("seq", Integer, nullable=False),
)

feed_head = Table(
    "feed_head",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("horizon", TransactionId(), nullable=False),
)

readers = Table(
    "readers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
