"""Tables of fees. Amounts are minor units of the currency (ISO 4217); free words are in the vault."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text, UniqueConstraint, Uuid, text

from portal.db import CASE_TABLE, case_id, instant, metadata

fees = Table(
    "fees",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    Column("step_run_id", Uuid, nullable=False),
    #: Agency it is owed to.
    Column("agency", Text, nullable=False),
    Column("service", Text),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    #: `due`, `paid`, `waived`, `cancelled`, `refunded` (portal/fees/moves.py).
    Column("status", Text, nullable=False),
    Column("paid", BigInteger, nullable=False),
    #: What goes or went back of it, from the moment that is decided.
    Column("refunded", BigInteger, nullable=False),
    instant("due_at", nullable=False),
    #: None: no term of its own.
    instant("pay_by"),
    instant("settled_at"),
    #: Why it is no longer due: `lapsed`, `withdrawn`, ...; of a waiver the law.
    Column("why", Text),
    PrimaryKeyConstraint("case_id", "id"),
    UniqueConstraint("id"),
    CheckConstraint("amount > 0 AND paid IN (0, amount) AND refunded BETWEEN 0 AND paid", name="amounts"),
    info=CASE_TABLE,
)

payments = Table(
    "payments",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    Column("fee_id", Uuid, nullable=False),
    Column("agency", Text, nullable=False),
    #: `payment` to us, `refund` from us.
    Column("kind", Text, nullable=False),
    #: `card`, `cash`.
    Column("way", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    #: `open` at the provider, or waiting to be paid out; `made`, `failed`.
    Column("status", Text, nullable=False),
    #: Money that came and settles no fee: it goes back.
    Column("unwanted", Text),
    #: Name the provider signs as, and its own name for it.
    Column("provider", Text),
    Column("remote_id", Text),
    #: The provider's page.
    Column("pay_at", Text),
    #: `AGENCY-YEAR-NUMBER`, gap-free in an agency and year; of cash.
    Column("receipt", Text),
    Column("desk", Text),
    Column("cash_day", Uuid),
    #: Official who took it, or decided that it goes back; None: the portal, by a rule.
    Column("official", Text),
    Column("why", Text),
    instant("begun_at", nullable=False),
    instant("ended_at"),
    #: Times the provider was asked about it.
    Column("asked", SmallInteger, nullable=False),
    PrimaryKeyConstraint("case_id", "id"),
    UniqueConstraint("id"),
    UniqueConstraint("receipt"),
    CheckConstraint("amount > 0", name="amount"),
    Index("payments_cash_day_ix", "cash_day"),
    Index("payments_open_ix", "fee_id", unique=True, postgresql_where=text("kind = 'payment' AND status = 'open'")),
    info=CASE_TABLE,
)

fee_proposals = Table(
    "fee_proposals",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    Column("fee_id", Uuid, nullable=False),
    Column("agency", Text, nullable=False),
    #: `waiver`, `refund`.
    Column("kind", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("law", Text, nullable=False),
    #: Vault item with the reasons.
    Column("words", Uuid, nullable=False),
    #: `open`, `confirmed`, `refused`, `expired`.
    Column("status", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    instant("proposed_at", nullable=False),
    instant("expires_at", nullable=False),
    Column("decided_by", Text),
    instant("decided_at"),
    PrimaryKeyConstraint("case_id", "id"),
    UniqueConstraint("id"),
    CheckConstraint("status <> 'confirmed' OR (decided_by IS NOT NULL AND decided_by <> proposed_by)", name="second_person"),
    Index("fee_proposals_open_ix", "fee_id", unique=True, postgresql_where=text("status = 'open'")),
    info=CASE_TABLE,
)

#: A desk's cash from its first taking to its closing: a stream of events of its own, whose `case_id` is its id.
cash_days = Table(
    "cash_days",
    metadata,
    case_id(),
    Column("agency", Text, nullable=False),
    Column("desk", Text, nullable=False),
    #: `open`, `counted` by one person, `closed` by another.
    Column("status", Text, nullable=False),
    instant("opened_at", nullable=False),
    Column("expected", BigInteger),
    Column("counted", BigInteger),
    #: Vault item: why they differ.
    Column("words", Uuid),
    Column("counted_by", Text),
    instant("counted_at"),
    Column("closed_by", Text),
    instant("closed_at"),
    PrimaryKeyConstraint("case_id"),
    CheckConstraint("status <> 'closed' OR (closed_by IS NOT NULL AND closed_by <> counted_by)", name="second_person"),
    Index("cash_days_open_ix", "agency", "desk", unique=True, postgresql_where=text("status = 'open'")),
    info=CASE_TABLE,
)

receipt_numbers = Table(
    "receipt_numbers",
    metadata,
    Column("agency", Text, nullable=False),
    Column("year", SmallInteger, nullable=False),
    Column("last", Integer, nullable=False),
    PrimaryKeyConstraint("agency", "year"),
)
