"""Table of documents. What a file is called is personal data and lies in the vault; the file itself lies in the store."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, SmallInteger, Table, Text, UniqueConstraint, Uuid

from portal.db import CASE_TABLE, case_id, instant, metadata

documents = Table(
    "documents",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    #: The first of the files that replace one another, and which of them this is, from 1.
    Column("lineage", Uuid, nullable=False),
    Column("number", SmallInteger, nullable=False),
    #: Vault item with its name and SHA-256; the event carries the commitment to both.
    Column("item", Uuid, nullable=False),
    #: By its content (portal/documents/kinds.py).
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    #: Name in the store (portal/wire/store.py): random, says nothing.
    Column("kept_as", Text, nullable=False),
    #: Deposited as an original: kept as it came, with a stamped receipt.
    Column("original", Boolean, nullable=False),
    #: `party`, `staff`, `agency`.
    Column("sender", Text, nullable=False),
    Column("channel", Text, nullable=False),
    #: `pending`, `clean`, `infected`, `unreadable` (the scanner could not look into it). Only what is clean is opened.
    Column("status", Text, nullable=False),
    instant("received_at", nullable=False),
    instant("scanned_at"),
    PrimaryKeyConstraint("case_id", "id"),
    UniqueConstraint("kept_as"),
    Index("documents_lineage_ix", "case_id", "lineage", "number", unique=True),
    info=CASE_TABLE,
)
