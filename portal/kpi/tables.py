"""Tables folded from the feed: facts by case and by step run. Everything in them can be made again from the events."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Float, Index, Integer, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from portal.db import instant, metadata

case_facts = Table(
    "case_facts",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("jurisdiction", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("service", Text),
    Column("agency", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("area", Text),
    Column("segment", Text),
    #: First day of the local month in which the request was received.
    Column("month", Date, nullable=False),
    #: As in the registry (portal/cases/moves.py), but that a case waiting for its party is `in-progress` here.
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    instant("received_at", nullable=False),
    instant("closed_at"),
    #: Promise of the whole case: what the citizen was told.
    instant("due_at"),
    Column("due_source", Text),
    #: Clocks that cover the whole case, oldest first; `due_at` is chosen among them.
    Column("clocks", JSONB, nullable=False),
    Column("missed", Boolean, nullable=False),
    Column("referrals", SmallInteger, nullable=False),
    Column("score", SmallInteger),
    #: The agency whose front door it came in by, all that have held it since, in order, and how often it came back to one.
    Column("door", Text),
    Column("doors", JSONB),
    Column("returns", SmallInteger),
    #: When the door it was referred to, last of all, took it over.
    instant("found_at"),
    #: How many follow it, where anybody does.
    Column("followers", Integer),
    #: How often somebody turned to us about it (None: once, with the request itself), and how often that could have been avoided.
    Column("contacts", Integer),
    Column("avoidable", Integer),
    #: Of one that came by letter: days between its receipt and the day it was written down.
    Column("backdated", Integer),
    #: Last event of the case that was folded.
    Column("seq", Integer, nullable=False),
    Index("case_facts_jurisdiction_closed_at_ix", "jurisdiction", "closed_at"),
    Index("case_facts_jurisdiction_received_at_ix", "jurisdiction", "received_at"),
)

step_facts = Table(
    "step_facts",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("step_run_id", Uuid, primary_key=True),
    Column("step", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("agency", Text, nullable=False),
    instant("begun_at", nullable=False),
    instant("ended_at"),
    Column("outcome", Text),
    Column("cost", Integer),
)

#: What was learned of where requests ended (portal/kpi/finding.py), with what held-out requests said of it; never changed once written.
find_models = Table(
    "find_models",
    metadata,
    #: Hash of the parameters.
    Column("version", Text, primary_key=True),
    instant("made_at", nullable=False),
    #: How much it counts beside the words of the catalogue, 0..1; 0: it was not better, and is not used.
    Column("share", Float, nullable=False),
    Column("figures", JSONB, nullable=False),
    Column("parameters", JSONB, nullable=False),
    Index("find_models_made_at_ix", "made_at"),
)

#: What the chance of missing is told from (portal/kpi/chance.py); never changed once written, so that what was told can be told again.
chance_models = Table(
    "chance_models",
    metadata,
    Column("jurisdiction", Text, primary_key=True),
    #: Hash of the parameters.
    Column("version", Text, primary_key=True),
    #: Up to when events were looked at.
    instant("as_of", nullable=False),
    instant("made_at", nullable=False),
    Column("parameters", JSONB, nullable=False),
    Index("chance_models_jurisdiction_as_of_ix", "jurisdiction", "as_of"),
)
