"""What administrators change without YAML: amendments of definitions, and proposals for a second person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SCOPE = "(SELECT portal_scope())"
ROLES = "portal_app, portal_relay, portal_figures"


def upgrade() -> None:
    op.create_table(
        "amendments",
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("agency", name=op.f("amendments_pkey")),
    )
    op.create_table(
        "amended",
        sa.Column("one", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one", name=op.f("amended_pkey")),
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status <> 'confirmed' OR (decided_by IS NOT NULL AND decided_by <> proposed_by)", name=op.f("proposals_second_person_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("proposals_pkey")),
    )
    op.create_index("proposals_open_ix", "proposals", ["kind", "about"], unique=True, postgresql_where=sa.text("status = 'open'"))
    op.execute("INSERT INTO amended (one, number) VALUES (1, 0)")
    _rules()


def _rules() -> None:
    """Everybody's catalogue follows amendments; administrators and the engine in their name write. The engine stores agencies and calendars, nothing else."""
    for table in ("amendments", "amended", "proposals", "definitions"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    for table in ("amendments", "amended"):
        op.execute(f"CREATE POLICY {table}_all ON {table} FOR SELECT TO {ROLES} USING (true)")
        op.execute(f"CREATE POLICY {table}_engine ON {table} TO portal_app USING ({SCOPE} = 'engine') WITH CHECK ({SCOPE} = 'engine')")
        op.execute(f"GRANT SELECT ON {table} TO {ROLES}")
        op.execute(f"GRANT INSERT, UPDATE ON {table} TO portal_app")
    op.execute(f"CREATE POLICY proposals_admin ON proposals TO portal_app USING ({SCOPE} IN ('admin', 'engine')) WITH CHECK ({SCOPE} IN ('admin', 'engine'))")
    op.execute("GRANT SELECT, INSERT, UPDATE ON proposals TO portal_app")
    op.execute(f"CREATE POLICY definitions_all ON definitions FOR SELECT TO {ROLES} USING (true)")
    amendable = "kind IN ('agency', 'calendar')"
    op.execute(f"CREATE POLICY definitions_engine ON definitions FOR INSERT TO portal_app WITH CHECK ({SCOPE} = 'engine' AND {amendable})")
    op.execute("GRANT INSERT ON definitions TO portal_app")


def downgrade() -> None:
    op.execute("REVOKE INSERT ON definitions FROM portal_app")
    for policy in ("definitions_engine", "definitions_all"):
        op.execute(f"DROP POLICY {policy} ON definitions")
    op.execute("ALTER TABLE definitions DISABLE ROW LEVEL SECURITY")
    for table in ("proposals", "amended", "amendments"):
        op.drop_table(table)
