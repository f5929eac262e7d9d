"""The cases and events behind a figure, for those who may see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, true

from portal.access.scoping import visible
from portal.events import feed
from portal.kpi.facts import CASE
from portal.kpi.measures import Measure
from portal.kpi.populations import POPULATIONS, Condition, Question, members
from portal.kpi.tables import case_facts, step_facts
from portal.unit_of_work import FIGURES, Portal, Principal

#: Events facts are folded from.
TYPES = ("CaseOpened", *CASE)
_SHOWN = ("case_id", "service", "agency", "channel", "status", "received_at", "due_at", "closed_at", "score")


def behind(portal: Portal, who: Principal, measure: Measure, asked: Question, *, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """At most `limit` cases the figure is taken over, by id after `after`: what is counted of each, `counts` where it counts as kept, and its `events`.

    For staff: cases their agency holds or had a step in, and may see; what else is behind the figure is left out.
    """
    found: list[dict[str, Any]] = []
    while True:
        facts = _page(portal, who, measure, asked, after, limit)
        told = _events(portal, who, [row["case_id"] for row in facts])
        found += [{**row, "reference": _reference(told[row["case_id"]]), "events": told[row["case_id"]]} for row in facts if row["case_id"] in told]
        if len(facts) < limit or len(found) >= limit:
            return found[:limit]
        after = facts[-1]["case_id"]


def _page(portal: Portal, who: Principal, measure: Measure, asked: Question, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    kept = POPULATIONS[measure.kept or measure.of](asked).label("counts")
    statement = select(*(case_facts.c[name] for name in _SHOWN), kept).where(members(measure, asked), _concerns(who))
    if after:
        statement = statement.where(case_facts.c.case_id > after)
    with portal.work(FIGURES) as work:
        return work.run(statement.order_by(case_facts.c.case_id).limit(limit))


def _concerns(who: Principal) -> Condition:
    """Keeps the search short; what may be seen is decided where the events are read."""
    if who.scope != "staff":
        return true()
    worked = select(step_facts.c.case_id).where(step_facts.c.agency.in_(who.agencies))
    return or_(case_facts.c.agency.in_(who.agencies), case_facts.c.case_id.in_(worked))


def _events(portal: Portal, who: Principal, case_ids: Iterable[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    with portal.work(who) as work:
        rows: Iterator[dict[str, Any]] = iter(work.run(visible(work, feed.of_cases(case_ids, TYPES))))
        return {case_id: list(some) for case_id, some in groupby(rows, key=lambda row: row["case_id"])}


def _reference(events: list[dict[str, Any]]) -> str | None:
    return next((one["data"].get("reference") for one in events if one["type"] == "CaseOpened"), None)
