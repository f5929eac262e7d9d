"""Table of what citizens say of a service."""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, SmallInteger, Table, Text, Uuid

from portal.db import CASE_TABLE, case_id, instant, metadata

feedback = Table(
    "feedback",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    #: 1 (very dissatisfied) to 5 (very satisfied).
    Column("score", SmallInteger, nullable=False),
    Column("step", Text),
    #: Vault item with the words.
    Column("words", Uuid),
    instant("given_at", nullable=False),
    PrimaryKeyConstraint("case_id", "id"),
    info=CASE_TABLE,
)
