"""The journey runner, pure: `decide` judges and yields events, `apply` only follows them. No I/O, no clock, no personal data in the state."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from portal.catalogue.definitions import Arm, Journey, Step
from portal.catalogue.inside import NOT_NEEDED
from portal.catalogue.journey_rules import ends
from portal.errors import Conflict, Refusal

END = "end"
#: Steps and joins entered in one move at most: a longer row has no end.
AT_ONCE = 500
#: How a step ends that an agency did not do: it refuses, or could not be reached.
FAILED = ("refused", "failed")


class TooManyItems(Refusal):
    """The list has more items than this step is done for at once."""

    status, slug = 422, "too-many-items"


@dataclass(frozen=True)
class Run:
    """Where a run stands: `active` is step run number -> step id, `arrived` join -> ways that reached it. Under 500 bytes as JSON."""

    count: int = 0
    active: Mapping[int, str] = field(default_factory=dict)
    arrived: Mapping[str, int] = field(default_factory=dict)
    outcome: str | None = None
    ended: bool = False
    #: `step>to` of a way with a limit -> how often it was taken.
    taken: Mapping[str, int] = field(default_factory=dict)
    #: Step that is done for each item -> how its items ended so far: outcome (or nothing) -> number.
    items: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: Steps that would take back what was done, the first to be done last.
    undo: tuple[str, ...] = ()
    #: It is no longer needed; what was done is being taken back.
    stopping: bool = False

    def state(self) -> dict[str, Any]:
        """As stored; what a journey does not use is left out."""
        kept: dict[str, Any] = {
            "c": self.count,
            "a": {str(number): step for number, step in self.active.items()},
            "j": dict(self.arrived),
            "o": self.outcome,
            "e": self.ended,
        }
        if self.taken:
            kept["t"] = dict(self.taken)
        if self.items:
            kept["i"] = {step: dict(ends) for step, ends in self.items.items()}
        if self.undo:
            kept["u"] = list(self.undo)
        if self.stopping:
            kept["s"] = True
        return kept

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Run:
        """From what is stored, by this version of the code or an earlier one."""
        active = {int(number): step for number, step in state["a"].items()}
        if len(state) == 5:
            return cls(state["c"], active, state["j"], state["o"], state["e"])
        more = state.get("t", {}), state.get("i", {}), tuple(state.get("u", ())), state.get("s", False)
        return cls(state["c"], active, state["j"], state["o"], state["e"], *more)


@dataclass(frozen=True)
class StepEvent:
    """What a run did. `number` names a step run, `to` the way a branch took.

    `count`: arrivals at a join, items of a list, items that have ended, times a way with a limit was taken. `item`: of a list, from 1. `undo`: the step that
    takes it back.
    """

    type: Literal["StepBegun", "StepEnded", "StepCancelled", "BranchChosen", "JoinReached", "JoinCleared", "ItemsCounted", "JourneyStopped", "JourneyEnded"]
    step: str | None = None
    number: int | None = None
    outcome: str | None = None
    to: str | None = None
    count: int | None = None
    item: int | None = None
    undo: str | None = None


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
    """The whole run is no longer needed. `undo`: what was done is taken back, the last first; if not, it stands."""

    undo: bool = True


Happening = Started | Ended | Stopped
Holds = Callable[[str], bool]
#: Length of the list an expression gives.
Size = Callable[[str], int]
#: Whether a way with a limit was taken as often as it may; the proof of soundness asks in its own way.
Spent = Callable[[Run, Step, Arm], bool]


def way(step: Step, arm: Arm) -> str:
    """The name under which a way is counted."""
    return f"{step.id}>{arm.to}"


def spent(run: Run, step: Step, arm: Arm) -> bool:
    """Whether a way was taken as often as it may."""
    return arm.at_most is not None and run.taken.get(way(step, arm), 0) >= arm.at_most


def no_lists(expression: str) -> int:
    """For journeys without a step for each item."""
    raise Conflict(f"Nobody counts the items of {expression!r} here.")


def full(journey: Journey, join: Step) -> int:
    """Arrivals after which a join starts afresh. Where it cancels the rest, or a way leads back to it, those it waits for; else all there can be."""
    needs = needed(journey, join)
    if join.rest == "cancel" or join.id in journey.round:
        return needs
    return max(needs, journey.ways_in.get(join.id, 0) + (join.id == journey.start))


def needed(journey: Journey, join: Step) -> int:
    """Arrivals a join waits for."""
    return join.needs or journey.ways_in.get(join.id, 0)


def together(step: Step, had: Collection[str]) -> str | None:
    """The outcome of a step that was done for several items: of those they had, the one written last. Without items it is the first."""
    known = ends(step)
    found = [outcome for outcome in known if outcome in had]
    return found[-1] if found else known[0] if known and not had else None


def decide(journey: Journey, run: Run, happening: Happening, holds: Holds, size: Size = no_lists, *, is_spent: Spent = spent) -> list[StepEvent]:
    """What follows. `holds` judges a condition once; only the way chosen is recorded. Conflict where the step run is not active."""
    walk = _Walk(journey, run, holds, size, is_spent)
    if isinstance(happening, Stopped):
        walk.stop(undo=happening.undo)
        return walk.events
    if isinstance(happening, Started):
        walk.ahead.append((journey.start, None))
    else:
        step = run.active.get(happening.number)
        if run.ended or step is None:
            raise Conflict("This step has ended already.")
        walk.end(journey.step(step), happening.number, happening.outcome)
    walk.go()
    if not walk.run.active and not walk.run.ended:
        walk.did(StepEvent("JourneyEnded", outcome=walk.run.outcome or journey.outcome))
    return walk.events


def apply(run: Run, event: StepEvent) -> Run:
    """The run after an event. Evaluates nothing: histories replay on any later version of the code."""
    return _APPLY[event.type](run, event)


def _begun(run: Run, event: StepEvent) -> Run:
    assert event.number is not None
    assert event.step is not None
    begun = _with(run, count=max(run.count, event.number), active={**run.active, event.number: event.step})
    return _with(begun, undo=tuple(step for step in run.undo if step != event.step)) if run.stopping else begun


def _left(run: Run, event: StepEvent) -> Run:
    active = {number: step for number, step in run.active.items() if number != event.number}
    run = _with(run, active=active, outcome=event.outcome if event.to == "decision" else run.outcome)
    if event.undo is not None:
        run = _with(run, undo=(*(step for step in run.undo if step != event.undo), event.undo))
    if event.count is not None and event.step is not None:
        ends, outcome = run.items.get(event.step, {}), event.outcome or ""
        run = _with(run, items={**run.items, event.step: {**ends, outcome: ends.get(outcome, 0) + 1}})
    return run


def _chosen(run: Run, event: StepEvent) -> Run:
    return run if event.count is None else _with(run, taken={**run.taken, f"{event.step}>{event.to}": event.count})


def _reached(run: Run, event: StepEvent) -> Run:
    return _with(run, arrived={**run.arrived, event.step: event.count})


def _cleared(run: Run, event: StepEvent) -> Run:
    return _with(run, arrived={join: count for join, count in run.arrived.items() if join != event.step})


def _counted(run: Run, event: StepEvent) -> Run:
    return _with(run, items={**run.items, event.step: {}})


def _stopped(run: Run, event: StepEvent) -> Run:
    return _with(run, stopping=True)


def _over(run: Run, event: StepEvent) -> Run:
    return _with(run, active={}, ended=True, outcome=event.outcome)


_APPLY: dict[str, Callable[[Run, StepEvent], Run]] = {
    "StepBegun": _begun,
    "StepEnded": _left,
    "StepCancelled": _left,
    "BranchChosen": _chosen,
    "JoinReached": _reached,
    "JoinCleared": _cleared,
    "ItemsCounted": _counted,
    "JourneyStopped": _stopped,
    "JourneyEnded": _over,
}


def _with(run: Run, **changes: Any) -> Run:
    """`dataclasses.replace`, which is six times slower; a run is rebuilt at each event."""
    fresh = Run.__new__(Run)
    fresh.__dict__.update(run.__dict__, **changes)
    return fresh


class _Walk:
    """One call of `decide`: events so far, the run after them, and what is ahead: (step, where from), entered in turn so that all ways of a split begin
    before any of them is followed."""

    def __init__(self, journey: Journey, run: Run, holds: Holds, size: Size, is_spent: Spent) -> None:
        self.journey, self.run, self.holds, self.size, self.is_spent = journey, run, holds, size, is_spent
        self.events: list[StepEvent] = []
        self.ahead: deque[tuple[str, str | None]] = deque()

    def go(self) -> None:
        """Enters what is ahead until nothing is left that goes on by itself. RecursionError where there is no end of it."""
        for _ in range(AT_ONCE):
            if not self.ahead:
                return
            self._enter(*self.ahead.popleft())
        raise RecursionError("Too many steps in a row end by themselves.")

    def did(self, event: StepEvent) -> None:
        self.events.append(event)
        self.run = apply(self.run, event)

    def _enter(self, step_id: str, came_from: str | None) -> None:
        if step_id == END:
            return
        step = self.journey.step(step_id)
        if step.kind == "join":
            self._join(step, came_from)
        elif step.each is not None:
            self._each(step)
        else:
            self._begin(step)

    def _begin(self, step: Step, item: int | None = None) -> None:
        number = self.run.count + 1
        self.did(StepEvent("StepBegun", step.id, number, item=item))
        if step.kind == "notify":
            self.end(step, number, None)
        elif step.when is not None and not self.holds(step.when):
            self.end(step, number, NOT_NEEDED)

    def _each(self, step: Step) -> None:
        assert step.each is not None
        total = self.size(step.each)
        if total > step.most:
            raise TooManyItems(f"There are {total} items for {step.id!r}, which is done for at most {step.most} at once. Make several requests of them.")
        self.did(StepEvent("ItemsCounted", step.id, count=total))
        for item in range(1, total + 1):
            self._begin(step, item)
        if not total:
            self._leave(step, together(step, ()))

    def end(self, step: Step, number: int, outcome: str | None) -> None:
        ended = None if step.each is None else 1 + sum(self.run.items.get(step.id, {}).values())
        undo = None if self.run.stopping or (step.kind == "send" and outcome in FAILED) else step.undo
        self.did(StepEvent("StepEnded", step.id, number, outcome, "decision" if step.kind == "decide" else None, ended, undo=undo))
        if self.run.stopping:
            self._take_back()
        elif ended is None:
            self._leave(step, outcome)
        elif ended == step.needs or step.id not in self.run.active.values():
            self._cancel((step.id,))
            self._leave(step, together(step, self.run.items[step.id]))

    def stop(self, *, undo: bool) -> None:
        """What is under way is cancelled. What takes back is not itself stopped, unless nothing is to be taken back any more."""
        if self.run.ended or (self.run.stopping and undo):
            return
        self._cancel(set(self.run.active.values()))
        if undo and self.run.undo:
            self.did(StepEvent("JourneyStopped"))
            self._take_back()
        else:
            self.did(StepEvent("JourneyEnded", outcome="cancelled"))

    def _take_back(self) -> None:
        if self.run.active or self.run.ended:
            return
        if self.run.undo:
            self._begin(self.journey.step(self.run.undo[-1]))
        else:
            self.did(StepEvent("JourneyEnded", outcome="cancelled"))

    def _join(self, step: Step, came_from: str | None) -> None:
        before = self.run.arrived.get(step.id, 0)
        count = 1 if before >= full(self.journey, step) else before + 1
        self.did(StepEvent("JoinReached", step.id, to=came_from, count=count))
        if count == needed(self.journey, step):
            if step.rest == "cancel":
                self._cancel(self.journey.regions[step.id].steps)
                self.ahead = deque(one for one in self.ahead if one[0] != step.id)
            self._leave(step, None)

    def _leave(self, step: Step, outcome: str | None) -> None:
        if step.cancels:
            self._cancel(step.cancels)
        for arm in self._ways(step, outcome):
            if arm.cancels:
                self._cancel(arm.cancels)
            self.ahead.append((arm.to, step.id))

    def _cancel(self, steps: Collection[str]) -> None:
        """What is under way there, what is about to begin, and what a join has counted."""
        self.ahead = deque(one for one in self.ahead if one[0] not in steps)
        for number, step in sorted(self.run.active.items()):
            if step in steps:
                self.did(StepEvent("StepCancelled", step, number))
        for join in sorted(self.run.arrived.keys() & steps):
            self.did(StepEvent("JoinCleared", join))

    def _ways(self, step: Step, outcome: str | None) -> tuple[Arm, ...]:
        if step.on_error is not None and outcome in FAILED:
            self.did(StepEvent("BranchChosen", step.id, to=step.on_error))
            return (Arm(step.on_error),)
        ways = step.next
        if ways.how == "all":
            return ways.arms
        chosen = self._open(step, outcome)
        if chosen is None:
            raise Conflict(f"No way leads on from {step.id!r} with outcome {outcome!r}.")
        count = None if chosen.at_most is None else self.run.taken.get(way(step, chosen), 0) + 1
        self.did(StepEvent("BranchChosen", step.id, to=chosen.to, count=count))
        return (chosen,)

    def _open(self, step: Step, outcome: str | None) -> Arm | None:
        """The first way of that outcome (else of none) whose limit is not reached and whose condition holds."""
        arms = step.next.arms
        if step.next.how == "outcome":
            arms = (*(arm for arm in arms if arm.outcome == outcome), *(arm for arm in arms if arm.outcome is None))
        for arm in arms:
            if (arm.at_most is None or not self.is_spent(self.run, step, arm)) and (arm.when is None or self.holds(arm.when)):
                return arm
        return None
