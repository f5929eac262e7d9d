"""What who answers for promises watches: those missed and still owed, those in danger, calls nobody has answered, handovers that wait for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from portal.access.scoping import visible
from portal.cases import duty, registry
from portal.kpi import chance
from portal.queues import reading
from portal.referrals import offers
from portal.standards import clocks
from portal.unit_of_work import Work
from portal.views import breaches, deliveries

#: Promises looked at for the numbers; a longer list is "so many or more".
MOST = 500
#: A promise due within that time is near.
NEAR = timedelta(days=3)
#: Handovers, calls and offers that are listed.
LISTED = 50
#: The parts of a promise by which one goes deeper, the widest first.
BY = ("agency", "service", "standard")


def missed(work: Work, chosen: Mapping[str, str]) -> dict[str, Any]:
    """`rows` of what is chosen, and beside each part that is not chosen yet how many it has: agency, then service, then standard."""
    rows = breaches.breaches(work, limit=MOST, after=None)
    mine = [row for row in rows if _fits(row, chosen)]
    deeper = next((part for part in BY if part not in chosen), None)
    counts = Counter(row[deeper] or "" for row in mine) if deeper else Counter[str]()
    return {"rows": mine, "by": deeper, "counts": counts.most_common(), "all": len(rows), "more": len(rows) == MOST}


def near(work: Work, chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    """Promises that run out soon, the soonest first, each with the chance that it will be missed, where a model knows it."""
    rows = work.run(visible(work, clocks.near(held=reading.held, until=work.now + NEAR, now=work.now, limit=MOST)))
    cases = {case["case_id"]: case for case in work.run(visible(work, registry.some({row["case_id"] for row in rows})))} if rows else {}
    told = [_near(work, row, cases[row["case_id"]], work.now) for row in rows if row["case_id"] in cases]
    return [row for row in told if _fits(row, chosen)]


def _fits(row: Mapping[str, Any], chosen: Mapping[str, str]) -> bool:
    return all((row[part] or "") == value for part, value in chosen.items())


def _near(work: Work, row: Mapping[str, Any], case: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    known = chance.told(work, {**case, "due_at": row["due_at"]}, now) if row["covers"] == "case" else None
    told = {name: row[name] for name in ("standard", "agency", "due_at", "status", "assigned")}
    return told | {"reference": case["reference"], "service": case["service"], "chance": known and known.chance}


def calls(work: Work) -> list[dict[str, Any]]:
    """Calls for danger that nobody has answered, the longest waiting first."""
    rows = work.run(visible(work, duty.unanswered(LISTED)))
    cases = {case["case_id"]: case["reference"] for case in work.run(visible(work, registry.references_of({row["case_id"] for row in rows})))} if rows else {}
    return [row | {"reference": cases[row["case_id"]]} for row in rows if row["case_id"] in cases]


def parked(work: Work) -> list[dict[str, Any]]:
    """Handovers that wait for people."""
    return deliveries.listed(work, state="parked", agency=None, limit=LISTED, after=None)


def disputes(work: Work) -> list[dict[str, Any]]:
    """Requests that doors send each other back and forth."""
    return work.run(visible(work, offers.listed(statuses=("disputed",), limit=LISTED)))
