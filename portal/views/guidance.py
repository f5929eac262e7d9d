"""What a caseworker is told of a task: what it is, how it is done, how it may end; in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.access.scoping import visible
from portal.catalogue.journey_rules import ends
from portal.runs import ledger
from portal.unit_of_work import Work
from portal.views.journey import text

#: Kinds of task that are a step of the journey itself, done as it says.
STEPS = ("step", "undo", "parked")


def of_task(work: Work, task: Mapping[str, Any], *, language: str) -> dict[str, Any]:
    """`title`, `guidance` and `outcomes` of the task's step, by the version the case pinned; nothing where the task is of no step."""
    told: dict[str, Any] = {"title": None, "guidance": None, "outcomes": []}
    run_id = next((row["run_id"] for row in work.run(visible(work, ledger.steps(task["case_id"]))) if row["id"] == task["step_run_id"]), None)
    run = next((row for row in work.run(visible(work, ledger.runs(task["case_id"]))) if row["id"] == run_id), None)
    if run is None or task["kind"] not in STEPS:
        return told
    step = work.portal.pinned(work, run["definition_hash"]).step(task["step"])
    guidance = text(step.guidance, language) if step.guidance else None
    return {"title": text(step.title, language), "guidance": guidance, "outcomes": list(step.outcomes or ends(step))}
