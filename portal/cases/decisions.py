"""Decisions: what they say, when they were served, when nothing can be done against them any more. None is ever edited into another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from portal.cases.tables import decisions
from portal.errors import Conflict, NotFound
from portal.events.chain import stamp
from portal.unit_of_work import Row, Work

#: How a decision reaches its party.
MEANS = ("email", "post", "counter")


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What a decision says beside its outcome. `terms`: texts of definitions as they were that day; the rest are vault items, counts and hashes."""

    #: `all`, `part` or `nothing` of what was asked.
    gives: str | None = None
    remedy: str | None = None
    template: str | None = None
    letter: UUID | None = None
    letter_commitment: str | None = None
    conditions: UUID | None = None
    #: How many conditions there are.
    count: int = 0
    terms: dict[str, Any] | None = None

    @cached_property
    def told(self) -> dict[str, Any]:
        """What the event says of it."""
        return {
            "gives": self.gives,
            "remedy": self.remedy,
            "template": self.template,
            "letter": str(self.letter) if self.letter else None,
            "letter_commitment": self.letter_commitment,
            "conditions": self.count,
        }


#: Of a decision nobody wrote a letter for.
BLANK = Paper()


def add(work: Work, case_id: UUID, id: UUID, paper: Paper, **values: Any) -> Row:
    """The row of a decision; `registry.decide` records it."""
    names = ("remedy", "template", "letter", "conditions", "terms")
    return work.add(decisions, case_id=case_id, id=id, decided_at=work.now, **{name: getattr(paper, name) for name in names}, **values)


def serve(work: Work, row: Row, *, means: str, at: datetime, until: datetime | None, notice: str | None = None, backdated: bool = False) -> None:
    """It reached its party; its remedy runs until the end of its last day. Conflict where it was served before. `DecisionServed`."""
    if row["served_at"] is not None:
        raise Conflict("This decision was served before; the first date holds.")
    work.change(row, served_at=at, served_by=means, remedy_until=until)
    work.record(
        row["case_id"],
        "DecisionServed",
        occurred_at=at,
        agency=row["agency"],
        channel=means,
        decision=str(row["id"]),
        means=means,
        at=stamp(at),
        until=stamp(until) if until else None,
        notice=notice,
        official=work.principal.subject,
        backdated=backdated,
    )


def unserve(work: Work, row: Row, *, notice: str) -> None:
    """What was taken for its service came back: it reached nobody, and its remedy does not run. `DecisionNotServed`."""
    work.change(row, served_at=None, served_by=None, remedy_until=None)
    work.record(row["case_id"], "DecisionNotServed", agency=row["agency"], decision=str(row["id"]), notice=notice)


def revoke(work: Work, row: Row, *, by: UUID, effective_on: date, clock: UUID, standard: str, step: str, law: str | None) -> None:
    """A tacit approval was taken back by the decision `by`; it is to be decided anew at `step`. `DecisionRevoked`."""
    work.record(
        row["case_id"],
        "DecisionRevoked",
        agency=row["agency"],
        step=step,
        decision=str(row["id"]),
        by=str(by),
        clock=str(clock),
        standard=standard,
        law=law,
        effective_on=effective_on.isoformat(),
        official=work.principal.subject,
    )


def lapse(work: Work, row: Row) -> None:
    """Nobody used its remedy: it is final. `RemedyLapsed`."""
    at = row["remedy_until"]
    work.change(row, final_at=at)
    work.record(row["case_id"], "RemedyLapsed", occurred_at=at, agency=row["agency"], decision=str(row["id"]), until=stamp(at))


def of_case(work: Work, case_id: UUID) -> list[Row]:
    """Decisions of a case in hand, oldest first."""
    return sorted(work.rows(decisions, case_id), key=lambda row: (row["decided_at"], row["id"]))


def decision_of(work: Work, case_id: UUID, id: UUID) -> Row:
    """A decision of a case in hand; NotFound where it has none of that id."""
    for row in work.rows(decisions, case_id):
        if row["id"] == id:
            return row
    raise NotFound


def superseded(work: Work, row: Row) -> bool:
    """True where another decision stands in its place."""
    return any(one["supersedes"] == row["id"] for one in work.rows(decisions, row["case_id"]))


def of_case_for_reader(case_id: UUID) -> Select[Any]:
    """Decisions of a case, oldest first; pass it through `access.visible`."""
    return select(decisions).where(decisions.c.case_id == case_id).order_by(decisions.c.decided_at, decisions.c.id)


def one(id: UUID) -> Select[Any]:
    """One decision, for a reader."""
    return select(decisions).where(decisions.c.id == id)


def of_cases(case_ids: Collection[UUID]) -> Select[Any]:
    """Decisions of many cases, oldest first, for a reader."""
    return select(decisions).where(decisions.c.case_id.in_(case_ids)).order_by(decisions.c.decided_at, decisions.c.id)
