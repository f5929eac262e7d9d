"""Consents: given with what they are about, listed for their party, taken back. They are never changed otherwise, and never deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from portal.consents.tables import consents
from portal.db import new_id
from portal.errors import Conflict, Invalid, NotFound
from portal.unit_of_work import Row, Work

REUSE, LOOK, ENTRY = "reuse", "look", "entry"
#: How long one holds where nothing is said, and the longest it is given for.
USUAL, LONGEST = timedelta(days=180), timedelta(days=2 * 366)
#: Consents a case holds at most, those that ended too.
MOST = 50


class NobodyKnown(Conflict):
    """Sign in and keep this request among your own first: nobody knows which your other requests are."""

    slug = "nobody-known"


def until(now: datetime, wanted: datetime | None, *, pointer: str = "/until") -> datetime:
    """Until when a consent given now holds; Invalid for an instant that has passed, or is too far away."""
    if wanted is None:
        return now + USUAL
    if not now < wanted <= now + LONGEST:
        raise Invalid(errors=[{"pointer": pointer, "detail": "Name an instant to come, at most two years from now."}])
    return wanted


def reuse(
    work: Work,
    case_id: UUID,
    *,
    other_id: UUID,
    said_to: tuple[str, str | None],
    goes_to: tuple[str, str],
    facts: Mapping[str, str],
    item: UUID,
    commitment: str,
    until: datetime,
) -> Row:
    """Answers come from another matter, both in hand. `said_to`, `goes_to`: agency and service; `facts`: field -> fact; `item`: the values in the vault.

    `ConsentGiven` on the case, `AnswersShared` on the other one.
    """
    row = _give(
        work,
        case_id,
        kind=REUSE,
        other_id=other_id,
        from_agency=said_to[0],
        from_service=said_to[1],
        to_agency=goes_to[0],
        to_service=goes_to[1],
        fields=list(facts),
        facts=list(facts.values()),
        item=item,
        until=until,
        commitment=commitment,
    )
    work.record(other_id, "AnswersShared", consent=str(row["id"]), facts=list(facts.values()))
    return row


def let_look(work: Work, case_id: UUID, *, agency: str, service: str | None, until: datetime) -> Row:
    """The agency that handles the case in hand may look at its party's other matters. Conflict where there are too many. `ConsentGiven`."""
    if len(work.rows(consents, case_id)) >= MOST:
        raise Conflict("There were too many consents on this request. Ask at the counter.")
    said = {"from_agency": None, "from_service": None, "to_agency": agency, "to_service": service}
    return _give(work, case_id, kind=LOOK, other_id=case_id, **said, fields=[], facts=[], item=None, until=until, commitment=None)


def entered(work: Work, case_id: UUID, *, agency: str, service: str | None, how: str) -> Row:
    """An official of the agency enters the matter in hand for its party, who agreed to that, `spoken` or `signed`. `ConsentGiven`, by that official."""
    said = {"from_agency": None, "from_service": None, "to_agency": agency, "to_service": service}
    until = work.now + USUAL
    return _give(work, case_id, kind=ENTRY, other_id=case_id, **said, fields=[], facts=[], item=None, until=until, commitment=None, how=how)


def of_entry(work: Work, case_id: UUID) -> Row | None:
    """The consent by which an official enters the matter in hand, the latest; None where nobody does."""
    found = [row for row in work.rows(consents, case_id) if row["kind"] == ENTRY and state(row, work.now) == "given"]
    return max(found, key=lambda row: row["given_at"], default=None)


def _give(work: Work, case_id: UUID, *, commitment: str | None, how: str | None = None, **said: Any) -> Row:
    row = work.add(consents, case_id=case_id, id=new_id(), how=how, given_at=work.now, withdrawn_at=None, **said)
    told = {name: row[name] for name in ("kind", "from_agency", "from_service", "to_agency", "to_service", "fields", "facts")}
    item = str(row["item"]) if row["item"] else None
    work.record(
        case_id,
        "ConsentGiven",
        agency=row["to_agency"],
        consent=str(row["id"]),
        other=str(row["other_id"]),
        item=item,
        commitment=commitment,
        until=row["until"].isoformat(),
        how=how,
        **told,
    )
    return row


def withdraw(work: Work, case_id: UUID, id: UUID) -> Row:
    """The party takes a consent of the case in hand back; nothing follows from it any more. Again changes nothing. `ConsentWithdrawn`."""
    row = next((row for row in work.rows(consents, case_id) if row["id"] == id), None)
    if row is None:
        raise NotFound
    if row["withdrawn_at"] is None:
        work.change(row, withdrawn_at=work.now)
        work.record(case_id, "ConsentWithdrawn", agency=row["to_agency"], consent=str(id), kind=row["kind"])
    return row


def standing(work: Work, case_id: UUID, agency: str) -> Row | None:
    """A consent by which that agency may look at the other matters of the party of a case in hand, the one that lasts longest."""
    found = [row for row in work.rows(consents, case_id) if row["kind"] == LOOK and row["to_agency"] == agency and state(row, work.now) == "given"]
    return max(found, key=lambda row: row["until"], default=None)


def of_cases(case_ids: Collection[UUID]) -> Select[Any]:
    """Consents of these cases, and those by which answers left them, the newest first; pass it through `access.visible`."""
    mine = or_(consents.c.case_id.in_(case_ids), consents.c.other_id.in_(case_ids))
    return select(consents).where(mine).order_by(consents.c.given_at.desc(), consents.c.id.desc())


def state(row: Any, now: datetime) -> str:
    """`given`, `withdrawn`, `lapsed`."""
    if row["withdrawn_at"] is not None:
        return "withdrawn"
    return "given" if row["until"] > now else "lapsed"
