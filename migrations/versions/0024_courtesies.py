"""How often an address was answered by itself today."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "courtesies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("courtesies_pkey")),
    )
    op.create_index("courtesies_digest_ix", "courtesies", ["digest", "at"], unique=False)
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON courtesies TO portal_app")


def downgrade() -> None:
    op.drop_table("courtesies")
