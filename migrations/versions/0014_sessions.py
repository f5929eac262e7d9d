"""Sessions of people who signed in, and the people an administrator keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SCOPE = "(SELECT portal_scope())"
#: A subject is `issuer|subject`; no issuer has a bar in it.
STANDS = """CREATE FUNCTION portal_stands(who text, session text, person text, at timestamptz) RETURNS boolean STABLE LANGUAGE sql AS $$
    SELECT (session = '' OR EXISTS (SELECT 1 FROM sessions s WHERE s.key = decode(session, 'hex') AND s.idle_until > at AND s.until > at))
        AND person = coalesce((SELECT CASE WHEN p.since <= at AND (p.until IS NULL OR p.until > at) THEN p.version::text ELSE 'ended' END
            FROM people p WHERE p.issuer = split_part(who, '|', 1) AND p.subject = substr(who, strpos(who, '|') + 1)), '') $$"""


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("granted", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_session", sa.Text(), nullable=True),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("sessions_pkey")),
        sa.UniqueConstraint("id", name=op.f("sessions_id_key")),
    )
    op.create_index("sessions_subject_ix", "sessions", ["subject"], unique=False)
    op.create_index("sessions_provider_session_ix", "sessions", ["provider_session"], unique=False)
    op.create_index("sessions_until_ix", "sessions", ["until"], unique=False)
    op.create_table(
        "people",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("teams", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("people_pkey")),
    )
    for table in ("sessions", "people"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_app")
        op.execute(f"CREATE POLICY {table}_engine ON {table} TO portal_app USING ({SCOPE} = 'engine') WITH CHECK ({SCOPE} = 'engine')")
    op.execute("CREATE POLICY sessions_own ON sessions FOR SELECT TO portal_app USING (subject = (SELECT portal_subject()))")
    op.execute("CREATE POLICY sessions_own_end ON sessions FOR DELETE TO portal_app USING (subject = (SELECT portal_subject()))")
    op.execute("CREATE POLICY people_own ON people FOR SELECT TO portal_app USING (issuer || '|' || subject = (SELECT portal_subject()))")
    op.execute(f"CREATE POLICY people_admin ON people TO portal_app USING ({SCOPE} = 'admin') WITH CHECK ({SCOPE} = 'admin')")
    op.execute(STANDS)


def downgrade() -> None:
    op.execute("DROP FUNCTION portal_stands(text, text, text, timestamptz)")
    op.drop_table("people")
    op.drop_table("sessions")
