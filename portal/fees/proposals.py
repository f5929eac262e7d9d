"""A second person: what one official proposes another one of the agency confirms, refuses, or lets expire. Never the same person; the database says so too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, select

from portal.db import new_id
from portal.errors import Conflict, IllegalMove, NotAllowed, NotFound
from portal.events.chain import stamp
from portal.fees import ledger
from portal.fees.tables import fee_proposals
from portal.unit_of_work import Row, Work

#: How long a proposal waits for its second person.
PATIENCE = timedelta(days=7)


class SamePerson(NotAllowed):
    """You proposed this yourself; a colleague of your agency has to confirm or refuse it."""

    slug = "same-person"


def propose(work: Work, fee: Row, *, kind: Literal["waiver", "refund"], amount: int, law: str, words: UUID, official: str) -> Row:
    """One proposal at a time for a fee. `FeeProposed`."""
    if any(row["fee_id"] == fee["id"] and row["status"] == "open" for row in work.rows(fee_proposals, fee["case_id"])):
        raise Conflict("A proposal for this fee waits for its second person already.")
    row = work.add(
        fee_proposals,
        case_id=fee["case_id"],
        id=new_id(),
        fee_id=fee["id"],
        agency=fee["agency"],
        kind=kind,
        amount=amount,
        law=law,
        words=words,
        status="open",
        proposed_by=official,
        proposed_at=work.now,
        expires_at=work.now + PATIENCE,
    )
    told: dict[str, Any] = {
        "kind": kind,
        "amount": amount,
        "currency": fee["currency"],
        "law": law,
        "official": official,
        "expires_at": stamp(row["expires_at"]),
    }
    work.record(fee["case_id"], "FeeProposed", agency=fee["agency"], proposal=str(row["id"]), fee=str(fee["id"]), words=str(words), **told)
    return row


def confirm(work: Work, row: Row, *, official: str) -> None:
    """A second person confirms: it takes effect at once. `FeeProposalEnded`, and what follows from it."""
    _open(row)
    if official == row["proposed_by"]:
        raise SamePerson
    fee = ledger.fee_of(work, row["case_id"], row["fee_id"])
    _end(work, row, "confirmed", official)
    more: dict[str, Any] = {"words": row["words"], "official": row["proposed_by"], "proposal": row["id"], "second": official}
    if row["kind"] == "waiver":
        ledger.waive(work, fee, law=row["law"], **more)
    else:
        ledger.refund(work, fee, amount=row["amount"], why=row["law"], **more)


def refuse(work: Work, row: Row, *, official: str) -> None:
    """A second person refuses; who proposed it may take it back in the same way. `FeeProposalEnded`."""
    _open(row)
    _end(work, row, "refused", official)


def expire(work: Work, row: Row) -> None:
    """Nobody looked at it in time. `FeeProposalEnded`."""
    if row["status"] == "open":
        _end(work, row, "expired", None)


def moot(work: Work, fee: Row) -> None:
    """What it was about has changed: it waits for nobody any more. `FeeProposalEnded`."""
    for row in work.rows(fee_proposals, fee["case_id"]):
        if row["fee_id"] == fee["id"]:
            expire(work, row)


def _end(work: Work, row: Row, status: str, official: str | None) -> None:
    work.change(row, status=status, decided_by=official, decided_at=work.now)
    work.record(
        row["case_id"],
        "FeeProposalEnded",
        agency=row["agency"],
        proposal=str(row["id"]),
        fee=str(row["fee_id"]),
        status=status,
        official=official,
        kind=row["kind"],
    )


def _open(row: Row) -> None:
    if row["status"] != "open":
        raise IllegalMove(f"This proposal is {row['status']} already.")


def proposal_of(work: Work, case_id: UUID, id: UUID) -> Row:
    """A proposal of a case in hand; NotFound where there is none."""
    for row in work.rows(fee_proposals, case_id):
        if row["id"] == id:
            return row
    raise NotFound("There is no proposal of that number.")


def one(id: UUID) -> Select[Any]:
    """A proposal by its id, for a reader."""
    return select(fee_proposals).where(fee_proposals.c.id == id)


def of(case_id: UUID) -> Select[Any]:
    """Proposals of a case, oldest first, for a reader."""
    return select(fee_proposals).where(fee_proposals.c.case_id == case_id).order_by(fee_proposals.c.proposed_at, fee_proposals.c.id)


def waiting(agencies: tuple[str, ...], limit: int) -> Select[Any]:
    """Proposals of these agencies that wait for a second person, for a reader."""
    found = select(fee_proposals).where(fee_proposals.c.status == "open", fee_proposals.c.agency.in_(agencies))
    return found.order_by(fee_proposals.c.proposed_at, fee_proposals.c.id).limit(limit)
