"""Entered by an official for somebody: how that was agreed to; and a case secret that was lost is made anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consents", sa.Column("how", sa.Text(), nullable=True))
    op.execute("GRANT UPDATE (secret_version) ON case_references TO portal_app")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (secret_version) ON case_references FROM portal_app")
    op.drop_column("consents", "how")
