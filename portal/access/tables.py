"""Tables of access: which agency may see a case and why, to whom it is closed or sealed, who looked at it, tries with a wrong secret, who signed in,
and the people an administrator keeps."""

from __future__ import annotations

from sqlalchemy import Column, Date, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text, UniqueConstraint, Uuid, text
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

#: Services of the parts of a life event: who answers for one of them sees the case, beside who answers for its own.
case_services = Table(
    "case_services",
    metadata,
    case_id(),
    Column("service", Text, nullable=False),
    instant("since", nullable=False),
    PrimaryKeyConstraint("case_id", "service"),
    Index("case_services_service_ix", "service", "case_id"),
    info=CASE_TABLE,
)

#: A sealed case is there for the people named on it and for no others of the staff. `until` null: sealed now.
case_seals = Table(
    "case_seals",
    metadata,
    case_id(primary_key=True),
    #: Why it was sealed last: `protection`, `colleague`, `complaint`, `other`; the words are a vault item.
    Column("ground", Text, nullable=False),
    Column("words", Uuid, nullable=False),
    Column("sealed_by", Text, nullable=False),
    instant("since", nullable=False),
    instant("until"),
    Index("case_seals_open_ix", "case_id", postgresql_where=text("until IS NULL")),
    info=CASE_TABLE,
)

case_named = Table(
    "case_named",
    metadata,
    case_id(),
    #: As `Principal.subject`.
    Column("subject", Text, nullable=False),
    #: Vault item with the address at which that person is told what concerns the case.
    Column("contact", Uuid),
    instant("since", nullable=False),
    instant("until"),
    PrimaryKeyConstraint("case_id", "subject"),
    Index("case_named_subject_ix", "subject", "case_id"),
    info=CASE_TABLE,
)

#: An administrator broke the glass of a case: sees it until then, says why, and its champion sees that.
case_glasses = Table(
    "case_glasses",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    #: Of the case, then: by it its champion sees this.
    Column("service", Text),
    #: Vault item with the reason.
    Column("words", Uuid, nullable=False),
    instant("since", nullable=False),
    instant("until", nullable=False),
    PrimaryKeyConstraint("case_id", "id"),
    Index("case_glasses_subject_ix", "subject", "until"),
    info=CASE_TABLE,
)

#: Somebody who handles a matter sees where other matters of the same person stand: a row for each of them, and one for the matter it is for.
case_looks = Table(
    "case_looks",
    metadata,
    case_id(),
    Column("look", Uuid, nullable=False),
    #: The matter somebody handles.
    Column("by_case", Uuid, nullable=False),
    #: As `Principal.subject`; who looks.
    Column("subject", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("agency", Text),
    #: Among portal/catalogue/purposes.py; the words that say more are a vault item of the matter it is for.
    Column("purpose", Text, nullable=False),
    Column("words", Uuid),
    #: `consent`, and which; or `law`, and which article.
    Column("ground", Text, nullable=False),
    Column("consent", Uuid),
    Column("law", Text),
    instant("since", nullable=False),
    instant("until", nullable=False),
    PrimaryKeyConstraint("case_id", "look"),
    Index("case_looks_subject_ix", "subject", "until"),
    Index("case_looks_look_ix", "look"),
    info=CASE_TABLE,
)

#: Who of the staff looked at a case: a row a person, case, day and purpose. Its party sees them.
case_reads = Table(
    "case_reads",
    metadata,
    case_id(),
    #: UTC.
    Column("day", Date, nullable=False),
    Column("subject", Text, nullable=False),
    #: Action of the permission table it was for.
    Column("action", Text, nullable=False),
    #: `caseworker`, `champion`, `administrator`, ...
    Column("role", Text, nullable=False),
    Column("agency", Text),
    #: Why it could be seen: as in `case_access`, or `named`, `champion`, `break-glass`.
    Column("why", Text, nullable=False),
    instant("first_at", nullable=False),
    Column("id", Uuid, nullable=False),
    PrimaryKeyConstraint("case_id", "day", "subject", "action"),
    info=CASE_TABLE,
)

secret_tries = Table(
    "secret_tries",
    metadata,
    #: Digest of the reference, or of it and who sent the tries (cases/secret.py).
    Column("subject", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    instant("until", nullable=False),
    Index("secret_tries_until_ix", "until"),
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
    #: Of a champion: the services it answers for.
    Column("services", ARRAY(Text), nullable=False, server_default="{}"),
    #: Raised by every change; a session that began under another is over.
    Column("version", Integer, nullable=False),
    instant("since", nullable=False),
    #: From then on the person is nobody here, whatever a provider says.
    instant("until"),
    PrimaryKeyConstraint("issuer", "subject"),
)

#: Codes that were sent to prove an e-mail address or a telephone number. Neither stands here: `subject` is made of a blind index of it.
proofs = Table(
    "proofs",
    metadata,
    #: Of the stream its message leaves by.
    Column("id", Uuid, primary_key=True),
    #: As whom the right code signs in.
    Column("subject", Text, nullable=False),
    #: Digest of what the browser holds that asked for it: a code read elsewhere is no use elsewhere.
    Column("browser", LargeBinary, nullable=False),
    #: HMAC of the code.
    Column("code", LargeBinary, nullable=False),
    #: Codes that were tried; a right one is the last.
    Column("tries", Integer, nullable=False),
    instant("asked_at", nullable=False),
    instant("until", nullable=False),
    Index("proofs_subject_ix", "subject", "asked_at"),
    Index("proofs_asked_at_ix", "asked_at"),
)
