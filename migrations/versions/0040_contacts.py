"""How often people turn to us about a request, how often that could have been avoided, and how late letters are written down: for the figures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

COLUMNS = ("contacts", "avoidable", "backdated")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("case_facts", sa.Column(name, sa.Integer(), nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("case_facts", name)
