"""Every standing a journey can come to, found by really stepping the pure runner: each outcome, each condition both ways, lists short and empty.

Why the reduced search is enough. Every step under way holds its own place and nothing takes it away, and arrivals at a join are only counted: ends of
different steps commute. So of all steps under way only those of the earliest group need be ended first (a group: one step, or the steps of one circle;
persistent sets, Godefroid 1996). What are lost are orders, never a standing at which nothing is under way, nor a step that begins; and since a step waits
until all that lies before it is done, two ways that lead to it meet there. Proved equal to the full search on small nets (tests/unit/test_soundness_search.py).
A step that cancels others does not commute with them, nor with what begins them: all of these are one group (portal/workflow/groups.py).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from portal.catalogue.definitions import Arm, Journey, Step
from portal.catalogue.journey_rules import ends
from portal.errors import Conflict
from portal.workflow.groups import Counters, ranks
from portal.workflow.runner import END, Ended, Happening, Run, Started, StepEvent, Stopped, apply, decide, full, needed, spent, way

#: Standings looked at before the search gives up and says so.
LIMIT = 200_000
#: Of `Run.state()`: what is read apart, or has no say in what can follow (the counter, the outcome, what would be taken back).
_APART = frozenset("cajoetiu")

Kind = Literal["starved", "crowded", "late", "twice", "unhandled", "stuck", "dead"]


@dataclass(frozen=True)
class Move:
    """A step ended: its outcome, if it has several, and where branches led."""

    step: str
    outcome: str | None = None
    to: tuple[tuple[str, str], ...] = ()
    #: Steps that began for each item, and how many there were.
    items: tuple[tuple[str, int], ...] = ()


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
    if step.kind == "send" and step.next.how != "outcome":
        return (None,) if step.on_error is None else (None, "failed")
    return ends(step) or (None,)


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
    """Answers to what the runner asks: those of the script, then the first there is; `following` is the next script, until all were tried."""

    def __init__(self, script: list[tuple[int, int]]) -> None:
        self.script, self.at = script, 0

    def one_of(self, several: int) -> int:
        if self.at == len(self.script):
            self.script.append((0, several))
        self.at += 1
        return self.script[self.at - 1][0]

    def __call__(self, when: str) -> bool:
        return self.one_of(2) == 0

    def following(self) -> list[tuple[int, int]] | None:
        script = list(self.script)
        while script and script[-1][0] + 1 == script[-1][1]:
            script.pop()
        return [*script[:-1], (script[-1][0] + 1, script[-1][1])] if script else None


class _Search:
    def __init__(self, journey: Journey, limit: int, reduced: bool) -> None:
        self.journey, self.limit = journey, limit
        self.rank = ranks(journey) if reduced else dict.fromkeys((step.id for step in journey.steps), 0)
        self.counters = Counters(journey)
        joins = [step for step in journey.steps if step.kind == "join"]
        self.need = {join.id: needed(journey, join) for join in joins}
        self.full = {join.id: full(journey, join) for join in joins}
        self.sizes = _sizes(journey)
        self.undone: set[tuple[str, ...]] = set()
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
            self._reach(-1, begin, Move(""), self._doubled(begin))
        while self.left and len(self.standings) <= self.limit:
            self._expand(self.left.popleft())
        self.found.states, self.found.whole = len(self.standings), not self.left
        if self.found.whole:
            self._stuck()
            if begin is None:
                self._dead()
        return self.found

    def _doubled(self, run: Run) -> str | None:
        """A step under way twice at once, other than for several items."""
        counted = Counter(run.active.values())
        return next((step for step, times in counted.items() if times > 1 and self.journey.step(step).each is None), None)

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
        script: list[tuple[int, int]] | None = []
        while script is not None:
            choices = _Choices(script)

            def size(expression: str, choices: _Choices = choices) -> int:
                sizes = self.sizes[expression]
                return sizes[choices.one_of(len(sizes))]

            def is_spent(run: Run, step: Step, arm: Arm, choices: _Choices = choices) -> bool:
                return choices.one_of(2) == 1 if way(step, arm) in self.counters.loose else spent(run, step, arm)

            try:
                self._take(at, run, decide(self.journey, run, happening, choices, size, is_spent=is_spent), move)
            except Conflict:
                # A way that is not written, here or at a step that ended by itself: the runner's own word for it is in the fault.
                self._note("unhandled", move.step or self.journey.start, at, outcome=move.outcome)
            script = choices.following()

    def _take(self, at: int, run: Run, events: list[StepEvent], move: Move) -> None:
        branches, items, opened = [], [], set[str]()
        twice = crowded = late = None
        for event in events:
            step = event.step or ""
            if event.type in ("StepBegun", "ItemsCounted") and event.item is None and step in run.active.values():
                twice = twice or step
            if event.type == "JoinReached":
                again = event.count == 1 and run.arrived.get(step, 0) > 0
                crowded = crowded or (step if again and step not in self.journey.round else None)
                late = late or (step if again and step in opened else None)
                opened |= {step} if event.count == self.need[step] and step in self.journey.round else set()
            if event.type in ("StepBegun", "JoinReached"):
                self.found.begun.add(step)
            if event.undo:
                self.found.begun.add(event.undo)
            if event.type == "BranchChosen" and self._chose(self.journey.step(step), move):
                branches.append((step, event.to or END))
            if event.type == "ItemsCounted":
                items.append((step, event.count or 0))
            run = apply(run, event)
        taken = Move(move.step, move.outcome, tuple(branches), tuple(items))
        if crowded:
            self._note("crowded", crowded, at, taken, have=self.need[crowded] + 1, need=self.need[crowded])
        late = late or next((join for join in sorted(opened) for step in run.active.values() if join in self.counters.before[step]), None)
        if late:
            self._note("late", late, at, taken, need=self.need[late])
        self._reach(at, run, taken, twice)

    def _chose(self, step: Step, move: Move) -> bool:
        """Whether the outcome alone does not say which way was taken."""
        return step.next.how == "first" or (step.next.how == "outcome" and sum(arm.outcome == move.outcome for arm in step.next.arms) > 1)

    def _reach(self, at: int, run: Run, move: Move, twice: str | None) -> None:
        run = self.counters.without_loose(run)
        key = (self._key(run), twice)
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = len(self.standings)
            self.standings.append(_Standing(run, at, move))
            self._judge(known, run, twice)
        if at >= 0:
            self.standings[known].into.append(at)

    def _judge(self, at: int, run: Run, twice: str | None) -> None:
        if run.undo not in self.undone:
            self.undone.add(run.undo)
            self._take_back(at, run)
        if twice:
            # Nothing beyond it is looked at, and so there is an end of it. It counts as an end, since it is told already.
            self._note("twice", twice, at)
            self.ends.append(at)
        elif run.active:
            self.left.append(at)
        else:
            self.ends.append(at)
            for join, need in self.need.items():
                if 0 < run.arrived.get(join, 0) < need:
                    self._note("starved", join, at, have=run.arrived[join], need=need)

    def _take_back(self, at: int, run: Run) -> None:
        """A withdrawal here comes to its end, whatever has to be taken back."""
        if run.stopping:
            return  # the search itself goes through it
        happening: Happening = Stopped()
        for _ in range(len(run.undo) + 1):
            for event in decide(self.journey, replace(run, ended=False), happening, lambda _: True):
                run = apply(run, event)
            if run.ended:
                return
            happening = Ended(min(run.active))
        self._note("stuck", run.undo[-1] if run.undo else self.journey.start, at)

    def _key(self, run: Run) -> Any:
        arrived = tuple(sorted((join, count) for join, count in run.arrived.items() if not (join in self.journey.round and count >= self.full[join])))
        under_way = set(run.active.values())
        items = tuple((step, tuple(sorted(ends.items()))) for step, ends in sorted(run.items.items()) if step in under_way)
        # What later kinds of step may keep counts as a difference, without being known here.
        more = tuple((name, repr(kept)) for name, kept in sorted(run.state().items()) if name not in _APART)
        left = run.undo if run.stopping else ()
        return tuple(sorted(run.active.values())), arrived, items, self.counters.live(run), left, more

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


def _sizes(journey: Journey) -> dict[str, tuple[int, ...]]:
    """Expression -> lengths of its list worth looking at: none, one, several, and one more than is waited for."""
    found: dict[str, set[int]] = {}
    for step in journey.steps:
        if step.each is not None:
            wanted = {0, 1, 2, *((step.needs, step.needs + 1) if step.needs else ())}
            found[step.each] = found.get(step.each, set()) | {min(size, step.most) for size in wanted}
    most = {step.each: min(other.most for other in journey.steps if other.each == step.each) for step in journey.steps if step.each is not None}
    return {each: tuple(sorted(size for size in sizes if size <= most[each])) for each, sizes in found.items()}
