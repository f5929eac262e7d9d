"""Table of personal data: the only place of names, contacts, answers, free words and addresses."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from portal.db import CASE_TABLE, case_id, instant, metadata

vault_items = Table(
    "vault_items",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    Column("party_id", Uuid),
    #: `contact`, `answers`, `words`, `location`, `message`, `note`, `reasons`, `letter`, `mail`, `document`, `proof`,
    #: `consent` (values that were used again), `look` (why somebody looked across), `media` (an address of a picture), `published` (approved for everybody),
    #: `draft` (a form that was not sent yet).
    Column("kind", Text, nullable=False),
    #: Salt of the commitment an event carries; erased with the value.
    Column("salt", LargeBinary),
    Column("value", JSONB),
    instant("recorded_at", nullable=False),
    instant("erased_at"),
    PrimaryKeyConstraint("case_id", "id"),
    Index("vault_items_party_id_ix", "party_id"),
    info=CASE_TABLE,
)

#: What somebody has said so far in a conversation by messages, sealed under a key of the portal's; one row a sender, and a stream of its own.
dialogues = Table(
    "dialogues",
    metadata,
    case_id(primary_key=True),
    Column("channel", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    #: Messages taken so far, and answers given since `counted_at`.
    Column("turns", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    instant("counted_at", nullable=False),
    Column("open", Boolean, nullable=False),
    info=CASE_TABLE,
)

#: Each message once for ever, and what was answered: who brings it again gets the same.
dialogue_turns = Table(
    "dialogue_turns",
    metadata,
    case_id(),
    Column("message", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    instant("at", nullable=False),
    PrimaryKeyConstraint("case_id", "message"),
    info=CASE_TABLE,
)

#: Forms that were begun and not sent. `sealed` is encrypted under a key derived from the browser's own; nobody else can read it, we neither.
drafts = Table(
    "drafts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("sent", Boolean, nullable=False),
    instant("expires_at", nullable=False),
    Index("drafts_expires_at_ix", "expires_at"),
)

#: Forms kept for another day, another device or another channel; each is a stream of its own, opened by its reference and secret or by who keeps it.
saved_drafts = Table(
    "saved_drafts",
    metadata,
    case_id(primary_key=True),
    Column("reference", Text, nullable=False),
    #: Who signed in and keeps it among its own.
    Column("subject", Text),
    #: The member of staff who has it in hand for its party, and how long.
    Column("holder", Text),
    instant("held_until"),
    Column("service", Text),
    #: Where it was saved last.
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    #: Vault item with all that was typed.
    Column("item", Uuid, nullable=False),
    #: `open`, `sent`, `deleted`, `lapsed`.
    Column("status", Text, nullable=False),
    #: The case it became.
    Column("became", Uuid),
    Column("reminded", Boolean, nullable=False),
    instant("saved_at", nullable=False),
    instant("expires_at", nullable=False),
    Index("saved_drafts_subject_ix", "subject", "case_id"),
    info=CASE_TABLE,
)

#: How people who sign in want to be reached; `sealed` holds addresses and needs, `digest` is a keyed one of whose it is.
persons = Table(
    "persons",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    instant("changed_at", nullable=False),
)
