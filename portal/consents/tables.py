"""Table of consents: each an object of the matter it lets something into. Values are in the vault."""

from __future__ import annotations

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from portal.db import CASE_TABLE, case_id, instant, metadata

consents = Table(
    "consents",
    metadata,
    #: The matter that receives, or whose office may look.
    case_id(),
    Column("id", Uuid, nullable=False),
    #: `reuse`: answers came from another matter; `look`: its agency may look at the party's other matters; `entry`: an official enters it for its party.
    Column("kind", Text, nullable=False),
    #: The matter the answers came from; of a `look` the case itself.
    Column("other_id", Uuid, nullable=False),
    Column("from_agency", Text),
    Column("from_service", Text),
    Column("to_agency", Text, nullable=False),
    Column("to_service", Text),
    #: Fields of the receiving service, and the facts they are, in the same order.
    Column("fields", ARRAY(Text), nullable=False),
    Column("facts", ARRAY(Text), nullable=False),
    #: Vault item with the values by field.
    Column("item", Uuid),
    #: Of an `entry`: `spoken` or `signed`.
    Column("how", Text),
    instant("given_at", nullable=False),
    instant("until", nullable=False),
    instant("withdrawn_at"),
    PrimaryKeyConstraint("case_id", "id"),
    Index("consents_other_id_ix", "other_id"),
    info=CASE_TABLE,
)
