"""Queues people share: priorities, checklists, who works there, views they keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"
AGENCIES = "(SELECT portal_agencies())::text[]"
WAITING = sa.text("status IN ('open', 'claimed')")


def upgrade() -> None:
    op.add_column("tasks", sa.Column("priority", sa.SmallInteger(), server_default=sa.text("1"), nullable=False))
    op.alter_column("tasks", "priority", server_default=None)
    op.drop_index("tasks_worklist_ix", table_name="tasks")
    op.create_index("tasks_worklist_ix", "tasks", ["agency", "team", "priority", "turn", "due_at", "id"], unique=False, postgresql_where=WAITING)
    op.create_index("tasks_holder_ix", "tasks", ["holder"], unique=False, postgresql_where=sa.text("status = 'claimed'"))
    op.create_table(
        "task_checks",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("ticked", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "task_id", "item", name=op.f("task_checks_pkey")),
    )
    op.create_table(
        "workers",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("teams", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("away_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("away_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cover", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", "agency", name=op.f("workers_pkey")),
    )
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("saved_views_pkey")),
        sa.UniqueConstraint("agency", "subject", "name", name=op.f("saved_views_agency_subject_name_key")),
    )
    _rules()


def _rules() -> None:
    """Checks are read by who may read the case; people and their views by their own agency; a view is changed by who made it."""
    for table in ("task_checks", "workers", "saved_views"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    engine = f"(SELECT portal_scope()) = 'engine' AND {IN_HAND}"
    op.execute(f"CREATE POLICY task_checks_engine ON task_checks TO portal_app USING ({engine}) WITH CHECK ({engine})")
    shared = f"EXISTS (SELECT 1 FROM case_access a WHERE a.case_id = task_checks.case_id AND a.agency_id = ANY ({AGENCIES}))"
    op.execute(f"CREATE POLICY task_checks_staff ON task_checks FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'staff' AND {shared})")
    glass = "g.case_id = task_checks.case_id AND g.subject = (SELECT portal_subject()) AND g.until > statement_timestamp()"
    seen = f"(SELECT portal_scope()) = 'admin' AND EXISTS (SELECT 1 FROM case_glasses g WHERE {glass})"
    op.execute(f"CREATE POLICY task_checks_glass ON task_checks FOR SELECT TO portal_app USING ({seen})")
    closed = "NOT (SELECT portal_scope()) IN ('staff', 'champion', 'admin') OR NOT (case_id = ANY ((SELECT portal_barred())::uuid[]))"
    op.execute(f"CREATE POLICY task_checks_barred ON task_checks AS RESTRICTIVE FOR SELECT TO portal_app USING ({closed})")
    own = f"agency = ANY ({AGENCIES}) AND (SELECT portal_subject()) IS NOT NULL"
    op.execute(f"CREATE POLICY workers_own ON workers TO portal_app USING ({own}) WITH CHECK ({own})")
    mine = f"{own} AND subject = (SELECT portal_subject())"
    op.execute(f"CREATE POLICY saved_views_own ON saved_views TO portal_app USING ({mine}) WITH CHECK ({mine})")
    op.execute(f"CREATE POLICY saved_views_shared ON saved_views FOR SELECT TO portal_app USING ({own} AND shared)")
    op.execute("GRANT SELECT, INSERT, UPDATE ON task_checks, workers TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views TO portal_app")


def downgrade() -> None:
    op.drop_table("saved_views")
    op.drop_table("workers")
    op.drop_table("task_checks")
    op.drop_index("tasks_holder_ix", table_name="tasks")
    op.drop_index("tasks_worklist_ix", table_name="tasks")
    op.create_index("tasks_worklist_ix", "tasks", ["agency", "team", "turn", "due_at", "id"], unique=False, postgresql_where=WAITING)
    op.drop_column("tasks", "priority")
