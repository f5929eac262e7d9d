"""Which item of a list a step run, and its task, is for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("step_runs", sa.Column("item", sa.Integer(), nullable=True))
    op.add_column("tasks", sa.Column("item", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("tasks", "item")
    op.drop_column("step_runs", "item")
