"""What a caseworker sees: a page of the worklist with its numbers, and a task with everything that is known of its case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from portal.access import once
from portal.access.scoping import visible
from portal.cases import registry
from portal.catalogue.definitions import Catalogue, Service, Text
from portal.errors import NotFound
from portal.outbox import strays
from portal.queues import reading, tallies, worklist
from portal.queues.reading import Place, Wanted
from portal.unit_of_work import Row, Work
from portal.views import case as case_view
from portal.views import decisions, deliveries, documents, entry, guidance, notices, places, reach
from portal.views import worklist as worklists

#: Tasks on one page.
PAGE = 25
#: Events of a case that its page tells of.
SHOWN = 300


def queue(work: Work, *, queue: str | None, mine: bool, after: Place | None, free: bool = False, priority: int | None = None) -> dict[str, Any]:
    """A page of my teams' list: `tasks`, `next` (sort key of the page after it), `counts`."""
    who = work.principal
    holder = str(who.subject)
    found = worklists.page(work, who, Wanted(queue=queue, holder=holder if mine else None, free=free, priority=priority), after=after, limit=PAGE + 1)
    counts = work.run(tallies.tally(visible(work, tallies.counted(who.teams)), holder=holder, now=work.now))[0]
    shown = found[:PAGE]
    last = shown[-1] if len(found) > PAGE else None
    rows = [row | {"title": step_title(work.catalogue, row), "mine": row["holder"] == holder, "taken": _taken(work, row, holder)} for row in shown]
    return {"tasks": rows, "next": last and reading.place(last), "counts": counts, "now": work.now}


def _taken(work: Work, task: Mapping[str, Any], holder: str) -> bool:
    """True while a colleague's claim lasts."""
    return bool(task["status"] == "claimed" and task["holder"] != holder and task["held_until"] > work.now)


def step_title(catalogue: Catalogue, task: Mapping[str, Any]) -> Text | None:
    """What the step is called in the journey as it is now; None where that has no such step any more."""
    service = catalogue.services.get(task["service"] or "")
    journey = catalogue.journeys.get(service.journey) if service else None
    return next((step.title for step in journey.steps if step.id == task["step"]), None) if journey else None


def row_in_hand(work: Work, id: UUID) -> Row:
    """The task as it stands in a unit that has its case in hand, changes of this unit included."""
    return worklist.task_of(work, work.run(visible(work, reading.one(id)))[0]["case_id"], id)


def reference_of(work: Work, case_id: UUID) -> str:
    """What the case is called; NotFound where the reader may not see it."""
    found = once.rows(work, registry.one, case_id)
    if not found:
        raise NotFound
    reference: str = found[0]["reference"]
    return reference


def task(work: Work, id: UUID, *, language: str) -> dict[str, Any]:
    """A task and its case: what is to be done, what was said, by when and why, who holds it, and what has happened."""
    row = entry.task(work, id)
    told = guidance.of_task(work, row, language=language)
    holder = str(work.principal.subject)
    known = {"stray": stray(work, row), "now": work.now} if row["kind"] == strays.TASK else of_case(work, row["case_id"], language=language)
    return known | {
        "task": row,
        "guided": told,
        "mine": row["status"] == "claimed" and row["holder"] == holder,
        "taken": _taken(work, row, holder),
        "waits": row["status"] in reading.WAITING,
    }


def stray(work: Work, row: Mapping[str, Any]) -> dict[str, Any]:
    """What came in and belongs to no case, for the task that is about it."""
    found = work.run(visible(work, strays.one(row["case_id"])))
    if not found:
        raise NotFound
    return found[0]


def of_case(work: Work, case_id: UUID, *, language: str) -> dict[str, Any]:
    """All that staff may see of a case."""
    case = case_view.case(work, case_id, language=language)
    catalogue = work.catalogue
    service: Service = catalogue.services.get(case["service"] or "") or catalogue.triage
    return {
        "case": case,
        "case_id": case_id,
        "zone": once.rows(work, registry.one, case_id)[0]["zone"],
        "service": service,
        "agency": catalogue.agencies[case["agency"]],
        "agencies": catalogue.agencies,
        "clocks": case_view.clock_list(work, case_id, now=work.now, language=language),
        "places": places.of_case(work, case_id),
        "events": case_view.shown_to(work.principal, case_view.first_events(work, case_id, limit=SHOWN)),
        "tasks": work.run(visible(work, reading.of_case(case_id))),
        "decisions": decisions.of_case(work, case_id, language=language),
        "links": decisions.belongings(work, case_id),
        "deliveries": deliveries.of_case(work, case_id),
        "documents": documents.of_case(work, case_id),
        "reach": reach.of_case(work, case_id),
        "notices": notices.of_case(work, case_id),
        "now": work.now,
    }
