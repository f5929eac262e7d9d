"""Letters for the post room."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"
SERVICES = "(SELECT portal_services())::text[]"


def upgrade() -> None:
    op.create_table(
        "prints",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("item", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("copy", sa.SmallInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("batch", sa.Uuid(), nullable=True),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("prints_pkey")),
        sa.UniqueConstraint("id", name=op.f("prints_id_key")),
    )
    open_ones = sa.text("status IN ('waiting', 'taken')")
    op.create_index("prints_open_ix", "prints", ["agency", "placed_at", "id"], unique=False, postgresql_where=open_ones)
    op.create_index("prints_agency_ix", "prints", ["agency", "placed_at", "id"], unique=False)
    op.create_index("prints_batch_ix", "prints", ["batch"], unique=False)
    _rules()


def _rules() -> None:
    """As its siblings, but that the agency whose letter it is sees it, and champions that it was written."""
    op.execute("ALTER TABLE prints ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE prints FORCE ROW LEVEL SECURITY")
    glass = "g.case_id = prints.case_id AND g.subject = (SELECT portal_subject()) AND g.until > statement_timestamp()"
    for scope, said in (
        ("staff", "agency = ANY ((SELECT portal_agencies())::text[])"),
        ("champion", f"'*' = ANY ({SERVICES}) OR EXISTS (SELECT 1 FROM cases c WHERE c.case_id = prints.case_id)"),
        ("reader", "true"),
        ("admin", f"EXISTS (SELECT 1 FROM case_glasses g WHERE {glass})"),
    ):
        name = "glass" if scope == "admin" else scope
        op.execute(f"CREATE POLICY prints_{name} ON prints FOR SELECT TO portal_{scope} USING ({said})")
    op.execute(f"CREATE POLICY prints_engine ON prints TO portal_engine USING ({IN_HAND}) WITH CHECK ({IN_HAND})")
    closed = "NOT (case_id = ANY ((SELECT portal_barred())::uuid[]))"
    op.execute(f"CREATE POLICY prints_barred ON prints AS RESTRICTIVE FOR SELECT TO portal_staff, portal_champion, portal_admin USING ({closed})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON prints TO portal_app")


def downgrade() -> None:
    op.drop_table("prints")
