"""The parts of a life event, each with where it stands, what is promised of it, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from portal.access import once
from portal.catalogue.definitions import Journey, Step
from portal.catalogue.inside import NOT_NEEDED, WITHDRAWN
from portal.runs import ledger
from portal.unit_of_work import Work
from portal.views.journey import text
from portal.views.words import promise_says
from portal.workflow.journeys import pin

Rows = Sequence[dict[str, Any]]


def of_case(work: Work, case_id: UUID, steps: Rows, clocks: Rows, *, zone: str, language: str) -> list[dict[str, Any]]:
    """Parts in the order the journey names them; none for a request that is not a life event. `steps`, `clocks`: what the reader may see of them."""
    if not any(row["kind"] == "journey" for row in steps):
        return []
    told = []
    for run in once.rows(work, ledger.runs, case_id):
        if run["service_hash"] is None and run["parent_id"] is None:
            journey: Journey = work.portal.pinned(work, run["definition_hash"])
            mine = [row for row in steps if row["run_id"] == run["id"]]
            told += [_part(work, run, step, mine, clocks, zone, language) for step in journey.steps if step.service]
    return told


def _part(work: Work, run: dict[str, Any], step: Step, steps: Rows, clocks: Rows, zone: str, language: str) -> dict[str, Any]:
    service = work.portal.pinned(work, pin(work, run, "service", str(step.service)))
    row = next((row for row in reversed(steps) if row["step"] == step.id), None)
    promised = next((clock for clock in _ranked(clocks) if row and clock["step_run_id"] == row["id"]), None)
    return {
        "part": step.id,
        "service": service.id,
        "title": text(service.title, language),
        "agency": service.agency,
        "status": _status(run, row),
        "outcome": row["outcome"] if row else None,
        "begun_at": row["begun_at"] if row else None,
        "ended_at": row["ended_at"] if row else None,
        "promise": promised and {"due_at": promised["due_at"], "status": promised["status"], "says": promise_says(promised["due_at"], zone, language)},
    }


def _status(run: dict[str, Any], row: dict[str, Any] | None) -> str:
    """`to-come`, `under-way`, `ended`, `withdrawn`, `cancelled`, `not-needed`."""
    if row is None:
        return "to-come" if run["status"] == "running" else NOT_NEEDED
    if row["outcome"] in (NOT_NEEDED, WITHDRAWN):
        return str(row["outcome"])
    return {"begun": "under-way", "ended": "ended", "cancelled": "cancelled"}[row["status"]]


def _ranked(clocks: Rows) -> list[dict[str, Any]]:
    return sorted((row for row in clocks if row["status"] != "cancelled"), key=lambda row: (row["kind"] != "promise", row["due_at"]))
