"""Tables of the case registry."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from portal.db import CASE_TABLE, case_id, instant, metadata

#: Open to every role: a reference alone says nothing, the secret or a role does.
case_references = Table(
    "case_references",
    metadata,
    Column("reference", Text, primary_key=True),
    case_id(unique=True),
    Column("secret_version", SmallInteger, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("case_id", Uuid, ForeignKey("case_heads.case_id"), primary_key=True),
    Column("reference", Text, nullable=False),
    Column("jurisdiction", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("service", Text),
    Column("service_hash", Text),
    Column("agency", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    Column("language", Text, nullable=False),
    Column("area", Text),
    Column("zone", Text, nullable=False),
    Column("danger", Boolean, nullable=False),
    Column("sealed", Boolean, nullable=False),
    Column("flags", ARRAY(Text), nullable=False),
    #: Where and under which id a machine source sent it: permanent and unique.
    Column("source", Text),
    Column("external_id", Text),
    instant("received_at", nullable=False),
    instant("competent_at"),
    instant("closed_at"),
    UniqueConstraint("origin", "source", "external_id"),
    Index("cases_agency_received_at_ix", "agency", "received_at"),
    info=CASE_TABLE,
)

decisions = Table(
    "decisions",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("official", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("law", Text),
    #: Vault item with the reasons in words.
    Column("reasons", Uuid),
    #: `objection`, `appeal`, `none`; None: nobody said.
    Column("remedy", Text),
    #: The run it was taken in, where that is a part of a life event.
    Column("run_id", Uuid),
    instant("decided_at", nullable=False),
    instant("served_at"),
    #: `email`, `post`, `counter`.
    Column("served_by", Text),
    #: End of the last day of the remedy; runs from the service.
    instant("remedy_until"),
    #: Its remedy lapsed unused.
    instant("final_at"),
    #: The decision of the same case in whose place this one stands.
    Column("supersedes", Uuid),
    #: Hash of the letter's template, and vault items with the letter as it went and with the conditions of a grant.
    Column("template", Text),
    Column("letter", Uuid),
    Column("conditions", Uuid),
    #: What it says in law beside its reasons: texts of definitions as they were that day (portal/cases/decisions.py). No personal data.
    Column("terms", JSONB),
    PrimaryKeyConstraint("case_id", "id"),
    UniqueConstraint("id"),
    info=CASE_TABLE,
)

case_links = Table(
    "case_links",
    metadata,
    case_id(),
    Column("other_id", Uuid, nullable=False),
    #: `objection-to` on the objection, `objected-by` on the case whose decision it is about.
    Column("kind", Text, nullable=False),
    #: The decision it is about.
    Column("decision_id", Uuid),
    #: It came after the last day.
    Column("late", Boolean, nullable=False),
    instant("since", nullable=False),
    #: `upheld`, `amended`, `dismissed`, `withdrawn`; None: still open.
    Column("ended", Text),
    instant("ended_at"),
    PrimaryKeyConstraint("case_id", "other_id", "kind"),
    info=CASE_TABLE,
)

asks = Table(
    "asks",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    #: Who asks: a caseworker for a task, or a step of the journey by itself.
    Column("agency", Text, nullable=False),
    Column("task_id", Uuid),
    Column("step_run_id", Uuid),
    #: Ids of the service's fields that are to be answered; none: any answer in words will do.
    Column("fields", ARRAY(Text), nullable=False),
    #: Vault item with the question in words.
    Column("words", Uuid),
    instant("asked_at", nullable=False),
    #: None: nothing stands still for it.
    instant("reply_by"),
    instant("ended_at"),
    #: `answered`, `lapsed`, `cancelled`.
    Column("ended", Text),
    PrimaryKeyConstraint("case_id", "id"),
    info=CASE_TABLE,
)

duty_calls = Table(
    "duty_calls",
    metadata,
    case_id(),
    Column("id", Uuid, nullable=False),
    Column("agency", Text, nullable=False),
    #: Place in the agency's list of duty persons that was paged last.
    Column("person", SmallInteger, nullable=False),
    Column("pages", SmallInteger, nullable=False),
    instant("paged_at", nullable=False),
    instant("acknowledged_at"),
    Column("acknowledged_by", Text),
    PrimaryKeyConstraint("case_id", "id"),
    info=CASE_TABLE,
)

#: What everybody may see of a case of a public service: no words, no names, no exact point. Open to every role where `listed`.
public_requests = Table(
    "public_requests",
    metadata,
    case_id(primary_key=True),
    Column("reference", Text, nullable=False),
    Column("jurisdiction", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("agency", Text, nullable=False),
    #: Extended status of GeoReport (portal/cases/publication.py).
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    Column("zone", Text, nullable=False),
    Column("listed", Boolean, nullable=False),
    #: A coarse point: two decimals of a degree, about a kilometre.
    Column("lat", Float),
    Column("long", Float),
    #: Vault item with what a caseworker approved for everybody.
    Column("item", Uuid),
    Column("changes", Integer, nullable=False),
    instant("requested_at", nullable=False),
    instant("updated_at", nullable=False),
    instant("expected_at"),
    instant("closed_at"),
    Index("public_requests_reference_ix", "reference", unique=True),
    Index("public_requests_requested_at_ix", "requested_at", "case_id"),
    info=CASE_TABLE,
)

#: Its changes of status, one after the other.
public_changes = Table(
    "public_changes",
    metadata,
    case_id(),
    Column("number", Integer, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("outcome", Text),
    instant("at", nullable=False),
    PrimaryKeyConstraint("case_id", "number"),
    Index("public_changes_at_ix", "at"),
    info=CASE_TABLE,
)
