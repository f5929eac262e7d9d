"""Tries of secrets that are over are found and forgotten."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Until now a wrong try locked its reference for everybody; what is counted from here on is counted under other digests.
    op.execute("DELETE FROM secret_tries")
    op.create_index("secret_tries_until_ix", "secret_tries", ["until"], unique=False)


def downgrade() -> None:
    op.drop_index("secret_tries_until_ix", table_name="secret_tries")
