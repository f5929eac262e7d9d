"""Tables of journey runs and step runs."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from portal.db import CASE_TABLE, case_id, facts, instant, metadata

journey_runs = Table(
    "journey_runs",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    #: Run, and step run of it, that this one was begun by.
    Column("parent_id", Uuid),
    Column("parent_step_id", Uuid),
    #: The service of a part of a life event; null: that of the case.
    Column("service", Text),
    Column("service_hash", Text),
    Column("journey", Text, nullable=False),
    Column("definition_hash", Text, nullable=False),
    #: `running`, `ended`, `cancelled`.
    Column("status", Text, nullable=False),
    #: What the runner keeps (portal/workflow/runner.py), no personal data.
    Column("state", JSONB, nullable=False),
    #: `journey/ID` and `service/ID` -> hash of what runs inside it will follow; null: nothing can.
    Column("pins", JSONB),
    Column("outcome", Text),
    instant("begun_at", nullable=False),
    instant("ended_at"),
    #: The move that brought it to its version last.
    Column("move_id", Uuid),
    PrimaryKeyConstraint("case_id", "id"),
    Index("journey_runs_version_ix", "journey", "definition_hash", "case_id", postgresql_where=text("status = 'running'")),
    Index("journey_runs_move_ix", "move_id", "case_id", postgresql_where=text("move_id IS NOT NULL")),
    info=CASE_TABLE,
)

step_runs = Table(
    "step_runs",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("step", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("agency", Text, nullable=False),
    #: Of a step that is done for each item of a list: which, from 1.
    Column("item", Integer),
    #: `begun`, `ended`, `cancelled`.
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    #: What the agency calls it.
    Column("remote_id", Text),
    #: Of a wait: the event it is for, and when it ends by itself.
    Column("awaits", Text),
    instant("until"),
    instant("begun_at", nullable=False),
    instant("ended_at"),
    PrimaryKeyConstraint("case_id", "id"),
    info=CASE_TABLE,
)

#: Word that something has happened a journey may wait for; what comes early is kept.
signals = Table(
    "signals",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    Column("event", Text, nullable=False),
    #: `staff`, `champion`, `agency`, `portal`.
    Column("source", Text, nullable=False),
    instant("at", nullable=False),
    #: The step run that had waited for it last.
    Column("used_by", Uuid),
    PrimaryKeyConstraint("case_id", "id"),
    info=CASE_TABLE,
)

#: Moves of running cases to another version of their journey: what was asked for, by whom, and how far it is. No data of a case but ids.
moves = Table(
    "moves",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("journey", Text, nullable=False),
    Column("from_hashes", ARRAY(Text), nullable=False),
    Column("to_hash", Text, nullable=False),
    #: Only cases of this service.
    Column("service", Text),
    facts("mapping"),
    Column("mapping_hash", Text, nullable=False),
    #: At most so many cases.
    Column("most", Integer),
    #: `proposed` (a second person is to confirm it), `running`, `done`, `undoing`, `undone`.
    Column("status", Text, nullable=False),
    #: The last case looked at, by id; `passed`: all were, and those `held` by others meanwhile are left.
    Column("after", Uuid),
    Column("passed", Boolean, nullable=False),
    Column("held", ARRAY(Uuid), nullable=False),
    Column("moved", Integer, nullable=False),
    Column("undone", Integer, nullable=False),
    #: `{"whys": {why: cases}, "first": [[case, why]]}` of those that stay where they are.
    facts("stays"),
    Column("asked_by", Text, nullable=False),
    Column("confirmed_by", Text),
    Column("undone_by", Text),
    instant("asked_at", nullable=False),
    #: When the next batch is due; null: none is.
    instant("next_at"),
    instant("ended_at"),
    Index("moves_next_at_ix", "next_at", postgresql_where=text("next_at IS NOT NULL")),
)
