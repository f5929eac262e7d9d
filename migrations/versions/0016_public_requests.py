"""What everybody may see of requests for public services, and what a caseworker approved of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"
ENGINE = f"(SELECT portal_scope()) = 'engine' AND {IN_HAND}"
OF_STAFF = "(SELECT portal_scope()) IN ('staff', 'champion')"
MINE = "(SELECT portal_barred())::uuid[]"


def upgrade() -> None:
    op.create_table(
        "public_requests",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("long", sa.Float(), nullable=True),
        sa.Column("item", sa.Uuid(), nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", name=op.f("public_requests_pkey")),
    )
    op.create_index("public_requests_reference_ix", "public_requests", ["reference"], unique=True)
    op.create_index("public_requests_requested_at_ix", "public_requests", ["requested_at", "case_id"], unique=False)
    op.create_table(
        "public_changes",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("public_changes_pkey")),
    )
    op.create_index("public_changes_at_ix", "public_changes", ["at"], unique=False)
    _rules()


def _rules() -> None:
    """Everybody sees what is listed; the engine writes cases in hand. Of the vault everybody sees what was approved, and nothing beside it."""
    for table in ("public_requests", "public_changes"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_engine ON {table} TO portal_app USING ({ENGINE}) WITH CHECK ({ENGINE})")
        op.execute(f"CREATE POLICY {table}_barred ON {table} AS RESTRICTIVE FOR SELECT TO portal_app USING (NOT {OF_STAFF} OR NOT (case_id = ANY ({MINE})))")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO portal_app")
    op.execute("CREATE POLICY public_requests_everybody ON public_requests FOR SELECT TO portal_app USING (listed)")
    shown = "EXISTS (SELECT 1 FROM public_requests p WHERE p.case_id = public_changes.case_id AND p.listed)"
    op.execute(f"CREATE POLICY public_changes_everybody ON public_changes FOR SELECT TO portal_app USING ({shown})")
    approved = "EXISTS (SELECT 1 FROM public_requests p WHERE p.case_id = vault_items.case_id AND p.item = vault_items.id AND p.listed)"
    op.execute(
        "CREATE POLICY vault_items_published ON vault_items FOR SELECT TO portal_app "
        f"USING ((SELECT portal_scope()) = 'anonymous' AND kind = 'published' AND {approved})"
    )


def downgrade() -> None:
    op.execute("DROP POLICY vault_items_published ON vault_items")
    op.drop_table("public_changes")
    op.drop_table("public_requests")
