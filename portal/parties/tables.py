"""Tables of parties: who stands on a case in which role, how they may be reached, what they need."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, SmallInteger, Table, Text, Uuid

from portal.db import CASE_TABLE, case_id, instant, metadata

case_parties = Table(
    "case_parties",
    metadata,
    case_id(),
    Column("party_id", Uuid, nullable=False),
    #: `applicant`, `guardian`, `representative`, `affected`, `payer`.
    Column("role", Text, nullable=False),
    #: What a representative may do, `read`, `act` or `all`; None: it stands there for itself.
    Column("scope", Text),
    #: Pseudonym of the person who signed in, `issuer|sub`; None: known by the case secret alone.
    Column("subject", Text),
    Column("language", Text, nullable=False),
    #: Channel a notice goes out on; None: the party looks it up with reference and secret.
    Column("channel", Text),
    #: Vault item with the contact details.
    Column("contact", Uuid),
    instant("since", nullable=False),
    instant("until"),
    PrimaryKeyConstraint("case_id", "party_id", "role"),
    Index("case_parties_subject_ix", "subject", "case_id"),
    info=CASE_TABLE,
)

#: Somebody may stand on the case for its party: offered with a code, taken by who signs in and brings it.
mandates = Table(
    "mandates",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    #: `read`, `act`, `all`, as in `case_parties`.
    Column("scope", Text, nullable=False),
    #: SHA-256 of the code.
    Column("code_hash", LargeBinary, nullable=False),
    #: The party it became when it was taken.
    Column("party_id", Uuid),
    instant("given_at", nullable=False),
    instant("until", nullable=False),
    instant("accepted_at"),
    instant("ended_at"),
    PrimaryKeyConstraint("case_id", "id"),
    info=CASE_TABLE,
)

#: Addresses that want no messages of a channel any more; a keyed digest, so that nobody reads addresses here.
silenced = Table(
    "silenced",
    metadata,
    Column("channel", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    instant("since", nullable=False),
    PrimaryKeyConstraint("channel", "digest"),
)

#: When somebody was answered by itself, by a keyed digest of the address; a day old they go.
courtesies = Table(
    "courtesies",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    instant("at", nullable=False),
    Index("courtesies_digest_ix", "digest", "at"),
)

party_needs = Table(
    "party_needs",
    metadata,
    case_id(),
    Column("party_id", Uuid, nullable=False),
    #: One of `NEEDS` (portal/parties/ways.py).
    Column("need", Text, nullable=False),
    Column("detail", Text),
    instant("since"),
    #: They need it no more.
    instant("until"),
    PrimaryKeyConstraint("case_id", "party_id", "need"),
    info=CASE_TABLE,
)

#: By which channels somebody is reached: those they chose have a rank, the others stand here for what became of their address.
party_ways = Table(
    "party_ways",
    metadata,
    case_id(),
    Column("party_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("rank", SmallInteger),
    #: `open`, `failed` (the address leads nowhere), `stopped` (silence was asked for there).
    Column("state", Text, nullable=False),
    #: Why it failed, as the far side says.
    Column("code", Text),
    instant("changed_at", nullable=False),
    PrimaryKeyConstraint("case_id", "party_id", "channel"),
    info=CASE_TABLE,
)
