"""A run again from its recorded events alone: no definition, no answers, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from portal.runs.ledger import step_run_id
from portal.workflow.runner import Run, StepEvent, apply

#: Types of event that move a run; `JourneyBegun` makes it.
MOVES = frozenset({"StepBegun", "StepEnded", "StepCancelled", "BranchChosen", "JoinReached", "JoinCleared", "ItemsCounted", "JourneyStopped", "JourneyEnded"})
#: A run goes on by another version of its journey.
VERSIONS = frozenset({"CaseMoved", "MoveUndone"})
#: Kinds of step whose outcome is that of the run.
DECIDES = "decide"


def replayed(events: Iterable[Mapping[str, Any]]) -> dict[UUID, Run]:
    """Run id -> where the run stands after these events of one case, in order. Each has `type`, `step` and `data` as table `events` holds them."""
    runs: dict[UUID, Run] = {}
    kinds: dict[str, str] = {}
    for event in events:
        if event["type"] == "JourneyBegun":
            runs[UUID(event["data"]["run"])] = Run()
        elif event["type"] in VERSIONS:
            # A move tells the whole state: what the older version kept by names the newer one does not have is in no other event.
            runs[UUID(event["data"]["run"])] = Run.of(event["data"]["state"])
            kinds |= {step_run: kind for step_run, (_, _, _, kind) in event["data"]["steps"].items()}
        elif event["type"] in MOVES:
            id = UUID(event["data"]["run"])
            if event["type"] == "StepBegun":
                kinds[event["data"]["step_run"]] = event["data"]["kind"]
            runs[id] = apply(runs[id], told(id, runs[id], event, kinds))
    return runs


def told(run_id: UUID, run: Run, event: Mapping[str, Any], kinds: Mapping[str, str]) -> StepEvent:
    """The runner's event behind a recorded one; `kinds`: step run -> kind of its step."""
    data, type = event["data"], event["type"]
    step_run = data.get("step_run")
    return StepEvent(
        type,
        step=event["step"],
        number=_number(run_id, run, step_run) if step_run else None,
        outcome=data.get("outcome"),
        to="decision" if type == "StepEnded" and kinds.get(step_run) == DECIDES else data.get("to") or data.get("came_from"),
        count=data.get("count"),
        item=data.get("item"),
        undo=data.get("undo"),
    )


def _number(run_id: UUID, run: Run, step_run: str) -> int:
    return next(number for number in (*run.active, run.count + 1) if str(step_run_id(run_id, number)) == step_run)
