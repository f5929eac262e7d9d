"""Handovers remember the agency's own name for them, every attempt, and when the agency is asked what became of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("remote_id", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("tries", postgresql.JSONB(), nullable=True))
    op.add_column("outbox", sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("asks", sa.SmallInteger(), nullable=True))
    # Administrators see how handovers stand: rows of the outbox hold references only.
    op.execute("CREATE POLICY outbox_admin ON outbox FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'admin')")
    op.create_index("outbox_ask_at_ix", "outbox", ["ask_at"], unique=False, postgresql_where=sa.text("ask_at IS NOT NULL"))
    op.create_index("outbox_parked_at_ix", "outbox", ["parked_at"], unique=False, postgresql_where=sa.text("parked_at IS NOT NULL AND done_at IS NULL"))


def downgrade() -> None:
    op.execute("DROP POLICY outbox_admin ON outbox")
    op.drop_index("outbox_parked_at_ix", table_name="outbox", postgresql_where=sa.text("parked_at IS NOT NULL AND done_at IS NULL"))
    op.drop_index("outbox_ask_at_ix", table_name="outbox", postgresql_where=sa.text("ask_at IS NOT NULL"))
    for name in ("asks", "ask_at", "tries", "remote_id"):
        op.drop_column("outbox", name)
