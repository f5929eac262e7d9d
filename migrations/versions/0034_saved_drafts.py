"""Forms that are kept for another day, another device or another channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"


def upgrade() -> None:
    op.create_table(
        "saved_drafts",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("item", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("became", sa.Uuid(), nullable=True),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("saved_drafts_pkey")),
    )
    op.create_index("saved_drafts_subject_ix", "saved_drafts", ["subject", "case_id"], unique=False)
    op.execute("ALTER TABLE saved_drafts ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE saved_drafts FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY saved_drafts_engine ON saved_drafts TO portal_engine USING ({IN_HAND}) WITH CHECK ({IN_HAND})")
    op.execute("CREATE POLICY saved_drafts_party ON saved_drafts FOR SELECT TO portal_party USING (subject = (SELECT portal_subject()))")
    op.execute("GRANT SELECT, INSERT, UPDATE ON saved_drafts TO portal_app")


def downgrade() -> None:
    op.drop_index("saved_drafts_subject_ix", table_name="saved_drafts")
    op.drop_table("saved_drafts")
