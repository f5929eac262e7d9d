"""The case registry: the only writer of cases, their references and decisions. Each change is also an event."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import ColumnElement

from portal.cases import asks, secret
from portal.cases import reference as references
from portal.cases.decisions import BLANK, Paper, add, decision_of
from portal.cases.moves import ENDED, moved
from portal.cases.tables import case_references, cases
from portal.db import new_id
from portal.errors import NotFound
from portal.events.chain import stamp
from portal.unit_of_work import Row, Work


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What a case starts with. `service` None: nobody knows yet whose it is. Instants are aware."""

    case_id: UUID
    service: str | None
    service_hash: str | None
    agency: str
    channel: str
    language: str
    zone: str
    received_at: datetime
    jurisdiction: str
    origin: str
    party: UUID
    answers: UUID | None = None
    commitment: str | None = None
    area: str | None = None
    danger: bool = False
    source: str | None = None
    external_id: str | None = None
    flags: tuple[str, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)


def open_case(work: Work, new: Opening) -> Row:
    """Head, case and reference, and `CaseOpened`. The case is the unit's own until it commits."""
    work.begin_case(new.case_id, jurisdiction=new.jurisdiction, origin=new.origin)
    reference = references.new()
    work.add(case_references, reference=reference, case_id=new.case_id, secret_version=secret.PRESENT_VERSION)
    row = work.add(
        cases,
        case_id=new.case_id,
        reference=reference,
        jurisdiction=new.jurisdiction,
        origin=new.origin,
        service=new.service,
        service_hash=new.service_hash,
        agency=new.agency,
        channel=new.channel,
        status="received",
        language=new.language,
        area=new.area,
        zone=new.zone,
        danger=new.danger,
        sealed=False,
        flags=list(new.flags),
        source=new.source,
        external_id=new.external_id,
        received_at=new.received_at,
        competent_at=new.received_at if new.service else None,
    )
    work.record(
        new.case_id,
        "CaseOpened",
        occurred_at=new.received_at,
        agency=new.agency,
        channel=new.channel,
        reference=reference,
        service=new.service,
        service_hash=new.service_hash,
        received_at=stamp(new.received_at),
        zone=new.zone,
        area=new.area,
        language=new.language,
        danger=new.danger,
        flags=list(new.flags),
        source=new.source,
        external_id=new.external_id,
        answers=str(new.answers) if new.answers else None,
        commitment=new.commitment,
        party=str(new.party),
        **new.data,
    )
    return row


def name(work: Work, id: UUID) -> str:
    """A reference for a stream that is no case yet, a saved draft: one alphabet, one secret, one lock for all that people read out."""
    reference = references.new()
    work.add(case_references, reference=reference, case_id=id, secret_version=secret.PRESENT_VERSION)
    return reference


def case_of(work: Work, case_id: UUID) -> Row:
    """The row of a case in hand; NotFound where there is none."""
    rows = work.rows(cases, case_id)
    if not rows:
        raise NotFound
    return rows[0]


def is_case(work: Work, case_id: UUID) -> bool:
    """False for a stream of its own that is in hand: a cash day, or what strayed."""
    return bool(work.rows(cases, case_id))


def load(work: Work, case_ids: Collection[UUID]) -> None:
    """Reads many cases in hand at once."""
    work.load(cases, case_ids)


def begin(work: Work, case_id: UUID) -> None:
    """Work on the case has begun. No event of its own: the journey's first step says so."""
    row = case_of(work, case_id)
    if row["status"] != "in-progress":
        work.change(row, status=moved("begin", row["status"]))


def route(work: Work, case_id: UUID, *, service: str, service_hash: str, agency: str, why: str) -> None:
    """The case found its service; receipt time and answers stay. `CaseRouted`."""
    row = case_of(work, case_id)
    asks.over(work, row)
    before = row["service"]
    work.change(row, status=moved("route", row["status"]), service=service, service_hash=service_hash, agency=agency, competent_at=work.now)
    work.record(case_id, "CaseRouted", agency=agency, channel=row["channel"], service=service, service_hash=service_hash, from_service=before, why=why)


def mark_sealed(work: Work, case_id: UUID, sealed: bool) -> None:
    """Shows those who still see the case that it is sealed. The seal's own event has told."""
    row = case_of(work, case_id)
    if row["sealed"] != sealed:
        work.change(row, sealed=sealed)


def follow(work: Work, case_id: UUID, service_hash: str) -> None:
    """From here on the case goes by that version of its service. The move that brings it there is told of its run."""
    work.change(case_of(work, case_id), service_hash=service_hash)


def refer(work: Work, case_id: UUID, *, to_agency: str, to_service: str | None, words: UUID | None) -> None:
    """The case is passed on to another door, with answers and receipt time. `CaseReferred`."""
    row = case_of(work, case_id)
    asks.over(work, row)
    from_agency, from_service = row["agency"], row["service"]
    work.change(row, status=moved("refer", row["status"]), service=None, service_hash=None, agency=to_agency, competent_at=None)
    work.record(
        case_id,
        "CaseReferred",
        agency=to_agency,
        to_agency=to_agency,
        to_service=to_service,
        from_agency=from_agency,
        from_service=from_service,
        words=str(words) if words else None,
    )


def decide(
    work: Work,
    case_id: UUID,
    *,
    outcome: str,
    official: str,
    agency: str,
    law: str | None,
    reasons: UUID | None,
    commitment: str | None,
    paper: Paper = BLANK,
    supersedes: UUID | None = None,
    part: UUID | None = None,
) -> UUID:
    """There is a decision; its id. One that `supersedes` another of the case leaves it as it stands, and the case as closed as it is.

    `part`: the run of the part of a life event it is about; the case goes on with its other parts. `CaseDecided`.
    """
    row, id = case_of(work, case_id), new_id()
    if supersedes is not None:
        part = decision_of(work, case_id, supersedes)["run_id"]
    if part is None:
        asks.over(work, row)
        if supersedes is None or row["status"] not in ENDED:
            work.change(row, status=moved("decide", row["status"]))
        work.change(row, outcome=outcome)
    add(work, case_id, id, paper, outcome=outcome, official=official, agency=agency, law=law, reasons=reasons, supersedes=supersedes, run_id=part)
    said = {"law": law, "reasons": str(reasons) if reasons else None, "commitment": commitment, **paper.told}
    work.record(
        case_id,
        "CaseDecided",
        agency=agency,
        decision=str(id),
        outcome=outcome,
        official=official,
        supersedes=str(supersedes) if supersedes else None,
        part=str(part) if part else None,
        **said,
    )
    return id


def close(work: Work, case_id: UUID, *, outcome: str, at: datetime | None = None, flags: tuple[str, ...] = ()) -> None:
    """The case ended. `at`: when, where a log says so (it may lie before the receipt: flagged, kept). `CaseClosed`."""
    row = case_of(work, case_id)
    asks.over(work, row)
    at = at or work.now
    work.change(row, status=moved("close", row["status"]), outcome=row["outcome"] or outcome, closed_at=at, flags=[*row["flags"], *flags])
    work.record(
        case_id, "CaseClosed", occurred_at=at, agency=row["agency"], channel=row["channel"], outcome=row["outcome"], status="closed", flags=list(row["flags"])
    )


def withdraw(work: Work, case_id: UUID, *, words: UUID | None) -> None:
    """The party took the request back. `CaseWithdrawn`."""
    row = case_of(work, case_id)
    asks.over(work, row)
    work.change(row, status=moved("withdraw", row["status"]), outcome="withdrawn", closed_at=work.now)
    work.record(case_id, "CaseWithdrawn", agency=row["agency"], channel=row["channel"], words=str(words) if words else None)


def withdraw_part(work: Work, case_id: UUID, *, run: Row, step_run: Row, words: UUID | None) -> None:
    """The party took one part of a life event back; the rest goes on. `PartWithdrawn`."""
    told: dict[str, Any] = {"run": str(run["id"]), "step_run": str(step_run["id"]), "service": run["service"], "words": str(words) if words else None}
    work.record(case_id, "PartWithdrawn", agency=step_run["agency"], channel=case_of(work, case_id)["channel"], step=step_run["step"], **told)


def one(case_id: UUID) -> Select[Any]:
    """The case, for a reader; pass it through `access.visible`."""
    return select(cases).where(cases.c.case_id == case_id)


def some(case_ids: Collection[UUID]) -> Select[Any]:
    """The rows of many cases, for a reader."""
    return select(cases).where(_among(case_ids))


def references_of(case_ids: Collection[UUID]) -> Select[Any]:
    """Reference, service and status of many cases, for a reader."""
    return select(cases.c.case_id, cases.c.reference, cases.c.service, cases.c.status).where(_among(case_ids))


def _among(case_ids: Collection[UUID]) -> ColumnElement[bool]:
    """One value, however many they are: with a value each the statement is another one for each number of them, compiled and planned anew."""
    return cases.c.case_id == any_(literal(list(case_ids), ARRAY(Uuid)))


def renew_secret(work: Work, case_id: UUID, *, how: str, words: UUID) -> str:
    """A secret for a case in hand in place of one that was lost, which opens nothing any more. `how`: what showed who asks. `SecretRenewed`."""
    row = work.rows(case_references, case_id)[0]
    version = row["secret_version"] + 1
    work.change(row, secret_version=version)
    work.record(case_id, "SecretRenewed", agency=case_of(work, case_id)["agency"], how=how, official=work.principal.subject, words=str(words))
    return secret.derive(work.portal.settings.secret_key.get_secret_value(), case_id, version)


def secret_of(work: Work, case_id: UUID) -> str:
    """The present secret of a case in hand."""
    row = work.rows(case_references, case_id)[0]
    return secret.derive(work.portal.settings.secret_key.get_secret_value(), case_id, row["secret_version"])


def secret_versions(work: Work, ids: Collection[UUID]) -> dict[UUID, int]:
    """Version of the present secret of each of these that is there."""
    return dict(work.sql("SELECT case_id, secret_version FROM case_references WHERE case_id = ANY(%s)", (list(ids),))) if ids else {}


def find(work: Work, reference: str) -> tuple[UUID, int]:
    """Case id and version of the secret behind a reference in standard form; NotFound where there is none."""
    found = work.sql("SELECT case_id, secret_version FROM case_references WHERE reference = %s", (reference,))
    if not found:
        raise NotFound
    return found[0][0], found[0][1]
