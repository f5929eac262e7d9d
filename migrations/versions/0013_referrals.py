"""Referrals: what is offered to another door, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"
MINE = "(SELECT portal_agencies())::text[]"


def upgrade() -> None:
    op.create_table(
        "referrals",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("step_run_id", sa.Uuid(), nullable=True),
        sa.Column("from_agency", sa.Text(), nullable=False),
        sa.Column("from_service", sa.Text(), nullable=True),
        sa.Column("to_agency", sa.Text(), nullable=False),
        sa.Column("to_service", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Uuid(), nullable=False),
        sa.Column("evidence", sa.Uuid(), nullable=True),
        sa.Column("offered_by", sa.Text(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_id", sa.Uuid(), nullable=True),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("referrals_pkey")),
        sa.UniqueConstraint("id", name=op.f("referrals_id_key")),
    )
    op.create_index("referrals_to_ix", "referrals", ["to_agency", "offered_at", "id"], unique=False)
    op.create_index("referrals_from_ix", "referrals", ["from_agency", "offered_at", "id"], unique=False)
    open_ones = sa.text("status IN ('offered', 'disputed')")
    op.create_index("referrals_open_ix", "referrals", ["task_id"], unique=True, postgresql_where=open_ones)
    _rules()


def _rules() -> None:
    """As 0001 gives its tables, but that both doors see what is between them; closed to whom the case is closed to."""
    op.execute("ALTER TABLE referrals ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE referrals FORCE ROW LEVEL SECURITY")
    engine = f"(SELECT portal_scope()) = 'engine' AND {IN_HAND}"
    op.execute(f"CREATE POLICY referrals_engine ON referrals TO portal_app USING ({engine}) WITH CHECK ({engine})")
    op.execute("CREATE POLICY referrals_champion ON referrals FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'champion')")
    own = f"(to_agency = ANY ({MINE}) OR from_agency = ANY ({MINE}))"
    op.execute(f"CREATE POLICY referrals_staff ON referrals FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'staff' AND {own})")
    closed = "NOT (SELECT portal_scope()) IN ('staff', 'champion') OR NOT (case_id = ANY ((SELECT portal_barred())::uuid[]))"
    op.execute(f"CREATE POLICY referrals_barred ON referrals AS RESTRICTIVE FOR SELECT TO portal_app USING ({closed})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON referrals TO portal_app")


def downgrade() -> None:
    op.drop_table("referrals")
