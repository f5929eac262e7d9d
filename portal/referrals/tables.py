"""Table of referrals: a case or a step offered to another door, and what became of the offer."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text, UniqueConstraint, Uuid, text

from portal.db import CASE_TABLE, case_id, instant, metadata

referrals = Table(
    "referrals",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    Column("reference", Text, nullable=False),
    #: `case`, or `step`: the work of one step, while the case stays where it is.
    Column("scope", Text, nullable=False),
    #: The task it was offered from.
    Column("task_id", Uuid, nullable=False),
    Column("step_run_id", Uuid),
    Column("from_agency", Text, nullable=False),
    Column("from_service", Text),
    Column("to_agency", Text, nullable=False),
    #: None: who accepts says which.
    Column("to_service", Text),
    #: `offered`, `disputed` (a loop: the champion settles it), `accepted`, `declined`, `lapsed`, `ended` (taken back, or no longer needed).
    Column("status", Text, nullable=False),
    #: Which of the case's referrals it is, from 1.
    Column("number", SmallInteger, nullable=False),
    #: Nobody was asked: the receiving agency takes these at once.
    Column("at_once", Boolean, nullable=False),
    #: Vault items: the reason, and what it rests on.
    Column("words", Uuid, nullable=False),
    Column("evidence", Uuid),
    Column("offered_by", Text, nullable=False),
    instant("offered_at", nullable=False),
    #: Its own standard: the clock, and when the offer lapses.
    Column("clock_id", Uuid),
    instant("answer_by"),
    Column("answered_by", Text),
    instant("answered_at"),
    #: Vault item: why it was declined, or how a champion reasoned.
    Column("answer", Uuid),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("case_id", "id"),
    UniqueConstraint("id"),
    Index("referrals_to_ix", "to_agency", "offered_at", "id"),
    Index("referrals_from_ix", "from_agency", "offered_at", "id"),
    #: Two people never offer one task twice to the same door.
    Index("referrals_open_ix", "task_id", "to_agency", unique=True, postgresql_where=text("status IN ('offered', 'disputed')")),
    info=CASE_TABLE,
)
