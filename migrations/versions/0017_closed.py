"""Who sees a case: champions by service, administrators through broken glass, named people under a seal; who looked; mandates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NEW = ("case_services", "case_seals", "case_named", "case_glasses", "case_reads", "mandates")
IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"
ENGINE = f"(SELECT portal_scope()) = 'engine' AND {IN_HAND}"
OF_STAFF = "(SELECT portal_scope()) IN ('staff', 'champion', 'admin')"
BEFORE = "(SELECT portal_scope()) IN ('staff', 'champion')"
SERVICES = "(SELECT portal_services())::text[]"
MINE = "subject = (SELECT portal_subject())"
CLOSED = "(SELECT portal_barred())::uuid[]"

#: What is sealed to others. It runs as the owner, who alone reads which cases are sealed: nobody who asks may learn it.
SEALED = """CREATE FUNCTION portal_sealed() RETURNS uuid[] STABLE LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT coalesce(array_agg(s.case_id), '{}') FROM case_seals s WHERE s.until IS NULL
   AND NOT EXISTS (SELECT FROM case_named n WHERE n.case_id = s.case_id AND n.subject = portal_subject() AND n.until IS NULL) $$"""
BARRED = "SELECT coalesce(array_agg(b.case_id), '{}') FROM case_barred b WHERE b.subject = portal_subject()"


def upgrade() -> None:
    _tables()
    op.execute(
        "CREATE FUNCTION portal_services() RETURNS text[] STABLE LANGUAGE sql AS "
        "$$ SELECT string_to_array(nullif(current_setting('portal.services', true), ''), ',') $$"
    )
    op.execute(SEALED)
    op.execute(f"CREATE OR REPLACE FUNCTION portal_barred() RETURNS uuid[] STABLE LANGUAGE sql AS $$ SELECT portal_sealed() || ({BARRED}) $$")
    op.execute("REVOKE ALL ON FUNCTION portal_sealed() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION portal_sealed() TO portal_app")
    tables, others = _staff_reads()
    tables += ["case_services", "case_glasses"]
    for table in NEW:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        if table not in ("case_seals", "case_named"):
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_engine ON {table} TO portal_app USING ({ENGINE}) WITH CHECK ({ENGINE})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO portal_app")
    for table in tables:
        _seen(table)
    for table in [*tables, *others]:
        closed = f"case_id = ANY ({CLOSED})" + (f" OR other_id = ANY ({CLOSED})" if table == "case_links" else "")
        op.execute(f"CREATE POLICY {table}_barred ON {table} AS RESTRICTIVE FOR SELECT TO portal_app USING (NOT {OF_STAFF} OR NOT ({closed}))")
    op.add_column("people", sa.Column("services", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"))
    _own()


def _tables() -> None:
    op.create_table(
        "case_services",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "service", name=op.f("case_services_pkey")),
    )
    op.create_index("case_services_service_ix", "case_services", ["service", "case_id"], unique=False)
    op.create_table(
        "case_seals",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("words", sa.Uuid(), nullable=False),
        sa.Column("sealed_by", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", name=op.f("case_seals_pkey")),
    )
    op.create_index("case_seals_open_ix", "case_seals", ["case_id"], unique=False, postgresql_where=sa.text("until IS NULL"))
    op.create_table(
        "case_named",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("contact", sa.Uuid(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "subject", name=op.f("case_named_pkey")),
    )
    op.create_index("case_named_subject_ix", "case_named", ["subject", "case_id"], unique=False)
    op.create_table(
        "case_glasses",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("words", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("case_glasses_pkey")),
    )
    op.create_index("case_glasses_subject_ix", "case_glasses", ["subject", "until"], unique=False)
    op.create_table(
        "case_reads",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "day", "subject", "action", name=op.f("case_reads_pkey")),
    )
    op.create_table(
        "mandates",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("mandates_pkey")),
    )


def _named(ending: str) -> list[str]:
    """Tables that have a policy of that name."""
    asked = f"SELECT tablename FROM pg_policies WHERE policyname = tablename || '_{ending}' ORDER BY 1"
    return [str(table) for table in op.get_bind().exec_driver_sql(asked).scalars()]


def _staff_reads() -> tuple[list[str], list[str]]:
    """Tables staff read, and others that can be closed to one of them; champions' and closing policies are made anew."""
    champions, barred = _named("champion"), _named("barred")
    for table in champions:
        op.execute(f"DROP POLICY {table}_champion ON {table}")
    for table in barred:
        op.execute(f"DROP POLICY {table}_barred ON {table}")
    read = {*champions, "vault_items"}
    return sorted(read), sorted(set(barred) - read)


def _answered(table: str) -> str | None:
    """What makes a row a champion's. A policy may not lead back to its own table, so three of them say less; the vault says nothing."""
    if table == "vault_items":
        return None
    every = f"'*' = ANY ({SERVICES})"
    if table == "case_access":
        return every
    if table in ("case_services", "case_glasses"):
        return f"({every} OR service = ANY ({SERVICES}))"
    part = f"EXISTS (SELECT 1 FROM case_services s WHERE s.case_id = {table}.case_id AND s.service = ANY ({SERVICES}))"
    own = f"service = ANY ({SERVICES}) OR {part}" if table == "cases" else f"EXISTS (SELECT 1 FROM cases c WHERE c.case_id = {table}.case_id)"
    return f"({every} OR {own})"


def _seen(table: str) -> None:
    answered = _answered(table)
    if answered:
        op.execute(f"CREATE POLICY {table}_champion ON {table} FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'champion' AND {answered})")
        op.execute(f"CREATE POLICY {table}_reader ON {table} FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'reader')")
    if table not in ("case_glasses", "case_services", "cash_days"):
        glass = f"g.case_id = {table}.case_id AND g.subject = (SELECT portal_subject()) AND g.until > statement_timestamp()"
        seen = f"(SELECT portal_scope()) = 'admin' AND EXISTS (SELECT 1 FROM case_glasses g WHERE {glass})"
        op.execute(f"CREATE POLICY {table}_glass ON {table} FOR SELECT TO portal_app USING ({seen})")


def _own() -> None:
    """What is somebody's own, and what a party sees of its case."""
    op.execute(f"CREATE POLICY case_glasses_own ON case_glasses FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'admin' AND {MINE})")
    op.execute(f"CREATE POLICY case_named_own ON case_named FOR SELECT TO portal_app USING ({MINE})")
    op.execute(f"CREATE POLICY case_reads_made ON case_reads FOR INSERT TO portal_app WITH CHECK ({OF_STAFF} AND {MINE})")
    reason = "kind = 'glass' AND EXISTS (SELECT 1 FROM case_glasses g WHERE g.case_id = vault_items.case_id AND g.words = vault_items.id)"
    op.execute(f"CREATE POLICY vault_items_reason ON vault_items FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'champion' AND {reason})")
    op.execute("CREATE POLICY case_services_figures ON case_services TO portal_figures USING (true)")
    op.execute("GRANT SELECT ON case_services TO portal_figures")
    for table in ("case_reads", "mandates"):
        op.execute(f"CREATE POLICY {table}_party ON {table} FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'party' AND {IN_HAND})")
    # A mandate that has run out, or has been ended, proves nothing any more.
    standing = "(SELECT portal_scope()) = 'party' AND subject = (SELECT portal_subject()) AND (until IS NULL OR until > statement_timestamp())"
    op.execute("DROP POLICY case_parties_own ON case_parties")
    op.execute(f"CREATE POLICY case_parties_own ON case_parties FOR SELECT TO portal_app USING ({standing})")


def downgrade() -> None:
    """Champions see all again; what was sealed is open to its agency."""
    for ending in ("champion", "reader", "glass", "barred"):
        for table in _named(ending):
            op.execute(f"DROP POLICY {table}_{ending} ON {table}")
    for table in reversed(NEW):
        op.drop_table(table)
    op.execute(f"CREATE OR REPLACE FUNCTION portal_barred() RETURNS uuid[] STABLE LANGUAGE sql AS $$ {BARRED} $$")
    op.execute("DROP FUNCTION portal_sealed(), portal_services()")
    op.drop_column("people", "services")
    for table in _named("engine"):
        if table in ("case_barred", "case_references"):
            continue
        if table != "vault_items":
            op.execute(f"CREATE POLICY {table}_champion ON {table} FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'champion')")
        closed = f"case_id = ANY ({CLOSED})" + (f" OR other_id = ANY ({CLOSED})" if table == "case_links" else "")
        op.execute(f"CREATE POLICY {table}_barred ON {table} AS RESTRICTIVE FOR SELECT TO portal_app USING (NOT {BEFORE} OR NOT ({closed}))")
    op.execute("DROP POLICY case_parties_own ON case_parties")
    standing = f"(SELECT portal_scope()) = 'party' AND {MINE}"
    op.execute(f"CREATE POLICY case_parties_own ON case_parties FOR SELECT TO portal_app USING ({standing})")
