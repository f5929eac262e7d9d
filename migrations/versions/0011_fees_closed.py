"""What is closed to an official on a case is closed on its fees too."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

#: Fees came beside 0005, which closed all tables staff could read then.
TABLES = ("fees", "fee_proposals", "payments", "cash_days")
OF_STAFF = "(SELECT portal_scope()) IN ('staff', 'champion')"
MINE = "(SELECT portal_barred())::uuid[]"


def upgrade() -> None:
    """The same restrictive policy as 0005 gives: no other can widen it."""
    for table in TABLES:
        op.execute(f"CREATE POLICY {table}_barred ON {table} AS RESTRICTIVE FOR SELECT TO portal_app USING (NOT {OF_STAFF} OR NOT (case_id = ANY ({MINE})))")


def downgrade() -> None:
    """As before."""
    for table in TABLES:
        op.execute(f"DROP POLICY {table}_barred ON {table}")
