"""The relay tells people of missed promises: it places escalations in the outbox, and sees which cases somebody holds."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT INSERT ON outbox TO portal_relay")
    op.execute("CREATE POLICY outbox_relay_places ON outbox AS RESTRICTIVE FOR INSERT TO portal_relay WITH CHECK (kind = 'escalation')")
    op.execute("GRANT SELECT (case_id, status) ON tasks TO portal_relay")
    op.execute("CREATE POLICY tasks_relay ON tasks FOR SELECT TO portal_relay USING (true)")


def downgrade() -> None:
    op.execute("DROP POLICY tasks_relay ON tasks")
    op.execute("REVOKE SELECT (case_id, status) ON tasks FROM portal_relay")
    op.execute("DROP POLICY outbox_relay_places ON outbox")
    op.execute("REVOKE INSERT ON outbox FROM portal_relay")
