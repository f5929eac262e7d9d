"""Tables of access: which agency may see a case and why, tries with a wrong secret, who signed in, and the people an administrator keeps."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from portal.db import CASE_TABLE, case_id, facts, instant, metadata

case_access = Table(
    "case_access",
    metadata,
    case_id(),
    Column("agency_id", Text, nullable=False),
    #: `holder`, `step`, `triage`, `referral`.
    Column("why", Text, nullable=False),
    instant("since", nullable=False),
    PrimaryKeyConstraint("case_id", "agency_id"),
    Index("case_access_agency_id_ix", "agency_id", "case_id"),
    info=CASE_TABLE,
)

case_barred = Table(
    "case_barred",
    metadata,
    case_id(),
    #: Who of the staff may neither see nor touch the case, whatever the agency, as `Principal.subject`.
    Column("subject", Text, nullable=False),
    #: `decided`: took the decision the case is about.
    Column("why", Text, nullable=False),
    instant("since", nullable=False),
    PrimaryKeyConstraint("case_id", "subject"),
    Index("case_barred_subject_ix", "subject", "case_id"),
    info=CASE_TABLE,
)

secret_tries = Table(
    "secret_tries",
    metadata,
    #: Digest of the reference or address the tries came for.
    Column("subject", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    instant("until", nullable=False),
)

#: One row a browser somebody signed in with; it is deleted when the session ends. `portal_stands` looks here when a unit opens.
sessions = Table(
    "sessions",
    metadata,
    #: SHA-256 of the token in the browser's cookie, which stands nowhere else.
    Column("key", LargeBinary, primary_key=True),
    #: Names the session where it is listed and ended; opens nothing.
    Column("id", Uuid, nullable=False),
    #: `Principal.subject`, with the scope and what else was granted when it began.
    Column("subject", Text, nullable=False),
    Column("scope", Text, nullable=False),
    facts("granted"),
    #: Version of the person's row in `people`; empty: it had none.
    Column("person", Text, nullable=False),
    #: Who vouched: a provider's id, or `code`.
    Column("provider", Text, nullable=False),
    #: Digest of issuer and `sid`, for a provider that ends sessions.
    Column("provider_session", Text),
    #: A coarse name of browser and system.
    Column("device", Text, nullable=False),
    #: Name and id_token, under a key only the browser's token gives.
    Column("sealed", LargeBinary, nullable=False),
    instant("since", nullable=False),
    instant("seen_at", nullable=False),
    instant("idle_until", nullable=False),
    instant("until", nullable=False),
    UniqueConstraint("id"),
    Index("sessions_subject_ix", "subject"),
    Index("sessions_provider_session_ix", "provider_session"),
    Index("sessions_until_ix", "until"),
)

#: What an administrator wrote down of a person outweighs what a provider claims.
people = Table(
    "people",
    metadata,
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    #: As colleagues call a member of staff.
    Column("name", Text),
    Column("roles", ARRAY(Text), nullable=False),
    Column("agency", Text),
    Column("teams", ARRAY(Text), nullable=False),
    #: Raised by every change; a session that began under another is over.
    Column("version", Integer, nullable=False),
    instant("since", nullable=False),
    #: From then on the person is nobody here, whatever a provider says.
    instant("until"),
    PrimaryKeyConstraint("issuer", "subject"),
)
