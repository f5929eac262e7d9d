"""What a caseworker is told of a task: what it is, how it is done, how it may end; in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.access import once
from portal.cases import registry
from portal.catalogue import rulings
from portal.catalogue.journey_rules import ends
from portal.catalogue.rulings import Ruled
from portal.queues import worklist
from portal.runs import ledger
from portal.unit_of_work import Work
from portal.views.journey import text
from portal.workflow import revoking

#: Kinds of task that are a step of the journey itself, done as it says.
STEPS = ("step", "undo", "parked")


def of_task(work: Work, task: Mapping[str, Any], *, language: str) -> dict[str, Any]:
    """`title`, `guidance` and `outcomes` of the task's step, by the version the case pinned; nothing where the task is of no step.

    `kind` is the step's: a `decide` step ends with a decision.
    """
    told: dict[str, Any] = {"title": None, "guidance": None, "outcomes": [], "kind": None}
    run = _run(work, task)
    if run is None or task["kind"] not in STEPS:
        return told
    step = work.portal.pinned(work, run["definition_hash"]).step(task["step"])
    guidance = text(step.guidance, language) if step.guidance else None
    return {"title": text(step.title, language), "guidance": guidance, "outcomes": list(step.outcomes or ends(step)), "kind": step.kind}


def choices(work: Work, task: Mapping[str, Any]) -> list[Ruled]:
    """How a task that decides may be decided, by the law of its step; none where it decides nothing. A decision anew takes its case in hand."""
    if task["kind"] == "decision":
        work.narrow([task["case_id"]])
        service, step = revoking.anew(work, worklist.task_of(work, task["case_id"], task["id"]))
    else:
        run = _run(work, task)
        if run is None or task["kind"] not in STEPS:
            return []
        step = work.portal.pinned(work, run["definition_hash"]).step(task["step"])
        case = once.rows(work, registry.one, task["case_id"])[0]
        service = work.portal.pinned(work, run["service_hash"] or case["service_hash"])
    if step.kind != "decide":
        return []
    said = rulings.said(service, step, work.catalogue.agencies)
    return [rulings.ruled(outcome, said, service.law) for outcome in step.outcomes]


def _run(work: Work, task: Mapping[str, Any]) -> dict[str, Any] | None:
    run_id = next((row["run_id"] for row in once.rows(work, ledger.steps, task["case_id"]) if row["id"] == task["step_run_id"]), None)
    return next((row for row in once.rows(work, ledger.runs, task["case_id"]) if row["id"] == run_id), None)
