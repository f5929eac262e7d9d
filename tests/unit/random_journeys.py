"""Random journeys: sound by construction, and the same with something changed; and a judge of them that knows nothing of the runner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random  # noqa: TID251  (every caller gives the seed)

from portal.catalogue.definitions import Arm, Journey, Next, Step

WAITING = ("work", "send", "ask", "decide")


def to(*steps: str) -> Next:
    return Next("all", tuple(Arm(step) for step in steps))


def step(id: str, kind: str, next: Next, **more: object) -> Step:
    return Step(id=id, kind=kind, title={"en": id}, next=next, **more)  # type: ignore[arg-type]


def journey(*steps: Step, start: str | None = None) -> Journey:
    return Journey(id="random", version=1, title={"en": "Random"}, start=start or steps[0].id, steps=steps)


class Sound:
    """Blocks inside blocks, each with one way in and one way out: sequence, choice, parallel ways with their join, rounds with a way out."""

    def __init__(self, chance: Random, depth: int = 3) -> None:
        self.chance, self.steps = chance, list[Step]()
        start = self.block("end", depth, loops=True)
        self.journey = journey(*sorted(self.steps, key=lambda one: (one.id != start, one.id)), start=start)

    def add(self, kind: str, next: Next, **more: object) -> str:
        id = f"{kind[0]}{len(self.steps)}"
        self.steps.append(step(id, kind, next, **more))
        return id

    def block(self, after: str, depth: int, *, loops: bool) -> str:
        """Steps that lead to `after`; the id of the first. Inside a round there is no join: it opens once."""
        kinds = ["single", "sequence", "choice", "decide", "ask"] + (["parallel", "parallel", "some"] if loops else []) + ["round"]
        kind = self.chance.choice(kinds) if depth else "single"
        return getattr(self, kind)(after, depth - 1, loops)  # type: ignore[no-any-return]

    def single(self, after: str, depth: int, loops: bool) -> str:
        return self.add(self.chance.choice(["work", "send", "notify"]), to(after))

    def sequence(self, after: str, depth: int, loops: bool) -> str:
        return self.block(self.block(after, depth, loops=loops), depth, loops=loops)

    def choice(self, after: str, depth: int, loops: bool) -> str:
        arms = [Arm(self.block(after, depth, loops=loops), when="answers.x"), Arm(self.maybe(after, depth, loops))]
        return self.add(self.chance.choice(["work", "notify", "send"]), Next("first", tuple(arms)))

    def decide(self, after: str, depth: int, loops: bool) -> str:
        outcomes = ("yes", "no", "later")[: self.chance.randint(2, 3)]
        return self.add("decide", Next("outcome", tuple(Arm(self.maybe(after, depth, loops), outcome=one) for one in outcomes)), outcomes=outcomes)

    def ask(self, after: str, depth: int, loops: bool) -> str:
        arms = (Arm(after, outcome="answered"), Arm(self.maybe(after, depth, loops), outcome="lapsed"))
        return self.add("ask", Next("outcome", arms), fields=("x",), reply_within="5 business_days")

    def parallel(self, after: str, depth: int, loops: bool, needs: int = 0) -> str:
        ways = self.chance.randint(2, 3)
        join = self.add("join", to(after), needs=needs or ways)
        return self.add("work", to(*[self.block(join, depth, loops=loops) for _ in range(ways)]))

    def some(self, after: str, depth: int, loops: bool) -> str:
        return self.parallel(after, depth, loops, needs=1)

    def round(self, after: str, depth: int, loops: bool) -> str:
        # The step that sends back is written first, so that the body can lead to it.
        judge = self.add("decide", to("end"), outcomes=("good", "again"))
        body = self.block(judge, depth, loops=False)
        place = next(index for index, one in enumerate(self.steps) if one.id == judge)
        self.steps[place] = replace(self.steps[place], next=Next("outcome", (Arm(after, outcome="good"), Arm(body, outcome="again"))))
        return body

    def maybe(self, after: str, depth: int, loops: bool) -> str:
        """A block, or straight on."""
        return after if self.chance.random() < 0.4 else self.block(after, depth, loops=loops)


def changed(chance: Random, one: Journey) -> Journey:
    """The journey with one thing changed at random: often, but not always, it is sound no more."""
    steps = list(one.steps)
    at = chance.randrange(len(steps))
    steps[at] = chance.choice([_drop, _add, _retarget, _split, _choose, _kind, _needs])(chance, steps, steps[at])
    return journey(*steps, start=one.start)


def _arms(steps: Step, arms: tuple[Arm, ...]) -> Step:
    return replace(steps, next=Next(steps.next.how, arms or (Arm("end"),)))


def _drop(chance: Random, steps: list[Step], one: Step) -> Step:
    gone = chance.randrange(len(one.next.arms))
    return _arms(one, tuple(arm for index, arm in enumerate(one.next.arms) if index != gone))


def _add(chance: Random, steps: list[Step], one: Step) -> Step:
    fresh = chance.choice(steps).id
    return replace(one, next=to(*dict.fromkeys([*(arm.to for arm in one.next.arms), fresh])))


def _retarget(chance: Random, steps: list[Step], one: Step) -> Step:
    moved = chance.randrange(len(one.next.arms))
    target = chance.choice([*(other.id for other in steps), "end"])
    return _arms(one, tuple(replace(arm, to=target) if index == moved else arm for index, arm in enumerate(one.next.arms)))


def _split(chance: Random, steps: list[Step], one: Step) -> Step:
    return replace(one, next=to(*dict.fromkeys(arm.to for arm in one.next.arms)))


def _choose(chance: Random, steps: list[Step], one: Step) -> Step:
    if one.next.how == "outcome":
        return one
    arms = [Arm(arm.to, when="answers.y") for arm in one.next.arms]
    return replace(one, next=Next("first", (*arms[:-1], Arm(arms[-1].to))))


def _kind(chance: Random, steps: list[Step], one: Step) -> Step:
    kind = chance.choice(["join", "work", "notify"])
    return replace(one, kind=kind, needs=None, outcomes=()) if one.next.how != "outcome" else one  # type: ignore[arg-type]


def _needs(chance: Random, steps: list[Step], one: Step) -> Step:
    return replace(one, needs=chance.choice([None, 1, 2, 3, 4])) if one.kind == "join" else one


State = tuple[tuple[str, ...], tuple[tuple[str, int], ...]]


class Bad(Exception):
    """The journey is unsound, and why."""


class Judge:
    """All orders of all ends, by tokens: another reading of what a journey means, slow and plain. Bad where it is not sound."""

    def __init__(self, one: Journey, most: int = 60_000) -> None:
        self.journey, self.steps, self.most = one, {step.id: step for step in one.steps}, most
        self.into = {id: sum(1 for step in one.steps if any(arm.to == id for arm in step.next.arms)) for id in self.steps}
        self.touched: set[str] = set()

    def judge(self) -> str | None:
        """What is wrong, or None."""
        try:
            self._circles()
            self._search()
        except Bad as bad:
            return str(bad)
        except KeyError as missing:
            return f"nowhere {missing}"
        return None

    def _circles(self) -> None:
        for id in self.steps:
            seen, left = set[str](), [id] if self.steps[id].kind not in ("work", "decide") else []
            while left:
                for arm in self.steps[left.pop()].next.arms:
                    if arm.to == id:
                        raise Bad(f"circle {id}")
                    if arm.to != "end" and arm.to not in seen and self.steps[arm.to].kind not in ("work", "decide"):
                        seen.add(arm.to)
                        left.append(arm.to)

    def _search(self) -> None:
        start = self.steps[self.journey.start]
        if start.kind == "join" and start.needs is None and not self.into[start.id]:
            raise Bad("start")
        first = set(self._put(((), ()), self.journey.start))
        known: dict[State, set[State]] = {}
        left = list(first)
        while left:
            state = left.pop()
            if state in known:
                continue
            known[state] = set(self._after(state))
            if len(known) > self.most:
                raise OverflowError("too large for this judge")
            left.extend(known[state])
        good = {state for state, after in known.items() if not after}
        grown = True
        while grown:
            more = {state for state, after in known.items() if state not in good and after & good}
            good, grown = good | more, bool(more)
        if len(good) < len(known):
            raise Bad("stuck")
        if set(self.steps) - self.touched:
            raise Bad(f"dead {sorted(set(self.steps) - self.touched)}")

    def _after(self, state: State) -> Iterator[State]:
        active, arrived = state
        twice = [id for id, times in Counter(active).items() if times > 1]
        if twice:
            raise Bad(f"twice {twice}")
        if not active:
            for join, count in arrived:
                if count < self._need(join):
                    raise Bad(f"starved {join}")
        for id in active:
            rest = list(active)
            rest.remove(id)
            one = self.steps[id]
            ends = one.outcomes if one.kind == "decide" and one.outcomes else ("answered", "lapsed") if one.kind == "ask" else (None,)
            for outcome in ends:
                yield from self._leave((tuple(rest), arrived), one, outcome)

    def _need(self, join: str) -> int:
        return self.steps[join].needs or self.into[join]

    def _round(self, id: str) -> bool:
        """Whether some way leads from there back to it."""
        seen, left = set[str](), [id]
        while left:
            fresh = {arm.to for arm in self.steps[left.pop()].next.arms} - seen - {"end"}
            seen |= fresh
            left.extend(fresh)
        return id in seen

    def _put(self, state: State, id: str) -> Iterator[State]:
        if id == "end":
            yield state
            return
        one, (active, arrived) = self.steps[id], state
        self.touched.add(id)
        if one.kind == "join":
            count = dict(arrived).get(id, 0) + 1
            if count > (self._need(id) if self._round(id) else max(self._need(id), self.into[id] + (id == self.journey.start))):
                raise Bad(f"crowded {id}")
            state = active, tuple(sorted({**dict(arrived), id: count}.items()))
            yield from self._leave(state, one, None) if count == self._need(id) else [state]
        elif one.kind == "notify":
            yield from self._leave(state, one, None)
        else:
            yield tuple(sorted((*active, id))), arrived

    def _leave(self, state: State, one: Step, outcome: str | None) -> Iterator[State]:
        if one.next.how == "all":
            states = [state]
            for arm in one.next.arms:
                states = [after for before in states for after in self._put(before, arm.to)]
            yield from states
        elif one.next.how == "outcome":
            arm = next((arm for arm in one.next.arms if arm.outcome == outcome), None) or next((arm for arm in one.next.arms if arm.outcome is None), None)
            if arm is None:
                raise Bad(f"unhandled {one.id}")
            yield from self._put(state, arm.to)
        else:
            for arm in one.next.arms:
                yield from self._put(state, arm.to)
                if arm.when is None:
                    return
            raise Bad(f"unhandled {one.id}")
