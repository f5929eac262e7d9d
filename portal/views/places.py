"""You are here: the steps of a case's journey in order, those done, those under way, and those that may still come."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.access import once
from portal.catalogue.definitions import Journey, Step
from portal.runs import ledger
from portal.unit_of_work import Work

#: Status of a step run -> what a reader is told.
_SAYS = {"begun": "now", "ended": "done", "cancelled": "not-needed"}


def of_case(work: Work, case_id: UUID) -> list[tuple[Step, str, str | None]]:
    """Each step, its place (`done`, `now`, `to-come`, `not-needed`) and the agency that has or had it; empty before a journey begins."""
    run = next((one for one in once.rows(work, ledger.runs, case_id) if one["parent_id"] is None), None)
    if run is None:
        return []
    journey: Journey = work.portal.pinned(work, run["definition_hash"])
    rows = [row for row in once.rows(work, ledger.steps, case_id) if row["run_id"] == run["id"]]
    over = run["status"] != "running"
    told: list[tuple[Step, str, str | None]] = []
    for step in journey.steps:
        mine = [row for row in rows if row["step"] == step.id]
        if step.kind == "join" or (over and not mine):
            continue
        told.append((step, _place(mine), mine[-1]["agency"] if mine else step.agency))
    return told


def _place(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "to-come"
    return "now" if any(row["status"] == "begun" for row in rows) else _SAYS[rows[-1]["status"]]
