"""Moves of running cases to another version of their journey, and what counts cases by version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("journey", sa.Text(), nullable=False),
        sa.Column("from_hashes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("to_hash", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mapping_hash", sa.Text(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("held", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("stays", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("moves_pkey")),
    )
    op.create_index("moves_next_at_ix", "moves", ["next_at"], unique=False, postgresql_where=sa.text("next_at IS NOT NULL"))
    op.add_column("journey_runs", sa.Column("move_id", sa.Uuid(), nullable=True))
    op.create_index("journey_runs_move_ix", "journey_runs", ["move_id", "case_id"], unique=False, postgresql_where=sa.text("move_id IS NOT NULL"))
    op.create_index(
        "journey_runs_version_ix", "journey_runs", ["journey", "definition_hash", "case_id"], unique=False, postgresql_where=sa.text("status = 'running'")
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON moves TO portal_app")
    op.execute("GRANT SELECT ON moves TO portal_relay")


def downgrade() -> None:
    op.drop_index("journey_runs_version_ix", table_name="journey_runs", postgresql_where=sa.text("status = 'running'"))
    op.drop_index("journey_runs_move_ix", table_name="journey_runs", postgresql_where=sa.text("move_id IS NOT NULL"))
    op.drop_column("journey_runs", "move_id")
    op.drop_index("moves_next_at_ix", table_name="moves", postgresql_where=sa.text("next_at IS NOT NULL"))
    op.drop_table("moves")
