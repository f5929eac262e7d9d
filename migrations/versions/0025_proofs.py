"""Codes that prove an e-mail address or a telephone number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proofs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("proofs_pkey")),
    )
    op.create_index("proofs_subject_ix", "proofs", ["subject", "asked_at"], unique=False)
    op.create_index("proofs_asked_at_ix", "proofs", ["asked_at"], unique=False)
    op.execute("ALTER TABLE proofs ENABLE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON proofs TO portal_app")
    engine = "(SELECT portal_scope()) = 'engine'"
    op.execute(f"CREATE POLICY proofs_engine ON proofs TO portal_app USING ({engine}) WITH CHECK ({engine})")


def downgrade() -> None:
    op.drop_table("proofs")
