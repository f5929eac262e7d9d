"""Tables of access: which agency may see a case and why, and tries with a wrong secret."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from portal.db import CASE_TABLE, case_id, instant, metadata

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
