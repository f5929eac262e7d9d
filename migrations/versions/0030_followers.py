"""How many follow a request, for the figures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_facts", sa.Column("followers", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("case_facts", "followers")
