"""Tables of journey runs and step runs."""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from portal.db import CASE_TABLE, case_id, instant, metadata

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
    PrimaryKeyConstraint("case_id", "id"),
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
