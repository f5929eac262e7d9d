"""Files on a case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"
SHARED = "EXISTS (SELECT 1 FROM case_access a WHERE a.case_id = documents.case_id AND a.agency_id = ANY ((SELECT portal_agencies())::text[]))"


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lineage", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("item", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("kept_as", sa.Text(), nullable=False),
        sa.Column("original", sa.Boolean(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("documents_pkey")),
        sa.UniqueConstraint("kept_as", name=op.f("documents_kept_as_key")),
    )
    op.create_index("documents_lineage_ix", "documents", ["case_id", "lineage", "number"], unique=True)
    _rules()


def _rules() -> None:
    """As 0001 gives its tables, but that champions see no files; closed to whom the case is closed to. Parties read the names of theirs."""
    op.execute("ALTER TABLE documents ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE documents FORCE ROW LEVEL SECURITY")
    engine = f"(SELECT portal_scope()) = 'engine' AND {IN_HAND}"
    op.execute(f"CREATE POLICY documents_engine ON documents TO portal_app USING ({engine}) WITH CHECK ({engine})")
    op.execute(f"CREATE POLICY documents_staff ON documents FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'staff' AND {SHARED})")
    op.execute(f"CREATE POLICY documents_party ON documents FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'party' AND {IN_HAND})")
    glass = "g.case_id = documents.case_id AND g.subject = (SELECT portal_subject()) AND g.until > statement_timestamp()"
    seen = f"(SELECT portal_scope()) = 'admin' AND EXISTS (SELECT 1 FROM case_glasses g WHERE {glass})"
    op.execute(f"CREATE POLICY documents_glass ON documents FOR SELECT TO portal_app USING ({seen})")
    closed = "NOT (SELECT portal_scope()) IN ('staff', 'champion', 'admin') OR NOT (case_id = ANY ((SELECT portal_barred())::uuid[]))"
    op.execute(f"CREATE POLICY documents_barred ON documents AS RESTRICTIVE FOR SELECT TO portal_app USING ({closed})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON documents TO portal_app")
    op.execute("GRANT SELECT (kept_as) ON documents TO portal_relay")
    op.execute("CREATE POLICY documents_relay ON documents FOR SELECT TO portal_relay USING (true)")
    named = f"(SELECT portal_scope()) = 'party' AND {IN_HAND} AND kind = 'document'"
    op.execute(f"CREATE POLICY vault_items_party_documents ON vault_items FOR SELECT TO portal_app USING ({named})")


def downgrade() -> None:
    op.execute("DROP POLICY vault_items_party_documents ON vault_items")
    op.drop_table("documents")
