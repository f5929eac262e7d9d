"""Serving a decision: from then on its remedy runs, and not before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from portal.cases import decisions
from portal.cases.decisions import MEANS
from portal.catalogue.definitions import Remedy
from portal.catalogue.publish import rebuilt
from portal.errors import Invalid
from portal.queues import worklist
from portal.standards import clocks
from portal.standards.terms import Term, due
from portal.unit_of_work import Row, Work
from portal.workflow import remedies

#: A service by post or at the counter is written down within so many working days.
BACKDATED = Term(5, "business_days")


def serve(work: Work, row: Row, *, means: str, at: datetime | None = None, notice: str | None = None) -> None:
    """A decision was served, now or `at`. Invalid for a date before the decision, in the future, or more than five working days ago. `DecisionServed`."""
    served_at = at or work.now
    if at is not None:
        _demand(work, row, at)
    remedy = remedy_of(row)
    until = remedies.until(work, remedy, agency=row["agency"], served_at=served_at) if remedy else None
    backdated = remedies.last_day(work, served_at, row["agency"]) < remedies.last_day(work, work.now, row["agency"])
    decisions.serve(work, row, means=means, at=served_at, until=until, notice=notice, backdated=backdated)
    posted(work, row)


def posted(work: Work, row: Row) -> None:
    """Nobody needs to post it any more."""
    task = worklist.of_kind(work, row["case_id"], "letter", str(row["id"]))
    if task is not None:
        worklist.cancel(work, row["case_id"], why="served", only=task["id"])


def by_hand(work: Work, case_id: UUID, id: UUID, *, means: str, at: datetime | None) -> Row:
    """A person says how and when it was served. Invalid for a way that is not a person's."""
    row = decisions.decision_of(work, case_id, id)
    if means not in MEANS or means == "email":
        raise Invalid(errors=[{"pointer": "/means", "detail": "Send `post` or `counter`; mail is served by itself."}])
    serve(work, row, means=means, at=at)
    return row


def last_day(work: Work, row: Row) -> date | None:
    """The last day of its remedy; None where none runs."""
    return remedies.last_day(work, row["remedy_until"], row["agency"]) if row["remedy_until"] else None


def remedy_of(row: Mapping[str, Any]) -> Remedy | None:
    """What can be done against a decision, as it was said when it was taken; None where nobody said."""
    said = (row["terms"] or {}).get("remedy")
    return rebuilt(Remedy, said) if said else None


def _demand(work: Work, row: Row, at: datetime) -> None:
    name = work.catalogue.agencies[row["agency"]].calendars[0].id
    hours = clocks.calendar(work, work.catalogue.hashes["calendar", f"{row['agency']}/{name}"])
    wrong = None
    if at > work.now:
        wrong = "This lies in the future: write it down once it has happened."
    elif at < row["decided_at"]:
        wrong = "This is before the decision was taken."
    elif due(BACKDATED, hours, at) < work.now:
        wrong = "This is more than five working days ago. Serve it again, and write down that day."
    if wrong:
        raise Invalid(errors=[{"pointer": "/at", "detail": wrong}])
