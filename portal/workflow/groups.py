"""What the search of a journey's standings may rely on: which steps must be tried in every order, and which counts of rounds still matter."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from portal.catalogue.definitions import Journey, Step
from portal.catalogue.order import components, ordered
from portal.workflow.runner import END, Run, way

#: Combinations of counts in one circle that are told apart. In a circle with more, a limited way may be open or spent at any time: more can happen there
#: than really does, so nothing wrong is overlooked (and a journey may be refused that would have passed: it is told with the way to it).
EXACT = 64


def at_once(step: Step) -> bool:
    """Whether it may end by itself, in the move in which it begins: joins, notices, steps for each item of an empty list, and those that are passed over."""
    return step.kind in ("join", "notify") or step.each is not None or step.when is not None


def ranks(journey: Journey) -> dict[str, int]:
    """Step -> place of its group: steps of one circle, and steps that cancel with what they cancel and with what begins or reaches it."""
    ways = {step.id: {arm.to for arm in step.ways} for step in journey.steps}
    back: dict[str, set[str]] = {}
    for before, tos in ways.items():
        for to in tos:
            back.setdefault(to, set()).add(before)
    tied = {id: set(tos) for id, tos in ways.items()}
    for step in journey.steps:
        for other in {*step.cancels, *(name for arm in step.ways for name in arm.cancels)} & ways.keys():
            for cause in _begins(journey, step.id, back) if at_once(step) else {step.id}:
                for one in _begins(journey, other, back):
                    tied[cause].add(one)
                    tied[one].add(cause)
    for join, found in journey.regions.items():
        for one in found.steps:
            tied[join].add(one)
            tied[one].add(join)
    groups = components({step: sorted(tos) for step, tos in tied.items()}, journey.start)
    return {step: place for place, group in enumerate(groups) for step in group}


def _begins(journey: Journey, step: str, back: dict[str, set[str]]) -> set[str]:
    """The step itself and those whose end can begin it in one move."""
    found, left = {step}, [step]
    while left:
        for before in back.get(left.pop(), set()) - found:
            found.add(before)
            if at_once(journey.step(before)):
                left.append(before)
    return found


def _reach(ways: dict[str, list[str]]) -> dict[str, set[str]]:
    """Step -> itself and all that ways from there lead to."""
    found = {}
    for step in ways:
        seen, left = {step}, [step]
        while left:
            fresh = {to for to in ways[left.pop()] if to != END} - seen
            seen |= fresh
            left.extend(fresh)
        found[step] = seen
    return found


class Counters:
    """Counts of ways with a limit. `loose`: those whose count is not followed (EXACT); `before`: step -> what a way of the same round leads to."""

    def __init__(self, journey: Journey) -> None:
        ways = {step.id: ordered(arm.to for arm in step.ways) for step in journey.steps}
        groups = components(ways, journey.start)
        self.loose: set[str] = set()
        counted: dict[str, set[str]] = {}
        for group in groups:
            limits = {way(journey.step(id), arm): arm.at_most for id in group for arm in journey.step(id).next.arms if arm.at_most is not None}
            if prod(limit + 1 for limit in limits.values()) > EXACT:
                self.loose |= limits.keys()
            else:
                counted |= {id: {way(journey.step(id), arm) for arm in journey.step(id).next.arms} & limits.keys() for id in group}
        self.followed = any(counted.values())
        ahead = _reach(ways) if self.followed else {}
        self.ahead = {step: frozenset(name for one in reached for name in counted.get(one, ())) for step, reached in ahead.items()}
        self.before = _reach({step.id: [arm.to for arm in step.ways if arm.at_most is None] for step in journey.steps}) if journey.round else {}

    def live(self, run: Run) -> tuple[tuple[str, int], ...]:
        """The counts that have a say in what can follow."""
        if not self.followed or not run.taken:
            return ()
        ahead = frozenset[str]().union(*(self.ahead[step] for step in run.active.values()))
        return tuple(sorted((name, count) for name, count in run.taken.items() if name in ahead))

    def without_loose(self, run: Run) -> Run:
        """The run without counts nobody follows."""
        if not self.loose or not run.taken:
            return run
        return replace(run, taken={name: count for name, count in run.taken.items() if name not in self.loose})
