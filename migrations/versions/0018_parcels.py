"""Agencies that work by files: which handovers stand in which file, which answer files were decided on, when a folder is looked into."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("parcel", sa.Integer(), nullable=True))
    op.create_table(
        "parcels",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("target", "number", name=op.f("parcels_pkey")),
    )
    op.create_index("parcels_open_ix", "parcels", ["target"], unique=True, postgresql_where=sa.text("left_at IS NULL"))
    op.create_table(
        "answer_files",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "digest", name=op.f("answer_files_pkey")),
    )
    op.create_table(
        "polls",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("poll_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("target", name=op.f("polls_pkey")),
    )
    # They hold names and counts, nothing of a case; the relay claims, the engine completes.
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON parcels TO portal_relay, portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON answer_files TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON polls TO portal_relay, portal_app")


def downgrade() -> None:
    for table in ("polls", "answer_files", "parcels"):
        op.drop_table(table)
    op.drop_column("outbox", "parcel")
