"""The spine: cases, events, clocks, queues, outbox, vault, figures; roles and row-level security."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


class TransactionId(UserDefinedType):
    """`xid8`."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The SQL name of the type."""
        return "xid8"


#: Tables whose rows a party may see of its own cases.
PARTY_READS = (
    "cases",
    "case_heads",
    "events",
    "clocks",
    "journey_runs",
    "step_runs",
    "decisions",
    "asks",
    "duty_calls",
    "feedback",
    "case_parties",
    "party_needs",
)
#: Tables of a case that staff of an agency with access, and champions, may see.
STAFF_READS = (*PARTY_READS, "case_access", "tasks", "timers", "outbox", "vault_items")
#: What a party may see in the vault: never the notes of staff.
PARTY_KINDS = "('contact', 'answers', 'words', 'location', 'message', 'reasons', 'letter')"
#: All the relay may write into the log: what the timer of a clock tells.
TIMER_TELLS = "('StandardMissed', 'StandardWarned', 'StandardEscalated')"
IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"

ROLES = """
DO $$ DECLARE wanted text; BEGIN
    FOREACH wanted IN ARRAY ARRAY['portal_app', 'portal_relay', 'portal_figures'] LOOP
        BEGIN EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END;
    END LOOP;
END $$
"""

FUNCTIONS = (
    "CREATE FUNCTION portal_scope() RETURNS text STABLE LANGUAGE sql AS $$ SELECT current_setting('portal.scope', true) $$",
    "CREATE FUNCTION portal_subject() RETURNS text STABLE LANGUAGE sql AS $$ SELECT nullif(current_setting('portal.subject', true), '') $$",
    "CREATE FUNCTION portal_key_space() RETURNS text STABLE LANGUAGE sql AS $$ SELECT current_setting('portal.key_space', true) $$",
    "CREATE FUNCTION portal_cases() RETURNS uuid[] STABLE LANGUAGE sql AS $$ SELECT string_to_array(nullif(current_setting('portal.cases', true), ''), ',')::uuid[] $$",
    "CREATE FUNCTION portal_agencies() RETURNS text[] STABLE LANGUAGE sql AS $$ SELECT string_to_array(nullif(current_setting('portal.agencies', true), ''), ',') $$",
    """CREATE FUNCTION portal_expect(what text, wrote bigint, wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
        IF wrote <> wanted THEN RAISE EXCEPTION 'wrote % of % rows of %', wrote, wanted, what USING ERRCODE = 'data_exception'; END IF;
        RETURN wrote; END $$""",
    """CREATE FUNCTION portal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege'; END $$""",
)


def _rules() -> None:
    """Roles, grants, row-level security and the triggers that keep history."""
    op.execute(ROLES)
    for statement in FUNCTIONS:
        op.execute(statement)
    for table in ("events", "definitions"):
        op.execute(f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION portal_append_only()")
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION portal_append_only()")
    _policies()
    _grants()
    op.execute("INSERT INTO feed_head (one, position, horizon) VALUES (1, 0, '0')")


def _policies() -> None:
    for table in sorted({*STAFF_READS, "idempotency", "inbox"}):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table in STAFF_READS:
        engine = f"(SELECT portal_scope()) = 'engine' AND {IN_HAND}"
        op.execute(f"CREATE POLICY {table}_engine ON {table} TO portal_app USING ({engine}) WITH CHECK ({engine})")
        if table != "vault_items":
            op.execute(f"CREATE POLICY {table}_champion ON {table} FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'champion')")
        shared = f"EXISTS (SELECT 1 FROM case_access a WHERE a.case_id = {table}.case_id AND a.agency_id = ANY ((SELECT portal_agencies())::text[]))"
        own = "agency_id = ANY ((SELECT portal_agencies())::text[])" if table == "case_access" else shared
        own = "agency = ANY ((SELECT portal_agencies())::text[])" if table == "tasks" else own
        op.execute(f"CREATE POLICY {table}_staff ON {table} FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'staff' AND {own})")
    for table in PARTY_READS:
        op.execute(f"CREATE POLICY {table}_party ON {table} FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'party' AND {IN_HAND})")
    op.execute(
        "CREATE POLICY case_parties_own ON case_parties FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'party' AND subject = (SELECT portal_subject()))"
    )
    op.execute(
        f"CREATE POLICY vault_items_party ON vault_items FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'party' AND {IN_HAND} AND kind IN {PARTY_KINDS})"
    )
    op.execute(
        "CREATE POLICY step_runs_agency ON step_runs FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'agency' AND agency = ANY ((SELECT portal_agencies())::text[]))"
    )
    op.execute(
        "CREATE POLICY outbox_agency ON outbox FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'agency' AND target = ANY ((SELECT portal_agencies())::text[]))"
    )
    op.execute(
        "CREATE POLICY idempotency_own ON idempotency TO portal_app USING (principal = (SELECT portal_key_space())) WITH CHECK (principal = (SELECT portal_key_space()))"
    )
    own = "(SELECT portal_scope()) IN ('engine', 'agency') AND source = ANY ((SELECT portal_agencies())::text[])"
    op.execute(f"CREATE POLICY inbox_own ON inbox TO portal_app USING ({own}) WITH CHECK ({own})")
    for table in ("outbox", "timers", "inbox", "case_heads", "clocks"):
        op.execute(f"CREATE POLICY {table}_relay ON {table} TO portal_relay USING (true)")
    op.execute(f"CREATE POLICY events_relay ON events FOR INSERT TO portal_relay WITH CHECK (actor = 'portal' AND type IN {TIMER_TELLS})")
    op.execute("CREATE POLICY events_figures ON events FOR SELECT TO portal_figures USING (true)")


def _grants() -> None:
    changed = ", ".join(sorted({*STAFF_READS, "inbox"} - {"events"}))
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {changed} TO portal_app")
    op.execute("GRANT SELECT, INSERT ON events, idempotency, case_references TO portal_app")
    op.execute("GRANT SELECT ON definitions TO portal_app, portal_relay, portal_figures")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON secret_tries TO portal_app")
    op.execute("GRANT SELECT ON chance_models TO portal_app")
    op.execute("GRANT SELECT, UPDATE ON outbox, timers, inbox TO portal_relay")
    op.execute("GRANT SELECT ON alembic_version TO portal_relay")
    op.execute("GRANT SELECT, INSERT, UPDATE ON breakers TO portal_relay")
    op.execute("GRANT SELECT, UPDATE (seq, hash, version) ON case_heads TO portal_relay")
    op.execute("GRANT INSERT ON timers, events TO portal_relay")
    op.execute("GRANT SELECT, UPDATE (status, missed_at, escalated_to) ON clocks TO portal_relay")
    op.execute("GRANT SELECT ON events TO portal_figures")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON feed, feed_head, readers, case_facts, step_facts, chance_models TO portal_figures")


def upgrade() -> None:
    op.create_table(
        "asks",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("step_run_id", sa.Uuid(), nullable=True),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("words", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("asks_pkey")),
    )
    op.create_table(
        "breakers",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("target", name=op.f("breakers_pkey")),
    )
    op.create_table(
        "case_access",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "agency_id", name=op.f("case_access_pkey")),
    )
    op.create_index("case_access_agency_id_ix", "case_access", ["agency_id", "case_id"], unique=False)
    op.create_table(
        "case_facts",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_source", sa.Text(), nullable=True),
        sa.Column("clocks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("missed", sa.Boolean(), nullable=False),
        sa.Column("referrals", sa.SmallInteger(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("case_facts_pkey")),
    )
    op.create_index("case_facts_jurisdiction_closed_at_ix", "case_facts", ["jurisdiction", "closed_at"], unique=False)
    op.create_index("case_facts_jurisdiction_received_at_ix", "case_facts", ["jurisdiction", "received_at"], unique=False)
    op.create_table(
        "case_heads",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("case_heads_pkey")),
    )
    op.create_table(
        "case_parties",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("contact", sa.Uuid(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "party_id", "role", name=op.f("case_parties_pkey")),
    )
    op.create_index("case_parties_subject_ix", "case_parties", ["subject", "case_id"], unique=False)
    op.create_table(
        "case_references",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("secret_version", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("case_references_pkey")),
        sa.UniqueConstraint("case_id", name=op.f("case_references_case_id_key")),
    )
    op.create_table(
        "chance_models",
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("jurisdiction", "version", name=op.f("chance_models_pkey")),
    )
    op.create_index("chance_models_jurisdiction_as_of_ix", "chance_models", ["jurisdiction", "as_of"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("official", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("law", sa.Text(), nullable=True),
        sa.Column("reasons", sa.Uuid(), nullable=True),
        sa.Column("remedy", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("decisions_pkey")),
    )
    op.create_table(
        "definitions",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("definitions_pkey")),
    )
    op.create_index("definitions_kind_id_ix", "definitions", ["kind", "id"], unique=False)
    op.create_table(
        "duty_calls",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("person", sa.SmallInteger(), nullable=False),
        sa.Column("pages", sa.SmallInteger(), nullable=False),
        sa.Column("paged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("duty_calls_pkey")),
    )
    op.create_table(
        "events",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("schema_version", sa.SmallInteger(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("tx", TransactionId(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("events_pkey")),
    )
    op.create_index("events_tx_ix", "events", ["tx"], unique=False)
    op.create_table(
        "feed",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("feed_pkey")),
    )
    op.create_table(
        "feed_head",
        sa.Column("one", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("horizon", TransactionId(), nullable=False),
        sa.PrimaryKeyConstraint("one", name=op.f("feed_head_pkey")),
    )
    op.create_table(
        "feedback",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("words", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("feedback_pkey")),
    )
    op.create_table(
        "idempotency",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key_hash", name=op.f("idempotency_pkey")),
    )
    op.create_table(
        "inbox",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "message_id", name=op.f("inbox_pkey")),
    )
    op.create_index("inbox_next_at_ix", "inbox", ["next_at"], unique=False, postgresql_where=sa.text("status = 'unmatched'"))
    op.create_table(
        "journey_runs",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("journey", sa.Text(), nullable=False),
        sa.Column("definition_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("journey_runs_pkey")),
    )
    op.create_table(
        "outbox",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("crashes", sa.SmallInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("reported", sa.SmallInteger(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("outbox_pkey")),
    )
    op.create_index("outbox_key_ix", "outbox", ["key"], unique=False)
    op.create_index("outbox_next_at_ix", "outbox", ["next_at"], unique=False, postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"))
    op.create_index("outbox_target_ix", "outbox", ["target", "next_at"], unique=False, postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"))
    op.create_table(
        "party_needs",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "party_id", "need", name=op.f("party_needs_pkey")),
    )
    op.create_table(
        "readers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("readers_pkey")),
    )
    op.create_table(
        "secret_tries",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("secret_tries_pkey")),
    )
    op.create_table(
        "step_facts",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("step_run_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("cost", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "step_run_id", name=op.f("step_facts_pkey")),
    )
    op.create_table(
        "step_runs",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("step_runs_pkey")),
    )
    op.create_table(
        "timers",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("armed", sa.Boolean(), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("share", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("timers_pkey")),
    )
    op.create_index("timers_due_at_ix", "timers", ["due_at"], unique=False, postgresql_where=sa.text("armed"))
    op.create_table(
        "vault_items",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("vault_items_pkey")),
    )
    op.create_index("vault_items_party_id_ix", "vault_items", ["party_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("service_hash", sa.Text(), nullable=True),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("danger", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("competent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_heads.case_id"], name=op.f("cases_case_id_fkey")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("cases_pkey")),
        sa.UniqueConstraint("origin", "source", "external_id", name=op.f("cases_origin_source_external_id_key")),
    )
    op.create_index("cases_agency_received_at_ix", "cases", ["agency", "received_at"], unique=False)
    op.create_table(
        "clocks",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("covers", sa.Text(), nullable=False),
        sa.Column("step_run_id", sa.Uuid(), nullable=True),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("calendar_hash", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("original_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_source", sa.Text(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pauses", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("extension", sa.Text(), nullable=True),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("escalated_to", sa.Text(), nullable=True),
        sa.Column("consequence", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_heads.case_id"], name=op.f("clocks_case_id_fkey")),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("clocks_pkey")),
    )
    op.create_index("clocks_owed_ix", "clocks", ["due_at", "id"], unique=False, postgresql_where=sa.text("status = 'missed' AND stopped_at IS NULL"))
    op.create_table(
        "tasks",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_run_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("turn", sa.SmallInteger(), nullable=False),
        sa.Column("asked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_heads.case_id"], name=op.f("tasks_case_id_fkey")),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("tasks_pkey")),
        sa.UniqueConstraint("id", name=op.f("tasks_id_key")),
    )
    op.create_index(
        "tasks_worklist_ix", "tasks", ["agency", "team", "turn", "due_at", "id"], unique=False, postgresql_where=sa.text("status IN ('open', 'claimed')")
    )
    _rules()


def downgrade() -> None:
    op.drop_index("tasks_worklist_ix", table_name="tasks", postgresql_where=sa.text("status IN ('open', 'claimed')"))
    op.drop_table("tasks")
    op.drop_index("clocks_owed_ix", table_name="clocks", postgresql_where=sa.text("status = 'missed' AND stopped_at IS NULL"))
    op.drop_table("clocks")
    op.drop_index("cases_agency_received_at_ix", table_name="cases")
    op.drop_table("cases")
    op.drop_index("vault_items_party_id_ix", table_name="vault_items")
    op.drop_table("vault_items")
    op.drop_index("timers_due_at_ix", table_name="timers", postgresql_where=sa.text("armed"))
    op.drop_table("timers")
    op.drop_table("step_runs")
    op.drop_table("step_facts")
    op.drop_table("secret_tries")
    op.drop_table("readers")
    op.drop_table("party_needs")
    op.drop_index("outbox_target_ix", table_name="outbox", postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"))
    op.drop_index("outbox_next_at_ix", table_name="outbox", postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"))
    op.drop_index("outbox_key_ix", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("journey_runs")
    op.drop_index("inbox_next_at_ix", table_name="inbox", postgresql_where=sa.text("status = 'unmatched'"))
    op.drop_table("inbox")
    op.drop_table("idempotency")
    op.drop_table("feedback")
    op.drop_table("feed_head")
    op.drop_table("feed")
    op.drop_index("events_tx_ix", table_name="events")
    op.drop_table("events")
    op.drop_table("duty_calls")
    op.drop_index("definitions_kind_id_ix", table_name="definitions")
    op.drop_table("definitions")
    op.drop_table("decisions")
    op.drop_index("chance_models_jurisdiction_as_of_ix", table_name="chance_models")
    op.drop_table("chance_models")
    op.drop_table("case_references")
    op.drop_index("case_parties_subject_ix", table_name="case_parties")
    op.drop_table("case_parties")
    op.drop_table("case_heads")
    op.drop_index("case_facts_jurisdiction_received_at_ix", table_name="case_facts")
    op.drop_index("case_facts_jurisdiction_closed_at_ix", table_name="case_facts")
    op.drop_table("case_facts")
    op.drop_index("case_access_agency_id_ix", table_name="case_access")
    op.drop_table("case_access")
    op.drop_table("breakers")
    op.drop_table("asks")
    op.execute(
        "DROP FUNCTION portal_append_only(), portal_expect(text, bigint, bigint), portal_agencies(), portal_cases(), portal_key_space(), portal_subject(), portal_scope()"
    )
