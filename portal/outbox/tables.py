"""Tables of what waits to leave and of what came back. No personal data: bodies hold references."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from portal.db import CASE_TABLE, case_id, facts, instant, metadata

outbox = Table(
    "outbox",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    #: `delivery` to an agency, `notice` to a party, `page` to a duty person, `escalation` of a missed promise to a person of the agency,
    #: `card` to a provider of card payments, `scan` of a document.
    Column("kind", Text, nullable=False),
    #: Agency or channel.
    Column("target", Text, nullable=False),
    #: Step run, notice, duty call or clock it belongs to.
    Column("subject", Uuid, nullable=False),
    facts("body"),
    #: Key the far side may de-duplicate on; one a row, the same at every attempt.
    Column("key", Text, nullable=False),
    instant("placed_at", nullable=False),
    instant("next_at", nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    #: Attempts of which nobody ever heard again: their process died, or slept past its lease.
    Column("crashes", SmallInteger, nullable=False),
    instant("lease_until"),
    #: Raised at every claim; who comes back with an older one changes nothing.
    Column("epoch", Integer, nullable=False),
    #: Rank of the last status the far side reported of itself (portal/outbox/inbox.py); None: nothing yet.
    Column("reported", SmallInteger),
    #: Why the last attempt failed, in words without personal data.
    Column("refusal", Text),
    instant("done_at"),
    instant("parked_at"),
    #: The agency's own name for it.
    Column("remote_id", Text),
    #: Every attempt that came to an end: number, when it began and ended, code. A number that is missing ended with its process.
    Column("tries", JSONB),
    #: When the agency is asked what became of it, and how often it was since it last said something new; null: it is not asked.
    instant("ask_at"),
    Column("asks", SmallInteger),
    #: Number of the file it stands in (portal/outbox/parcels.py), of an agency that works by files.
    Column("parcel", Integer),
    PrimaryKeyConstraint("case_id", "id"),
    Index("outbox_next_at_ix", "next_at", postgresql_where=text("done_at IS NULL AND parked_at IS NULL")),
    Index("outbox_target_ix", "target", "next_at", postgresql_where=text("done_at IS NULL AND parked_at IS NULL")),
    Index("outbox_key_ix", "key"),
    Index("outbox_ask_at_ix", "ask_at", postgresql_where=text("ask_at IS NOT NULL")),
    Index("outbox_parked_at_ix", "parked_at", postgresql_where=text("parked_at IS NOT NULL AND done_at IS NULL")),
    info=CASE_TABLE,
)

inbox = Table(
    "inbox",
    metadata,
    #: Agency that sent it.
    Column("source", Text, nullable=False),
    #: Its own id of the message (webhook-id); once taken, taken for ever.
    Column("message_id", Text, nullable=False),
    Column("case_id", Uuid),
    #: `applied`, `unmatched`, `stale`, `parked`.
    Column("status", Text, nullable=False),
    facts("body"),
    instant("received_at", nullable=False),
    instant("next_at"),
    Column("tries", SmallInteger, nullable=False),
    PrimaryKeyConstraint("source", "message_id"),
    Index("inbox_next_at_ix", "next_at", postgresql_where=text("status = 'unmatched'")),
)

breakers = Table(
    "breakers",
    metadata,
    Column("target", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    instant("open_until"),
)

#: Files of handovers to an agency, by a number without gaps. One at most is on its way: the next is made when it has left.
parcels = Table(
    "parcels",
    metadata,
    Column("target", Text, nullable=False),
    Column("number", Integer, nullable=False),
    instant("made_at", nullable=False),
    #: Once it has left: its name, number of lines and SHA-256.
    Column("name", Text),
    Column("lines", Integer),
    Column("digest", Text),
    instant("left_at"),
    PrimaryKeyConstraint("target", "number"),
    Index("parcels_open_ix", "target", unique=True, postgresql_where=text("left_at IS NULL")),
)

#: Answer files of agencies, by what is in them: once decided on, decided for ever.
answer_files = Table(
    "answer_files",
    metadata,
    Column("source", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("name", Text, nullable=False),
    #: `seen` (not fit to be taken, perhaps not whole yet), `applied` or `refused`, and why.
    Column("status", Text, nullable=False),
    Column("why", Text),
    Column("lines", Integer, nullable=False),
    instant("decided_at", nullable=False),
    PrimaryKeyConstraint("source", "digest"),
)

#: When an agency's folder is looked into next.
polls = Table(
    "polls",
    metadata,
    Column("target", Text, primary_key=True),
    instant("poll_at", nullable=False),
    #: Looks in a row that failed.
    Column("failures", Integer, nullable=False),
)

#: Rows that left after the backup this database was restored from, as the sent ledger says (portal/outbox/evidence.py).
sent_before = Table(
    "sent_before",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("likeness", Text, nullable=False),
    Column("remote_id", Text),
    Column("done", Boolean, nullable=False),
    Column("doubt", Boolean, nullable=False),
    instant("sent_at", nullable=False),
    #: When it had its effect: one line answers for one row.
    instant("used_at"),
    Index("sent_before_key_ix", "key", postgresql_where=text("used_at IS NULL")),
    Index("sent_before_likeness_ix", "likeness", postgresql_where=text("used_at IS NULL")),
)

#: How often this database was restored.
restores = Table(
    "restores", metadata, Column("number", Integer, primary_key=True, autoincrement=False), instant("begun_at", nullable=False), instant("ended_at")
)

#: Letters for the post room: printed, taken to the mail, come back.
prints = Table(
    "prints",
    metadata,
    case_id(),
    #: That of the notice's own row.
    Column("id", Uuid, nullable=False),
    Column("reference", Text, nullable=False),
    Column("agency", Text, nullable=False),
    #: Template of the notice.
    Column("template", Text, nullable=False),
    #: Vault item: address, language, words, as they are printed.
    Column("item", Uuid, nullable=False),
    #: `waiting`, `taken` to be printed, `posted`, `returned`.
    Column("status", Text, nullable=False),
    #: Which printing it is, from 1.
    Column("copy", SmallInteger, nullable=False),
    instant("placed_at", nullable=False),
    #: What was taken together, by whom, and until when nobody else takes it.
    Column("batch", Uuid),
    Column("taken_by", Text),
    instant("taken_at"),
    instant("lease_until"),
    instant("posted_at"),
    instant("returned_at"),
    #: Why it came back (portal/outbox/prints.py).
    Column("reason", Text),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("case_id", "id"),
    UniqueConstraint("id"),
    Index("prints_open_ix", "agency", "placed_at", "id", postgresql_where=text("status IN ('waiting', 'taken')")),
    Index("prints_agency_ix", "agency", "placed_at", "id"),
    Index("prints_batch_ix", "batch"),
    info=CASE_TABLE,
)

#: What came in from an agency and belongs to no case we know: a stream of events of its own, whose `case_id` is its id.
strays = Table(
    "strays",
    metadata,
    case_id(),
    Column("agency", Text, nullable=False),
    #: `report` or `file`.
    Column("kind", Text, nullable=False),
    #: What people call it: the reference it names, or the name of the file.
    Column("name", Text, nullable=False),
    facts("known"),
    instant("found_at", nullable=False),
    instant("settled_at"),
    #: `attached` to a case, or `dismissed`; by whom.
    Column("settled", Text),
    Column("settled_by", Text),
    Column("attached_to", Uuid),
    #: Vault item: why it was dismissed.
    Column("words", Uuid),
    PrimaryKeyConstraint("case_id"),
    info=CASE_TABLE,
)
