"""Tables of clocks and of the timers that fire for them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, Uuid, text

from portal.db import CASE_TABLE, case_id, facts, instant, metadata

clocks = Table(
    "clocks",
    metadata,
    Column("case_id", Uuid, ForeignKey("case_heads.case_id"), nullable=False),
    Column("id", Uuid, nullable=False),
    Column("standard", Text, nullable=False),
    Column("kind", Text, nullable=False),
    #: `case`, `first-answer`, `referral` (the answer of one door to another), or a step id.
    Column("covers", Text, nullable=False),
    Column("step_run_id", Uuid),
    Column("agency", Text, nullable=False),
    #: Term, profile and law as the standard stood when the clock started.
    facts("rule"),
    Column("calendar_hash", Text),
    #: `running`, `paused`, `met`, `missed`, `cancelled`; a missed clock runs on until it is stopped.
    Column("status", Text, nullable=False),
    instant("started_at", nullable=False),
    instant("due_at", nullable=False),
    instant("original_due_at", nullable=False),
    #: `computed` or `imported`.
    Column("due_source", Text, nullable=False),
    instant("stopped_at"),
    instant("missed_at"),
    #: When it stood still: `[{key, awaits, law, begins, until, ended}]`, instants RFC 3339 (portal/standards/clockwork.py).
    facts("pauses"),
    #: The one extension, as a term; it may have been used up by a clock that was reset since.
    Column("extension", Text),
    Column("extended", Boolean, nullable=False),
    #: Whom the missed promise was put before last.
    Column("escalated_to", Text),
    #: What the law makes of the breach: `arisen`, `confirmed`, `declined`, `took-effect`, `moot`.
    Column("consequence", Text),
    PrimaryKeyConstraint("case_id", "id"),
    Index("clocks_near_ix", "due_at", "id", postgresql_where=text("status IN ('missed', 'paused', 'running') AND stopped_at IS NULL")),
    Index("clocks_owed_ix", "due_at", "id", postgresql_where=text("status = 'missed' AND stopped_at IS NULL")),
    info=CASE_TABLE,
)

timers = Table(
    "timers",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    #: `breach`, `warning`, `duty`, `lease`, `lapse`, `reminder`, `escalation`, `consequence`, `wait`, `referral`.
    Column("kind", Text, nullable=False),
    #: The clock, task, duty call, ask, pause, referral or step run it stands for.
    Column("subject", Uuid, nullable=False),
    instant("due_at", nullable=False),
    #: Raised when the timer moves, so that a sweep that saw the old instant fires nothing.
    Column("generation", Integer, nullable=False),
    Column("armed", Boolean, nullable=False),
    instant("fired_at"),
    #: Share of the term in thousandths (warning), or place in the list of people (escalation).
    Column("share", BigInteger),
    PrimaryKeyConstraint("case_id", "id"),
    Index("timers_due_at_ix", "due_at", postgresql_where=text("armed")),
    info=CASE_TABLE,
)
