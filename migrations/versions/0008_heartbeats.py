"""When what works in the background last looked: readiness and alarms ask for it."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE heartbeats (name text NOT NULL, at timestamptz NOT NULL, CONSTRAINT heartbeats_pkey PRIMARY KEY (name))")
    op.execute("GRANT SELECT, INSERT, UPDATE ON heartbeats TO portal_relay")


def downgrade() -> None:
    op.execute("DROP TABLE heartbeats")
