"""Cases that belong together: an objection, and the case whose decision it is about. Each side has its row; both are written together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from portal.cases.tables import case_links
from portal.events.chain import stamp
from portal.unit_of_work import Row, Work

TO, BY = "objection-to", "objected-by"


def object_to(work: Work, decision: Row, objection: UUID, *, late: bool) -> None:
    """A party objects to a decision; both cases are in hand. `ObjectionReceived` on the case, `CaseLinked` on the objection."""
    case_id, id = decision["case_id"], decision["id"]
    said = {"decision_id": id, "late": late, "since": work.now}
    work.add(case_links, case_id=case_id, other_id=objection, kind=BY, **said)
    work.add(case_links, case_id=objection, other_id=case_id, kind=TO, **said)
    until = stamp(decision["remedy_until"]) if decision["remedy_until"] else None
    work.record(case_id, "ObjectionReceived", agency=decision["agency"], decision=str(id), objection=str(objection), late=late, until=until)
    work.record(objection, "CaseLinked", agency=decision["agency"], kind=TO, other=str(case_id), decision=str(id), late=late)


def end(work: Work, link: Row, *, outcome: str, in_place: UUID | None = None) -> None:
    """The objection was decided or taken back; both cases are in hand. `in_place`: the decision that now stands. `ObjectionEnded` on the case."""
    objection, case_id = link["case_id"], link["other_id"]
    other = next(row for row in work.rows(case_links, case_id) if (row["other_id"], row["kind"]) == (objection, BY))
    for row in (link, other):
        work.change(row, ended=outcome, ended_at=work.now)
    work.record(
        case_id,
        "ObjectionEnded",
        decision=str(link["decision_id"]),
        objection=str(objection),
        outcome=outcome,
        in_place=str(in_place) if in_place else None,
    )


def about(work: Work, case_id: UUID) -> Row | None:
    """Of an objection in hand, its link to the case it is about; None for a case that is no objection."""
    return next((row for row in work.rows(case_links, case_id) if row["kind"] == TO), None)


def objections(work: Work, case_id: UUID, decision: UUID) -> list[Row]:
    """Objections to a decision of a case in hand."""
    return [row for row in work.rows(case_links, case_id) if row["kind"] == BY and row["decision_id"] == decision]


def statement(case_id: UUID) -> Select[Any]:
    """What belongs to a case, oldest first, for a reader; pass it through `access.visible`."""
    return select(case_links).where(case_links.c.case_id == case_id).order_by(case_links.c.since)
