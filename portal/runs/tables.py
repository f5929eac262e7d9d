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
    Column("parent_id", Uuid),
    Column("journey", Text, nullable=False),
    Column("definition_hash", Text, nullable=False),
    #: `running`, `ended`, `cancelled`.
    Column("status", Text, nullable=False),
    #: What the runner keeps (portal/workflow/runner.py), no personal data.
    Column("state", JSONB, nullable=False),
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
    instant("begun_at", nullable=False),
    instant("ended_at"),
    PrimaryKeyConstraint("case_id", "id"),
    info=CASE_TABLE,
)
