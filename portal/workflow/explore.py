"""Every standing a journey can come to, found by really stepping the pure runner: each outcome, and each condition both ways.

Why the reduced search is enough. Every step under way holds its own place and nothing takes it away, and arrivals at a join are only counted: ends of
different steps commute. So of all steps under way only those of the earliest group need be ended first (a group: one step, or the steps of one circle;
persistent sets, Godefroid 1996). What is lost are orders, never a standing at which nothing is under way, nor a step that begins; and since a step waits
until all that lies before it is done, two ways that lead to it meet there. Proved equal to the full search on small nets (tests/unit/test_soundness_search.py).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from portal.catalogue.definitions import Journey, Step
from portal.catalogue.journey_rules import ends
from portal.catalogue.order import components, ordered
from portal.errors import Conflict
from portal.workflow.runner import END, Ended, Happening, Run, Started, StepEvent, apply, decide

#: Standings looked at before the search gives up and says so.
LIMIT = 200_000
#: Of `Run.state()`: what is read apart, or has no say in what can follow (the counter, the outcome).
_APART = frozenset("cajo")

Kind = Literal["starved", "crowded", "twice", "unhandled", "stuck", "dead"]


@dataclass(frozen=True)
class Move:
    """A step ended: its outcome, if it has several, and where branches led."""

    step: str
    outcome: str | None = None
    to: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Finding:
    """What is wrong, at which step, and the moves that lead to it. `have` of `need` arrivals are there, of a join."""

    kind: Kind
    step: str
    moves: tuple[Move, ...] = ()
    have: int = 0
    need: int = 0
    outcome: str | None = None


@dataclass
class Explored:
    """What was found. `whole`: the search came to its end; if not, nothing is proved."""

    states: int = 0
    whole: bool = True
    #: Steps that began, joins that were reached.
    begun: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def outcomes(step: Step) -> tuple[str | None, ...]:
    """All the ways a step of that kind can end."""
    return ends(step) or (None,)


def needed(journey: Journey, join: Step) -> int:
    """Arrivals a join waits for."""
    return join.needs or journey.ways_in.get(join.id, 0)


def explore(journey: Journey, *, limit: int = LIMIT, reduced: bool = True, begin: Run | None = None) -> Explored:
    """All standings, each once, from the start or from where a run stands (`begin`; then no step counts as dead).

    RecursionError where the runner cannot follow the steps that end by themselves.
    """
    return _Search(journey, limit, reduced).run(begin)


@dataclass
class _Standing:
    run: Run | None
    before: int = -1
    move: Move | None = None
    into: list[int] = field(default_factory=list)


class _Choices:
    """Answers of conditions: those of the script, then yes; `following` is the next script, until all were tried."""

    def __init__(self, script: list[bool]) -> None:
        self.script, self.at = script, 0

    def __call__(self, when: str) -> bool:
        if self.at == len(self.script):
            self.script.append(True)
        self.at += 1
        return self.script[self.at - 1]

    def following(self) -> list[bool] | None:
        script = list(self.script)
        while script and not script[-1]:
            script.pop()
        return [*script[:-1], False] if script else None


class _Search:
    def __init__(self, journey: Journey, limit: int, reduced: bool) -> None:
        self.journey, self.limit = journey, limit
        groups = components({step.id: ordered(arm.to for arm in step.next.arms) for step in journey.steps}, journey.start)
        self.rank = {step: place if reduced else 0 for place, group in enumerate(groups) for step in group}
        joins = [step for step in journey.steps if step.kind == "join"]
        self.need = {join.id: needed(journey, join) for join in joins}
        #: More arrivals than these are one too many. Where some of several ways are enough the late ones are passed over; what comes round is not late.
        round = {step for group in groups if len(group) > 1 for step in group}
        ways = {join.id: journey.ways_in.get(join.id, 0) + (join.id == journey.start) for join in joins if join.id not in round}
        self.most = {join: max(need, ways.get(join, 0)) for join, need in self.need.items()}
        self.standings: list[_Standing] = []
        self.known: dict[Any, int] = {}
        self.ends: list[int] = []
        self.left: deque[int] = deque()
        self.seen: set[tuple[Kind, str, str | None]] = set()
        self.found = Explored()

    def run(self, begin: Run | None) -> Explored:
        if begin is None:
            self._follow(-1, Run(), Started(), Move(""))
        else:
            self._reach(-1, begin, Move(""))
        while self.left and len(self.standings) <= self.limit:
            self._expand(self.left.popleft())
        self.found.states, self.found.whole = len(self.standings), not self.left
        if self.found.whole:
            self._stuck()
            if begin is None:
                self._dead()
        return self.found

    def _expand(self, at: int) -> None:
        run = self.standings[at].run
        assert run is not None
        self.standings[at].run = None
        first = min(self.rank[step] for step in run.active.values())
        tried = set()
        for number, id in sorted(run.active.items()):
            if self.rank[id] == first and id not in tried:
                tried.add(id)
                for outcome in outcomes(self.journey.step(id)):
                    self._follow(at, run, Ended(number, outcome), Move(id, outcome))

    def _follow(self, at: int, run: Run, happening: Happening, move: Move) -> None:
        script: list[bool] | None = []
        while script is not None:
            choices = _Choices(script)
            try:
                self._take(at, run, decide(self.journey, run, happening, choices), move)
            except Conflict:
                # A way that is not written, here or at a step that ended by itself: the runner's own word for it is in the fault.
                self._note("unhandled", move.step or self.journey.start, at, outcome=move.outcome)
            script = choices.following()

    def _take(self, at: int, run: Run, events: list[StepEvent], move: Move) -> None:
        branches = []
        for event in events:
            run = apply(run, event)
            if event.type in ("StepBegun", "JoinReached"):
                self.found.begun.add(event.step or "")
            if event.type == "BranchChosen" and event.step and self.journey.step(event.step).next.how == "first":
                branches.append((event.step, event.to or END))
        taken = Move(move.step, move.outcome, tuple(branches))
        crowded = next((event for event in events if event.type == "JoinReached" and (event.count or 0) > self.most[event.step or ""]), None)
        if crowded:
            self._note("crowded", crowded.step or "", at, taken, have=crowded.count or 0, need=self.need[crowded.step or ""])
        self._reach(at, run, taken)

    def _reach(self, at: int, run: Run, move: Move) -> None:
        key = self._key(run)
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = len(self.standings)
            self.standings.append(_Standing(run, at, move))
            self._judge(known, run)
        if at >= 0:
            self.standings[known].into.append(at)

    def _judge(self, at: int, run: Run) -> None:
        twice = [step for step, times in Counter(run.active.values()).items() if times > 1]
        if twice:
            # Nothing beyond it is looked at, and so there is an end of it. It counts as an end, since it is told already.
            self._note("twice", twice[0], at)
            self.ends.append(at)
        elif run.active:
            self.left.append(at)
        else:
            self.ends.append(at)
            for join, need in self.need.items():
                if 0 < run.arrived.get(join, 0) < need:
                    self._note("starved", join, at, have=run.arrived[join], need=need)

    def _key(self, run: Run) -> Any:
        state = run.state()
        arrived = tuple(sorted((join, min(count, self.most[join] + 1)) for join, count in run.arrived.items()))
        # What later kinds of step may keep counts as a difference, without being known here.
        more = tuple((name, repr(kept)) for name, kept in sorted(state.items()) if name not in _APART)
        return tuple(sorted(run.active.values())), arrived, more

    def _stuck(self) -> None:
        can, left = set(self.ends), list(self.ends)
        while left:
            for before in self.standings[left.pop()].into:
                if before not in can:
                    can.add(before)
                    left.append(before)
        at = next((at for at in range(len(self.standings)) if at not in can), None)
        if at is not None and not any(kind == "unhandled" for kind, *_ in self.seen):
            step = self.standings[at].move
            self._note("stuck", step.step if step and step.step else self.journey.start, at)

    def _dead(self) -> None:
        for step in self.journey.steps:
            if step.id not in self.found.begun:
                self.found.findings.append(Finding("dead", step.id))

    def _note(self, kind: Kind, step: str, at: int, *more: Move, have: int = 0, need: int = 0, outcome: str | None = None) -> None:
        if (kind, step, outcome) not in self.seen:
            self.seen.add((kind, step, outcome))
            self.found.findings.append(Finding(kind, step, (*self._moves(at), *more), have, need, outcome))

    def _moves(self, at: int) -> Iterator[Move]:
        moves = []
        while at >= 0:
            standing = self.standings[at]
            if standing.move:
                moves.append(standing.move)
            at = standing.before
        yield from reversed(moves)
