"""What came in from an agency and belongs to no case: a stream of its own, seen by who works for that agency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ENGINE = "(SELECT portal_scope()) = 'engine' AND case_id = ANY ((SELECT portal_cases())::uuid[])"
SHARED = "EXISTS (SELECT 1 FROM case_access a WHERE a.case_id = strays.case_id AND a.agency_id = ANY ((SELECT portal_agencies())::text[]))"
OF_STAFF = "(SELECT portal_scope()) IN ('staff', 'champion')"


def upgrade() -> None:
    op.create_table(
        "strays",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("known", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled", sa.Text(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("attached_to", sa.Uuid(), nullable=True),
        sa.Column("words", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", name=op.f("strays_pkey")),
    )
    op.execute("ALTER TABLE strays ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE strays FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY strays_engine ON strays TO portal_app USING ({ENGINE}) WITH CHECK ({ENGINE})")
    op.execute("CREATE POLICY strays_champion ON strays FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'champion')")
    op.execute(f"CREATE POLICY strays_staff ON strays FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'staff' AND {SHARED})")
    barred = f"NOT {OF_STAFF} OR NOT (case_id = ANY ((SELECT portal_barred())::uuid[]))"
    op.execute(f"CREATE POLICY strays_barred ON strays AS RESTRICTIVE FOR SELECT TO portal_app USING ({barred})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON strays TO portal_app")


def downgrade() -> None:
    op.drop_table("strays")
