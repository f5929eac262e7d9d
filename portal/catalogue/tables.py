"""Table of definitions as they were published: immutable, found by hash."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from portal.db import facts, instant, metadata

definitions = Table(
    "definitions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),
    facts("body"),
    instant("published_at", nullable=False),
    Index("definitions_kind_id_ix", "kind", "id"),
)
