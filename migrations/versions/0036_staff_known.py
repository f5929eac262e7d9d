"""Who works here, by name, for whoever has to know: whom a seal may name, and whom a party is told of

Revision ID: 0036
Revises: 0035
"""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

ROLES = "ARRAY['administrator', 'champion', 'caseworker', 'triage', 'duty']"
HERE = f"p.roles && {ROLES} AND p.since <= at AND (p.until IS NULL OR p.until > at)"
#: Whoever administrators wrote down is what they say; others work here if they have worked, or are signed in as staff.
#: It runs as the owner: who asks may learn of a person it names, and of nobody else.
KNOWN = f"""CREATE FUNCTION portal_staff(whom text[], at timestamptz) RETURNS TABLE (subject text, name text, agency text, teams text[], works boolean)
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT a.subject, p.name, coalesce(p.agency, w.agency), coalesce(p.teams, w.teams, '{{}}'), coalesce(p.works, w.agency IS NOT NULL OR s.here IS NOT NULL)
   FROM (SELECT DISTINCT unnest(whom) AS subject) a
   LEFT JOIN LATERAL (SELECT p.name, p.agency, p.teams, {HERE} AS works FROM people p WHERE p.issuer || '|' || p.subject = a.subject) p ON true
   LEFT JOIN LATERAL (SELECT w.agency, w.teams FROM workers w WHERE w.subject = a.subject ORDER BY w.seen_at DESC LIMIT 1) w ON true
   LEFT JOIN LATERAL (SELECT true AS here FROM sessions s WHERE s.subject = a.subject AND s.scope IN ('staff', 'champion') AND s.until > at LIMIT 1) s ON true $$"""


def upgrade() -> None:
    op.execute(KNOWN)
    op.execute("REVOKE ALL ON FUNCTION portal_staff(text[], timestamptz) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION portal_staff(text[], timestamptz) TO portal_app")
    # The owner reads it for that function alone; for the application's role its policies hold as before.
    op.execute("ALTER TABLE workers NO FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("DROP FUNCTION portal_staff(text[], timestamptz)")
    op.execute("ALTER TABLE workers FORCE ROW LEVEL SECURITY")
