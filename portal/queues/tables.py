"""Tables of worklists: tasks (step runs that wait in a queue for a person), what was ticked off, who works there, views people keep."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from portal.db import CASE_TABLE, case_id, instant, metadata

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
    #: Sorts before all: 0 urgent, 1 usual, 2 can wait; somebody said why.
    Column("priority", SmallInteger, nullable=False),
    instant("queued_at", nullable=False),
    instant("ended_at"),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("case_id", "id"),
    Index("tasks_worklist_ix", "agency", "team", "priority", "turn", "due_at", "id", postgresql_where=text("status IN ('open', 'claimed')")),
    #: What a team has finished, by when.
    Index("tasks_done_ix", "agency", "team", "ended_at", postgresql_where=text("status = 'done'")),
    #: What somebody holds.
    Index("tasks_holder_ix", "holder", postgresql_where=text("status = 'claimed'")),
    info=CASE_TABLE,
)

task_checks = Table(
    "task_checks",
    metadata,
    case_id(),
    Column("task_id", Uuid, nullable=False),
    #: Id of an entry of the step's checklist.
    Column("item", Text, nullable=False),
    Column("ticked", Boolean, nullable=False),
    Column("by", Text, nullable=False),
    instant("at", nullable=False),
    PrimaryKeyConstraint("case_id", "task_id", "item"),
    info=CASE_TABLE,
)

#: Staff as the worklist knows them: by pseudonym, never by name.
workers = Table(
    "workers",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("agency", Text, primary_key=True),
    Column("teams", ARRAY(Text), nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    #: How many tasks at once; None: no limit.
    Column("capacity", Integer),
    #: Out of the office: what they hold may be taken over; nothing is handed to them.
    instant("away_from"),
    instant("away_until"),
    #: Who stands in meanwhile.
    Column("cover", Text),
    instant("seen_at", nullable=False),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("name", Text, nullable=False),
    #: Of the worklist's own parameters.
    Column("query", JSONB, nullable=False),
    #: Colleagues of the agency see it too.
    Column("shared", Boolean, nullable=False),
    instant("made_at", nullable=False),
    UniqueConstraint("agency", "subject", "name"),
)
