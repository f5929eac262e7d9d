"""Looks across: where other matters of the same person stand, for a while, in a scope of their own that sees no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

CASES = "((SELECT portal_cases())::uuid[])"
SERVICES = "(SELECT portal_services())::text[]"
MINE = "subject = (SELECT portal_subject())"
CLOSED = "(SELECT portal_barred())::uuid[]"
ROLE = """
DO $$ BEGIN
    BEGIN CREATE ROLE portal_across NOLOGIN NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
    IF NOT pg_has_role('portal_across', 'portal_app', 'MEMBER') THEN GRANT portal_app TO portal_across; END IF;
END $$
"""


def upgrade() -> None:
    op.execute(ROLE)
    op.create_table(
        "case_looks",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("look", sa.Uuid(), nullable=False),
        sa.Column("by_case", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("words", sa.Uuid(), nullable=True),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("consent", sa.Uuid(), nullable=True),
        sa.Column("law", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "look", name=op.f("case_looks_pkey")),
    )
    op.create_index("case_looks_subject_ix", "case_looks", ["subject", "until"], unique=False)
    op.create_index("case_looks_look_ix", "case_looks", ["look"], unique=False)
    _rules()
    _across()


def _rules() -> None:
    """Who looks sees its own look; its party sees it, and so does who answers for the case it was taken for or showed."""
    op.execute("ALTER TABLE case_looks ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE case_looks FORCE ROW LEVEL SECURITY")
    in_hand = f"case_id = ANY ({CASES})"
    op.execute(f"CREATE POLICY case_looks_engine ON case_looks TO portal_engine USING ({in_hand}) WITH CHECK ({in_hand})")
    op.execute(f"CREATE POLICY case_looks_party ON case_looks FOR SELECT TO portal_party USING ({in_hand})")
    op.execute("CREATE POLICY case_looks_reader ON case_looks FOR SELECT TO portal_reader USING (true)")
    op.execute(f"CREATE POLICY case_looks_own ON case_looks FOR SELECT TO portal_staff, portal_across USING ({MINE})")
    answered = f"'*' = ANY ({SERVICES}) OR EXISTS (SELECT 1 FROM cases c WHERE c.case_id = case_looks.case_id)"
    op.execute(f"CREATE POLICY case_looks_champion ON case_looks FOR SELECT TO portal_champion USING ({MINE} OR {answered})")
    closed = f"NOT (case_id = ANY ({CLOSED}))"
    of_staff = "portal_staff, portal_champion, portal_admin, portal_across"
    op.execute(f"CREATE POLICY case_looks_barred ON case_looks AS RESTRICTIVE FOR SELECT TO {of_staff} USING ({closed})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON case_looks TO portal_app")
    why = "kind = 'look' AND EXISTS (SELECT 1 FROM case_looks l WHERE l.case_id = vault_items.case_id AND l.words = vault_items.id)"
    op.execute(f"CREATE POLICY vault_items_look ON vault_items FOR SELECT TO portal_champion USING ({why})")


def _across() -> None:
    """The scope `across` sees where the matters of its looks stand and how they were decided, while the look and its consent stand, and nothing else."""
    op.execute(
        f"CREATE POLICY consents_across ON consents FOR SELECT TO portal_across USING (EXISTS (SELECT 1 FROM case_looks l WHERE l.consent = id AND l.{MINE}))"
    )
    stands = "c.case_id = l.by_case AND c.id = l.consent AND c.withdrawn_at IS NULL AND c.until > statement_timestamp()"
    ground = f"l.ground = 'law' OR EXISTS (SELECT 1 FROM consents c WHERE {stands})"
    for table in ("cases", "decisions"):
        mine = f"l.case_id = {table}.case_id AND l.{MINE} AND l.until > statement_timestamp()"
        op.execute(
            f"CREATE POLICY {table}_across ON {table} FOR SELECT TO portal_across USING (EXISTS (SELECT 1 FROM case_looks l WHERE {mine} AND ({ground})))"
        )
        op.execute(f"CREATE POLICY {table}_closed_across ON {table} AS RESTRICTIVE FOR SELECT TO portal_across USING (NOT (case_id = ANY ({CLOSED})))")


def downgrade() -> None:
    """The role stays, as those of 0031 do: other databases of the cluster may need it."""
    for table in ("cases", "decisions"):
        op.execute(f"DROP POLICY {table}_across ON {table}")
        op.execute(f"DROP POLICY {table}_closed_across ON {table}")
    op.execute("DROP POLICY consents_across ON consents")
    op.execute("DROP POLICY vault_items_look ON vault_items")
    op.drop_table("case_looks")
