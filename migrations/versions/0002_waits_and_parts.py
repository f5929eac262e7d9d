"""What a step waits for, signals, and runs inside runs with services of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"
SHARED = "EXISTS (SELECT 1 FROM case_access a WHERE a.case_id = signals.case_id AND a.agency_id = ANY ((SELECT portal_agencies())::text[]))"


def upgrade() -> None:
    op.add_column("step_runs", sa.Column("awaits", sa.Text(), nullable=True))
    op.add_column("step_runs", sa.Column("until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("journey_runs", sa.Column("parent_step_id", sa.Uuid(), nullable=True))
    op.add_column("journey_runs", sa.Column("service", sa.Text(), nullable=True))
    op.add_column("journey_runs", sa.Column("service_hash", sa.Text(), nullable=True))
    op.add_column("journey_runs", sa.Column("pins", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("decisions", sa.Column("run_id", sa.Uuid(), nullable=True))
    op.create_table(
        "signals",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("signals_pkey")),
    )
    op.execute("ALTER TABLE signals ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE signals FORCE ROW LEVEL SECURITY")
    engine = f"(SELECT portal_scope()) = 'engine' AND {IN_HAND}"
    op.execute(f"CREATE POLICY signals_engine ON signals TO portal_app USING ({engine}) WITH CHECK ({engine})")
    op.execute("CREATE POLICY signals_champion ON signals FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'champion')")
    op.execute(f"CREATE POLICY signals_staff ON signals FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'staff' AND {SHARED})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON signals TO portal_app")


def downgrade() -> None:
    op.drop_table("signals")
    op.drop_column("decisions", "run_id")
    for column in ("pins", "service_hash", "service", "parent_step_id"):
        op.drop_column("journey_runs", column)
    for column in ("until", "awaits"):
        op.drop_column("step_runs", column)
