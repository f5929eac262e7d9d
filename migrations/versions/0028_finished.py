"""What a team has finished, by when: for the figures of its worklist."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("tasks_done_ix", "tasks", ["agency", "team", "ended_at"], unique=False, postgresql_where=sa.text("status = 'done'"))


def downgrade() -> None:
    op.drop_index("tasks_done_ix", table_name="tasks")
