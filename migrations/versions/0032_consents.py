"""What citizens agreed to: answers used again in another matter, an office that looks at all of theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

CASES = "((SELECT portal_cases())::uuid[])"
IN_HAND = f"case_id = ANY ({CASES})"
SHARED = "EXISTS (SELECT 1 FROM case_access a WHERE a.case_id = consents.case_id AND a.agency_id = ANY ((SELECT portal_agencies())::text[]))"
SERVICES = "(SELECT portal_services())::text[]"
CLOSED = "(SELECT portal_barred())::uuid[]"
OF_STAFF = "portal_staff, portal_champion, portal_admin"


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("from_agency", sa.Text(), nullable=True),
        sa.Column("from_service", sa.Text(), nullable=True),
        sa.Column("to_agency", sa.Text(), nullable=False),
        sa.Column("to_service", sa.Text(), nullable=True),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("facts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("item", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("consents_pkey")),
    )
    op.create_index("consents_other_id_ix", "consents", ["other_id"], unique=False)
    _rules()


def _rules() -> None:
    """As siblings have them; a party sees what came into its matter and what left it; whoever the other matter is closed to sees neither."""
    op.execute("ALTER TABLE consents ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE consents FORCE ROW LEVEL SECURITY")
    answered = f"'*' = ANY ({SERVICES}) OR EXISTS (SELECT 1 FROM cases c WHERE c.case_id = consents.case_id)"
    glass = "g.case_id = consents.case_id AND g.subject = (SELECT portal_subject()) AND g.until > statement_timestamp()"
    for scope, said in (
        ("staff", SHARED),
        ("party", f"{IN_HAND} OR other_id = ANY ({CASES})"),
        ("champion", answered),
        ("reader", "true"),
        ("admin", f"EXISTS (SELECT 1 FROM case_glasses g WHERE {glass})"),
    ):
        name = "glass" if scope == "admin" else scope
        op.execute(f"CREATE POLICY consents_{name} ON consents FOR SELECT TO portal_{scope} USING ({said})")
    op.execute(f"CREATE POLICY consents_engine ON consents TO portal_engine USING ({IN_HAND}) WITH CHECK ({IN_HAND})")
    closed = f"NOT (case_id = ANY ({CLOSED}) OR other_id = ANY ({CLOSED}))"
    op.execute(f"CREATE POLICY consents_barred ON consents AS RESTRICTIVE FOR SELECT TO {OF_STAFF} USING ({closed})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON consents TO portal_app")
    op.execute(f"CREATE POLICY vault_items_party_consents ON vault_items FOR SELECT TO portal_party USING ({IN_HAND} AND kind = 'consent')")


def downgrade() -> None:
    op.execute("DROP POLICY vault_items_party_consents ON vault_items")
    op.drop_table("consents")
