"""Promises that run out soon are found by their date."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX clocks_near_ix ON clocks (due_at, id) WHERE status IN ('missed', 'paused', 'running') AND stopped_at IS NULL")


def downgrade() -> None:
    op.drop_index("clocks_near_ix", table_name="clocks")
