"""What is learned of where requests ended; who learns reads words of parties, and nothing else of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "find_models",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("find_models_pkey")),
    )
    op.create_index("find_models_made_at_ix", "find_models", ["made_at"], unique=False)
    op.execute("GRANT SELECT ON find_models TO portal_app")
    op.execute("GRANT SELECT, INSERT, DELETE ON find_models TO portal_figures")
    op.execute("GRANT SELECT (case_id, kind, value, recorded_at) ON vault_items TO portal_figures")
    op.execute("GRANT EXECUTE ON FUNCTION portal_sealed() TO portal_figures")
    words = "(SELECT portal_scope()) = 'learner' AND kind = 'words' AND NOT (case_id = ANY ((SELECT portal_sealed())::uuid[]))"
    op.execute(f"CREATE POLICY vault_items_words ON vault_items FOR SELECT TO portal_figures USING ({words})")


def downgrade() -> None:
    op.execute("DROP POLICY vault_items_words ON vault_items")
    op.execute("REVOKE EXECUTE ON FUNCTION portal_sealed() FROM portal_figures")
    op.execute("REVOKE SELECT (case_id, kind, value, recorded_at) ON vault_items FROM portal_figures")
    op.drop_table("find_models")
