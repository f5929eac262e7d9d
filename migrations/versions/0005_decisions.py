"""Decisions that stand in court: service, remedy, letter, objections that are closed to who decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: Tables of a case that staff may read: those of 0001 and 0002, and the links of this one.
STAFF_READS = (
    "cases",
    "case_heads",
    "events",
    "clocks",
    "journey_runs",
    "step_runs",
    "decisions",
    "asks",
    "duty_calls",
    "feedback",
    "case_parties",
    "party_needs",
    "case_access",
    "tasks",
    "timers",
    "outbox",
    "vault_items",
    "signals",
    "case_links",
)
IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"
ENGINE = f"(SELECT portal_scope()) = 'engine' AND {IN_HAND}"
#: Cases that are closed to who asks; found once a statement.
MINE = "(SELECT portal_barred())::uuid[]"
OF_STAFF = "(SELECT portal_scope()) IN ('staff', 'champion')"


def upgrade() -> None:
    for column in (
        sa.Column("served_by", sa.Text(), nullable=True),
        sa.Column("remedy_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("letter", sa.Uuid(), nullable=True),
        sa.Column("conditions", sa.Uuid(), nullable=True),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    ):
        op.add_column("decisions", column)
    op.create_unique_constraint(op.f("decisions_id_key"), "decisions", ["id"])
    op.create_table(
        "case_links",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "other_id", "kind", name=op.f("case_links_pkey")),
    )
    op.create_table(
        "case_barred",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "subject", name=op.f("case_barred_pkey")),
    )
    op.create_index("case_barred_subject_ix", "case_barred", ["subject", "case_id"], unique=False)
    _rules()


def _rules() -> None:
    """As 0001 gives its tables; and what is closed to somebody is closed on every table, by a policy that no other can widen."""
    for table in ("case_links", "case_barred"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_engine ON {table} TO portal_app USING ({ENGINE}) WITH CHECK ({ENGINE})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO portal_app")
    op.execute("CREATE POLICY case_barred_own ON case_barred FOR SELECT TO portal_app USING (subject = (SELECT portal_subject()))")
    shared = "EXISTS (SELECT 1 FROM case_access a WHERE a.case_id = case_links.case_id AND a.agency_id = ANY ((SELECT portal_agencies())::text[]))"
    op.execute(f"CREATE POLICY case_links_staff ON case_links FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'staff' AND {shared})")
    op.execute("CREATE POLICY case_links_champion ON case_links FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'champion')")
    op.execute(f"CREATE POLICY case_links_party ON case_links FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'party' AND {IN_HAND})")
    op.execute(
        "CREATE FUNCTION portal_barred() RETURNS uuid[] STABLE LANGUAGE sql AS "
        "$$ SELECT coalesce(array_agg(b.case_id), '{}') FROM case_barred b WHERE b.subject = portal_subject() $$"
    )
    for table in STAFF_READS:
        closed = f"case_id = ANY ({MINE})" + (f" OR other_id = ANY ({MINE})" if table == "case_links" else "")
        op.execute(f"CREATE POLICY {table}_barred ON {table} AS RESTRICTIVE FOR SELECT TO portal_app USING (NOT {OF_STAFF} OR NOT ({closed}))")


def downgrade() -> None:
    for table in STAFF_READS:
        op.execute(f"DROP POLICY {table}_barred ON {table}")
    op.execute("DROP FUNCTION portal_barred()")
    op.drop_index("case_barred_subject_ix", table_name="case_barred")
    op.drop_table("case_barred")
    op.drop_table("case_links")
    op.drop_constraint(op.f("decisions_id_key"), "decisions", type_="unique")
    for name in ("terms", "conditions", "letter", "template", "supersedes", "final_at", "remedy_until", "served_by"):
        op.drop_column("decisions", name)
