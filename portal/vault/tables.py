"""Table of personal data: the only place of names, contacts, answers, free words and addresses."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from portal.db import CASE_TABLE, case_id, instant, metadata

vault_items = Table(
    "vault_items",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    Column("party_id", Uuid),
    #: `contact`, `answers`, `words`, `location`, `message`, `note`, `reasons`, `letter`, `mail`,
    #: `media` (an address of a picture), `published` (approved for everybody).
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
