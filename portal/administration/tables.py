"""Tables of administration: amendments of definitions, and proposals for a second person."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, SmallInteger, Table, Text, Uuid, text

from portal.db import facts, instant, metadata

#: What is put over an agency's definition (portal/catalogue/amend.py); the latest of each. What it was before stands in `definitions` and the events.
amendments = Table(
    "amendments",
    metadata,
    Column("agency", Text, primary_key=True),
    facts("body"),
    Column("made_by", Text, nullable=False),
    instant("made_at", nullable=False),
)

#: How often anything was amended: one row, by which every process sees that its catalogue is no longer the present one.
amended = Table("amended", metadata, Column("one", SmallInteger, primary_key=True), Column("number", BigInteger, nullable=False))

proposals = Table(
    "proposals",
    metadata,
    Column("id", Uuid, primary_key=True),
    #: `person`: roles of somebody; `address`: where an agency's deliveries go.
    Column("kind", Text, nullable=False),
    #: Whom or what it is about: `issuer|sub`, or the agency.
    Column("about", Text, nullable=False),
    facts("body"),
    #: `open`, `confirmed`, `refused`, `expired`.
    Column("status", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    instant("proposed_at", nullable=False),
    instant("expires_at", nullable=False),
    Column("decided_by", Text),
    instant("decided_at"),
    CheckConstraint("status <> 'confirmed' OR (decided_by IS NOT NULL AND decided_by <> proposed_by)", name="second_person"),
    Index("proposals_open_ix", "kind", "about", unique=True, postgresql_where=text("status = 'open'")),
)
