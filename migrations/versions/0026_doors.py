"""One task may be on offer to several doors at once, where nobody can be sure whose it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OPEN = sa.text("status IN ('offered', 'disputed')")


def upgrade() -> None:
    op.drop_index("referrals_open_ix", table_name="referrals")
    op.create_index("referrals_open_ix", "referrals", ["task_id", "to_agency"], unique=True, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_index("referrals_open_ix", table_name="referrals")
    op.create_index("referrals_open_ix", "referrals", ["task_id"], unique=True, postgresql_where=OPEN)
