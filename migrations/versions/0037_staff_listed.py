"""Who works at an agency, for whoever may seal a case of it

Revision ID: 0037
Revises: 0036
"""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

#: Asked by staff of the agency, and by champions, who seal cases of all; anybody else gets nobody.
LISTED = """CREATE FUNCTION portal_staff_of(place text, at timestamptz) RETURNS SETOF text
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT subject FROM (SELECT p.issuer || '|' || p.subject AS subject FROM people p WHERE p.agency = place
   UNION SELECT w.subject FROM workers w WHERE w.agency = place ORDER BY 1 LIMIT 500) listed
   WHERE portal_scope() = 'champion' OR (portal_scope() = 'staff' AND place = ANY (portal_agencies())) $$"""


def upgrade() -> None:
    op.execute(LISTED)
    op.execute("REVOKE ALL ON FUNCTION portal_staff_of(text, timestamptz) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION portal_staff_of(text, timestamptz) TO portal_app")


def downgrade() -> None:
    op.execute("DROP FUNCTION portal_staff_of(text, timestamptz)")
