"""What waits is told to administrators without sealed cases: who moves rows may ask which those are

Revision ID: 0042
Revises: 0041
"""

from __future__ import annotations

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT EXECUTE ON FUNCTION portal_sealed() TO portal_relay")


def downgrade() -> None:
    op.execute("REVOKE EXECUTE ON FUNCTION portal_sealed() FROM portal_relay")
