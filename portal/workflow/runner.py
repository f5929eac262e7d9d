"""The journey runner, pure: `decide` judges and yields events, `apply` only follows them. No I/O, no clock, no personal data in the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from portal.catalogue.definitions import Arm, Journey, Step
from portal.catalogue.inside import NOT_NEEDED
from portal.errors import Conflict

END = "end"


@dataclass(frozen=True)
class Run:
    """Where a run stands: `active` is step run number -> step id, `arrived` join -> ways that reached it. Under 500 bytes as JSON."""

    count: int = 0
    active: Mapping[int, str] = field(default_factory=dict)
    arrived: Mapping[str, int] = field(default_factory=dict)
    outcome: str | None = None
    ended: bool = False

    def state(self) -> dict[str, Any]:
        """As stored."""
        return {"c": self.count, "a": {str(number): step for number, step in self.active.items()}, "j": dict(self.arrived), "o": self.outcome, "e": self.ended}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Run:
        """From what is stored."""
        return cls(state["c"], {int(number): step for number, step in state["a"].items()}, state["j"], state["o"], state["e"])


@dataclass(frozen=True)
class StepEvent:
    """What a run did. `number` names a step run, `to` the way a branch took, `count` arrivals at a join."""

    type: Literal["StepBegun", "StepEnded", "StepCancelled", "BranchChosen", "JoinReached", "JourneyEnded"]
    step: str | None = None
    number: int | None = None
    outcome: str | None = None
    to: str | None = None
    count: int | None = None


@dataclass(frozen=True)
class Started:
    """The run is to begin."""


@dataclass(frozen=True)
class Ended:
    """A step run ended with an outcome."""

    number: int
    outcome: str | None = None


@dataclass(frozen=True)
class Stopped:
    """The whole run is no longer needed."""


Happening = Started | Ended | Stopped
Holds = Callable[[str], bool]


def decide(journey: Journey, run: Run, happening: Happening, holds: Holds) -> list[StepEvent]:
    """What follows. `holds` judges a condition once; only the way chosen is recorded. Conflict where the step run is not active."""
    walk = _Walk(journey, run, holds)
    if isinstance(happening, Stopped):
        for number, active in sorted(run.active.items()):
            walk.did(StepEvent("StepCancelled", active, number))
        walk.did(StepEvent("JourneyEnded", outcome="cancelled"))
        return walk.events
    if isinstance(happening, Started):
        walk.enter(journey.start, None)
    else:
        step = run.active.get(happening.number)
        if run.ended or step is None:
            raise Conflict("This step has ended already.")
        walk.end(journey.step(step), happening.number, happening.outcome)
    if not walk.run.active and not walk.run.ended:
        walk.did(StepEvent("JourneyEnded", outcome=walk.run.outcome or journey.outcome))
    return walk.events


def apply(run: Run, event: StepEvent) -> Run:
    """The run after an event. Evaluates nothing: histories replay on any later version of the code."""
    if event.type == "StepBegun":
        assert event.number is not None
        assert event.step is not None
        return replace(run, count=max(run.count, event.number), active={**run.active, event.number: event.step})
    if event.type in ("StepEnded", "StepCancelled"):
        active = {number: step for number, step in run.active.items() if number != event.number}
        return replace(run, active=active, outcome=event.outcome if event.to == "decision" else run.outcome)
    if event.type == "JoinReached":
        assert event.step is not None
        assert event.count is not None
        return replace(run, arrived={**run.arrived, event.step: event.count})
    if event.type == "JourneyEnded":
        return replace(run, active={}, ended=True, outcome=event.outcome)
    return run


class _Walk:
    """One call of `decide`: events so far and the run after them."""

    def __init__(self, journey: Journey, run: Run, holds: Holds) -> None:
        self.journey, self.run, self.holds = journey, run, holds
        self.events: list[StepEvent] = []

    def did(self, event: StepEvent) -> None:
        self.events.append(event)
        self.run = apply(self.run, event)

    def enter(self, step_id: str, came_from: str | None) -> None:
        if step_id == END:
            return
        step = self.journey.step(step_id)
        if step.kind == "join":
            self._join(step, came_from)
            return
        number = self.run.count + 1
        self.did(StepEvent("StepBegun", step.id, number))
        if step.kind == "notify":
            self.end(step, number, None)
        elif step.when is not None and not self.holds(step.when):
            self.end(step, number, NOT_NEEDED)

    def end(self, step: Step, number: int, outcome: str | None) -> None:
        self.did(StepEvent("StepEnded", step.id, number, outcome, to="decision" if step.kind == "decide" else None))
        self._leave(step, outcome)

    def _join(self, step: Step, came_from: str | None) -> None:
        needed = step.needs or self.journey.ways_in[step.id]
        count = self.run.arrived.get(step.id, 0) + 1
        self.did(StepEvent("JoinReached", step.id, to=came_from, count=count))
        if count == needed:
            self._leave(step, None)

    def _leave(self, step: Step, outcome: str | None) -> None:
        for arm in self._ways(step, outcome):
            self.enter(arm.to, step.id)

    def _ways(self, step: Step, outcome: str | None) -> tuple[Arm, ...]:
        ways = step.next
        if ways.how == "all":
            return ways.arms
        if ways.how == "outcome":
            chosen = next((arm for arm in ways.arms if arm.outcome == outcome), None) or next((arm for arm in ways.arms if arm.outcome is None), None)
        else:
            chosen = next((arm for arm in ways.arms if arm.when is None or self.holds(arm.when)), None)
        if chosen is None:
            raise Conflict(f"No way leads on from {step.id!r} with outcome {outcome!r}.")
        self.did(StepEvent("BranchChosen", step.id, to=chosen.to))
        return (chosen,)
