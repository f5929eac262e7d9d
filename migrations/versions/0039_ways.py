"""By which channels somebody is reached, since when they need what, and how somebody who signs in wants to be reached on all requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"
SHARED = "EXISTS (SELECT 1 FROM case_access a WHERE a.case_id = party_ways.case_id AND a.agency_id = ANY ((SELECT portal_agencies())::text[]))"


def upgrade() -> None:
    op.create_table(
        "party_ways",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "party_id", "channel", name=op.f("party_ways_pkey")),
    )
    op.add_column("party_needs", sa.Column("since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("party_needs", sa.Column("until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "persons",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("persons_pkey")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON persons TO portal_app")
    _rules()


def _rules() -> None:
    """As those of what parties need: staff of the agencies that work on it, and the party itself; closed to whom the case is closed to."""
    op.execute("ALTER TABLE party_ways ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE party_ways FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY party_ways_engine ON party_ways TO portal_engine USING ({IN_HAND}) WITH CHECK ({IN_HAND})")
    op.execute(f"CREATE POLICY party_ways_staff ON party_ways FOR SELECT TO portal_staff USING ({SHARED})")
    op.execute(f"CREATE POLICY party_ways_party ON party_ways FOR SELECT TO portal_party USING ({IN_HAND})")
    glass = "g.case_id = party_ways.case_id AND g.subject = (SELECT portal_subject()) AND g.until > statement_timestamp()"
    seen = f"EXISTS (SELECT 1 FROM case_glasses g WHERE {glass})"
    op.execute(f"CREATE POLICY party_ways_glass ON party_ways FOR SELECT TO portal_admin USING ({seen})")
    closed = "NOT (case_id = ANY ((SELECT portal_barred())::uuid[]))"
    op.execute(f"CREATE POLICY party_ways_barred ON party_ways AS RESTRICTIVE FOR SELECT TO portal_staff, portal_champion, portal_admin USING ({closed})")
    op.execute("GRANT SELECT, INSERT, UPDATE ON party_ways TO portal_app")


def downgrade() -> None:
    op.drop_table("persons")
    op.drop_column("party_needs", "until")
    op.drop_column("party_needs", "since")
    op.drop_table("party_ways")
