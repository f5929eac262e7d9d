"""Tables of the unit of work: the head of each case, what came in before, and answers kept for a repeat."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, PrimaryKeyConstraint, SmallInteger, Table, Text

from portal.db import CASE_TABLE, case_id, instant, metadata

#: What a unit locks first, by id: number and hash of the last event, and the version an edit is made against.
case_heads = Table(
    "case_heads",
    metadata,
    case_id(primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("jurisdiction", Text, nullable=False),
    Column("origin", Text, nullable=False),
    info=CASE_TABLE,
)

#: `answer` is encrypted under a key derived from the client's own key.
idempotency = Table(
    "idempotency",
    metadata,
    Column("principal", Text, nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    instant("created_at", nullable=False),
    PrimaryKeyConstraint("principal", "key_hash"),
)

#: When what works in the background last looked, by the database's clock.
heartbeats = Table("heartbeats", metadata, Column("name", Text, primary_key=True), instant("at", nullable=False))
