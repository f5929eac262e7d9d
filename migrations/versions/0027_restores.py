"""What a restored database knows of rows that left after it was backed up, and that it was restored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_before",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("likeness", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("doubt", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("sent_before_pkey")),
    )
    op.create_index("sent_before_key_ix", "sent_before", ["key"], unique=False, postgresql_where=sa.text("used_at IS NULL"))
    op.create_index("sent_before_likeness_ix", "sent_before", ["likeness"], unique=False, postgresql_where=sa.text("used_at IS NULL"))
    op.create_table(
        "restores",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("restores_pkey")),
    )
    # They hold references only.
    op.execute("GRANT SELECT, INSERT, UPDATE ON sent_before TO portal_app, portal_relay")
    op.execute("GRANT SELECT, INSERT, UPDATE ON restores TO portal_relay")
    op.execute("GRANT INSERT, UPDATE ON parcels TO portal_relay")
    op.execute("GRANT SELECT, INSERT, UPDATE ON receipt_numbers TO portal_relay")
    op.execute("CREATE POLICY receipt_numbers_relay ON receipt_numbers TO portal_relay USING (true) WITH CHECK (true)")


def downgrade() -> None:
    op.execute("DROP POLICY receipt_numbers_relay ON receipt_numbers")
    op.execute("REVOKE SELECT, INSERT, UPDATE ON receipt_numbers FROM portal_relay")
    op.drop_table("restores")
    op.drop_table("sent_before")
