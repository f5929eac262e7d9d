"""Conversations by messages, sealed, and addresses that asked for silence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"
ENGINE = f"(SELECT portal_scope()) = 'engine' AND {IN_HAND}"


def upgrade() -> None:
    op.create_table(
        "dialogues",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("dialogues_pkey")),
    )
    op.create_table(
        "dialogue_turns",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "message", name=op.f("dialogue_turns_pkey")),
    )
    for table in ("dialogues", "dialogue_turns"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_engine ON {table} TO portal_app USING ({ENGINE}) WITH CHECK ({ENGINE})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO portal_app")
    op.create_table(
        "silenced",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "digest", name=op.f("silenced_pkey")),
    )
    op.execute("GRANT SELECT, INSERT, DELETE ON silenced TO portal_app")


def downgrade() -> None:
    for table in ("silenced", "dialogue_turns", "dialogues"):
        op.drop_table(table)
