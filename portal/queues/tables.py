"""Table of tasks: step runs that wait in a queue for a person."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text, Uuid, text

from portal.db import CASE_TABLE, instant, metadata

tasks = Table(
    "tasks",
    metadata,
    Column("case_id", Uuid, ForeignKey("case_heads.case_id"), nullable=False),
    Column("id", Uuid, nullable=False, unique=True),
    Column("step_run_id", Uuid),
    #: `step`, `triage`, `parked`, `consequence`, `decision` (anew, of what was revoked; `step` decides it),
    #: `letter` (a decision to post or hand over; `step` is its id), `referral` (offered to this door; `step` is its id),
    #: `contradiction` (an agency says two things), `stray` (of no case): what is to be done.
    Column("kind", Text, nullable=False),
    Column("step", Text, nullable=False),
    #: Of a step that is done for each item of a list: which, from 1.
    Column("item", Integer),
    Column("agency", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("service", Text),
    Column("reference", Text, nullable=False),
    #: `open`, `claimed`, `done`, `cancelled`.
    Column("status", Text, nullable=False),
    Column("holder", Text),
    instant("held_until"),
    #: Due instant of the soonest running clock; sorts the queue.
    instant("due_at", nullable=False),
    #: Sorts before the date: 0 an answer has come, 1 in its turn, 2 the party, or another door, was asked.
    Column("turn", SmallInteger, nullable=False),
    #: The party was asked and has until then to reply.
    instant("asked_until"),
    instant("queued_at", nullable=False),
    instant("ended_at"),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("case_id", "id"),
    Index("tasks_worklist_ix", "agency", "team", "turn", "due_at", "id", postgresql_where=text("status IN ('open', 'claimed')")),
    info=CASE_TABLE,
)
