"""Fees, what is paid and paid back, proposals for a second person, the cash of a desk's day, numbers of receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

IN_HAND = "case_id = ANY ((SELECT portal_cases())::uuid[])"
MINE = "agency = ANY ((SELECT portal_agencies())::text[])"
#: What a party may see of its own cases; proposals are between officials.
PARTY_READS = ("fees", "payments")
CASE_TABLES = (*PARTY_READS, "fee_proposals", "cash_days")

#: An entry says for ever how much of which fee went which way, and once made it stays made.
FIXED = """CREATE FUNCTION portal_payment_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.status = 'made' OR (OLD.case_id, OLD.id, OLD.fee_id, OLD.kind, OLD.way, OLD.amount, OLD.currency, OLD.agency)
        IS DISTINCT FROM (NEW.case_id, NEW.id, NEW.fee_id, NEW.kind, NEW.way, NEW.amount, NEW.currency, NEW.agency) THEN
        RAISE EXCEPTION 'an entry that was made stays as it is: write a counter-entry' USING ERRCODE = 'insufficient_privilege'; END IF;
    RETURN NEW; END $$"""
#: Nothing is added to a day that was counted. After the statement, so that a day begun by it is seen.
OPEN_DAY = """CREATE FUNCTION portal_cash_day_open() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.cash_day IS NOT NULL AND NOT EXISTS (SELECT FROM cash_days d WHERE d.case_id = NEW.cash_day AND d.status = 'open') THEN
        RAISE EXCEPTION 'this cash day was counted' USING ERRCODE = 'insufficient_privilege'; END IF;
    RETURN NULL; END $$"""
DAY_FIXED = """CREATE FUNCTION portal_cash_day_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.status = 'closed' OR (OLD.status = 'counted' AND (OLD.expected, OLD.counted, OLD.counted_by) IS DISTINCT FROM (NEW.expected, NEW.counted, NEW.counted_by)) THEN
        RAISE EXCEPTION 'a day that was counted stays as it is' USING ERRCODE = 'insufficient_privilege'; END IF;
    RETURN NEW; END $$"""


def upgrade() -> None:
    _fees()
    _payments()
    _proposals()
    _cash()
    _rules()


def _fees() -> None:
    op.create_table(
        "fees",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("step_run_id", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pay_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.CheckConstraint("amount > 0 AND paid IN (0, amount) AND refunded BETWEEN 0 AND paid", name=op.f("fees_amounts_check")),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("fees_pkey")),
        sa.UniqueConstraint("id", name=op.f("fees_id_key")),
    )


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fee_id", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("unwanted", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("pay_at", sa.Text(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("desk", sa.Text(), nullable=True),
        sa.Column("cash_day", sa.Uuid(), nullable=True),
        sa.Column("official", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("payments_amount_check")),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("payments_pkey")),
        sa.UniqueConstraint("id", name=op.f("payments_id_key")),
        sa.UniqueConstraint("receipt", name=op.f("payments_receipt_key")),
    )
    op.create_index("payments_cash_day_ix", "payments", ["cash_day"], unique=False)
    op.create_index("payments_open_ix", "payments", ["fee_id"], unique=True, postgresql_where=sa.text("kind = 'payment' AND status = 'open'"))


def _proposals() -> None:
    op.create_table(
        "fee_proposals",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fee_id", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("law", sa.Text(), nullable=False),
        sa.Column("words", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status <> 'confirmed' OR (decided_by IS NOT NULL AND decided_by <> proposed_by)", name=op.f("fee_proposals_second_person_check")),
        sa.PrimaryKeyConstraint("case_id", "id", name=op.f("fee_proposals_pkey")),
        sa.UniqueConstraint("id", name=op.f("fee_proposals_id_key")),
    )
    op.create_index("fee_proposals_open_ix", "fee_proposals", ["fee_id"], unique=True, postgresql_where=sa.text("status = 'open'"))


def _cash() -> None:
    op.create_table(
        "cash_days",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("counted", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Uuid(), nullable=True),
        sa.Column("counted_by", sa.Text(), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status <> 'closed' OR (closed_by IS NOT NULL AND closed_by <> counted_by)", name=op.f("cash_days_second_person_check")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("cash_days_pkey")),
    )
    op.create_index("cash_days_open_ix", "cash_days", ["agency", "desk"], unique=True, postgresql_where=sa.text("status = 'open'"))
    op.create_table(
        "receipt_numbers",
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agency", "year", name=op.f("receipt_numbers_pkey")),
    )


def _rules() -> None:
    for table in (*CASE_TABLES, "receipt_numbers"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table in CASE_TABLES:
        engine = f"(SELECT portal_scope()) = 'engine' AND {IN_HAND}"
        shared = f"EXISTS (SELECT 1 FROM case_access a WHERE a.case_id = {table}.case_id AND a.agency_id = ANY ((SELECT portal_agencies())::text[]))"
        seen = MINE if table == "cash_days" else f"({MINE} OR {shared})"
        op.execute(f"CREATE POLICY {table}_engine ON {table} TO portal_app USING ({engine}) WITH CHECK ({engine})")
        op.execute(f"CREATE POLICY {table}_champion ON {table} FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'champion')")
        op.execute(f"CREATE POLICY {table}_staff ON {table} FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'staff' AND {seen})")
    for table in PARTY_READS:
        op.execute(f"CREATE POLICY {table}_party ON {table} FOR SELECT TO portal_app USING ((SELECT portal_scope()) = 'party' AND {IN_HAND})")
    theirs = "(SELECT portal_scope()) = 'agency' AND provider = ANY ((SELECT portal_agencies())::text[])"
    op.execute(f"CREATE POLICY payments_provider ON payments FOR SELECT TO portal_app USING ({theirs})")
    numbers = f"(SELECT portal_scope()) = 'engine' AND {MINE}"
    op.execute(f"CREATE POLICY receipt_numbers_own ON receipt_numbers TO portal_app USING ({numbers}) WITH CHECK ({numbers})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {', '.join(CASE_TABLES)}, receipt_numbers TO portal_app")
    for statement in (FIXED, OPEN_DAY, DAY_FIXED):
        op.execute(statement)
    op.execute("CREATE TRIGGER payments_fixed BEFORE UPDATE ON payments FOR EACH ROW EXECUTE FUNCTION portal_payment_fixed()")
    op.execute("CREATE TRIGGER payments_open_day AFTER INSERT OR UPDATE ON payments FOR EACH ROW EXECUTE FUNCTION portal_cash_day_open()")
    op.execute("CREATE TRIGGER cash_days_fixed BEFORE UPDATE ON cash_days FOR EACH ROW EXECUTE FUNCTION portal_cash_day_fixed()")
    for table in ("payments", "cash_days"):
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION portal_append_only()")


def downgrade() -> None:
    for table in ("receipt_numbers", "cash_days", "fee_proposals", "payments", "fees"):
        op.drop_table(table)
    op.execute("DROP FUNCTION portal_payment_fixed(), portal_cash_day_open(), portal_cash_day_fixed()")
