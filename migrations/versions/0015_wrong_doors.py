"""Which doors a request came to, for the figures of wrong doors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COLUMNS = (
    sa.Column("door", sa.Text(), nullable=True),
    sa.Column("doors", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column("returns", sa.SmallInteger(), nullable=True),
    sa.Column("found_at", sa.DateTime(timezone=True), nullable=True),
)


def upgrade() -> None:
    """Facts are made again from the events, by the next folds: no other way tells which doors a case came to."""
    for column in COLUMNS:
        op.add_column("case_facts", column)
    op.execute("TRUNCATE case_facts, step_facts")
    op.execute("DELETE FROM readers WHERE name = 'figures'")


def downgrade() -> None:
    for column in reversed(COLUMNS):
        op.drop_column("case_facts", column.name)
