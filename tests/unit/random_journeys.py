"""Random journeys: sound by construction, and the same with something changed; and a judge of them that knows nothing of the runner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from random import Random  # noqa: TID251  (every caller gives the seed)
from typing import NamedTuple

from portal.catalogue.definitions import Arm, Journey, Next, Step

WAITING = ("work", "send", "ask", "decide")


def to(*steps: str) -> Next:
    return Next("all", tuple(Arm(step) for step in steps))


def step(id: str, kind: str, next: Next, **more: object) -> Step:
    return Step(id=id, kind=kind, title={"en": id}, next=next, **more)  # type: ignore[arg-type]


def journey(*steps: Step, start: str | None = None) -> Journey:
    return Journey(id="random", version=1, title={"en": "Random"}, start=start or steps[0].id, steps=steps)


class Sound:
    """Blocks inside blocks, each with one way in and one way out: sequence, choice, parallel ways with their join, rounds with a limit and a way out, steps for
    each item, ways of an error; now and then a step that can be taken back, or one that makes another needless."""

    def __init__(self, chance: Random, depth: int = 3) -> None:
        self.chance, self.steps = chance, list[Step]()
        start = self.block("end", depth, round=False)
        self.journey = journey(*sorted(self.steps, key=lambda one: (one.id != start, one.id)), start=start)

    def add(self, kind: str, next: Next, **more: object) -> str:
        id = f"{kind[0]}{len(self.steps)}"
        if kind in ("work", "send", "decide") and self.chance.random() < 0.1:
            more["undo"] = f"u{len(self.steps) + 1}"
            self.steps.append(step(more["undo"], "work", to("end")))  # type: ignore[arg-type]
        self.steps.append(step(id, kind, next, **more))
        return id

    def block(self, after: str, depth: int, *, round: bool) -> str:
        """Steps that lead to `after`; the id of the first. Inside a round a join that does not wait for all cancels the rest."""
        kinds = ["single", "sequence", "choice", "decide", "ask", "parallel", "parallel", "some", "first", "round", "each", "error", "needless"]
        kind = self.chance.choice(kinds) if depth else "single"
        return getattr(self, kind)(after, depth - 1, round)  # type: ignore[no-any-return]

    def single(self, after: str, depth: int, round: bool) -> str:
        return self.add(self.chance.choice(["work", "send", "notify"]), to(after))

    def each(self, after: str, depth: int, round: bool) -> str:
        return self.add("work", to(after), each="answers.all", needs=self.chance.choice([None, None, 1, 2]))

    def error(self, after: str, depth: int, round: bool) -> str:
        if self.chance.random() < 0.5:
            return self.add("send", to(after), on_error=self.maybe(after, depth, round))
        arms = (Arm(after, outcome="done"), Arm(self.maybe(after, depth, round), outcome="refused"), Arm(after, outcome="failed"))
        return self.add("send", Next("outcome", arms))

    def sequence(self, after: str, depth: int, round: bool) -> str:
        return self.block(self.block(after, depth, round=round), depth, round=round)

    def choice(self, after: str, depth: int, round: bool) -> str:
        arms = [Arm(self.block(after, depth, round=round), when="answers.x"), Arm(self.maybe(after, depth, round))]
        return self.add(self.chance.choice(["work", "notify", "send"]), Next("first", tuple(arms)))

    def decide(self, after: str, depth: int, round: bool) -> str:
        outcomes = ("yes", "no", "later")[: self.chance.randint(2, 3)]
        return self.add("decide", Next("outcome", tuple(Arm(self.maybe(after, depth, round), outcome=one) for one in outcomes)), outcomes=outcomes)

    def ask(self, after: str, depth: int, round: bool) -> str:
        arms = (Arm(after, outcome="answered"), Arm(self.maybe(after, depth, round), outcome="lapsed"))
        return self.add("ask", Next("outcome", arms), fields=("x",), reply_within="5 business_days")

    def parallel(self, after: str, depth: int, round: bool, needs: int = 0) -> str:
        ways = self.chance.randint(2, 3)
        join = self.add("join", to(after), needs=needs or ways)
        return self.add("work", to(*[self.block(join, depth, round=round) for _ in range(ways)]))

    def some(self, after: str, depth: int, round: bool) -> str:
        return self.first(after, depth, round) if round else self.parallel(after, depth, round, needs=1)

    def first(self, after: str, depth: int, round: bool) -> str:
        """Ways of one or two steps that wait: what ends by itself would leave the others no chance to begin."""
        ways = self.chance.randint(2, 3)
        join = self.add("join", to(after), needs=self.chance.randint(1, ways - 1), rest="cancel")
        heads = [self.add("send", to(join if self.chance.random() < 0.6 else self.add("work", to(join)))) for _ in range(ways)]
        return self.add("work", to(*heads))

    def needless(self, after: str, depth: int, round: bool) -> str:
        """Two ways at once; where one comes to its second outcome, the other is not needed, nor is their join."""
        join = self.add("join", to(after), needs=2)
        other = self.add("work", to(join))
        arms = (Arm(join, outcome="yes"), Arm(self.block(after, 0, round=round), outcome="no", cancels=(other, join)))
        return self.add("work", to(other, self.add("decide", Next("outcome", arms), outcomes=("yes", "no"))))

    def round(self, after: str, depth: int, round: bool) -> str:
        # The step that sends back is written first, so that the body can lead to it.
        judge = self.add("decide", to("end"), outcomes=("good", "again"))
        body = self.block(judge, depth, round=True)
        place = next(index for index, one in enumerate(self.steps) if one.id == judge)
        spent = Arm(self.maybe(after, 0, round), outcome="again")
        arms = (Arm(after, outcome="good"), Arm(body, outcome="again", at_most=self.chance.randint(1, 2)), spent)
        self.steps[place] = replace(self.steps[place], next=Next("outcome", arms))
        return body

    def maybe(self, after: str, depth: int, round: bool) -> str:
        """A block, or straight on."""
        return after if self.chance.random() < 0.4 else self.block(after, depth, round=round)


def changed(chance: Random, one: Journey) -> Journey:
    """The journey with one thing changed at random: often, but not always, it is sound no more."""
    steps = list(one.steps)
    at = chance.randrange(len(steps))
    steps[at] = chance.choice([_drop, _add, _retarget, _split, _choose, _kind, _needs, _limit, _rest, _cancels, _undo, _error, _each])(chance, steps, steps[at])
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


def _limit(chance: Random, steps: list[Step], one: Step) -> Step:
    """A round loses its limit, or a way gets one."""
    if any(arm.at_most for arm in one.next.arms):
        return _arms(one, tuple(replace(arm, at_most=None) for arm in one.next.arms))
    return _arms(one, tuple(replace(arm, at_most=1) for arm in one.next.arms)) if one.next.how != "all" else one


def _rest(chance: Random, steps: list[Step], one: Step) -> Step:
    return replace(one, rest="continue" if one.rest == "cancel" else "cancel") if one.kind == "join" else one


def _cancels(chance: Random, steps: list[Step], one: Step) -> Step:
    other = chance.choice(steps)
    return replace(one, cancels=() if one.cancels or other == one or one.kind == "join" else (other.id,))


def _undo(chance: Random, steps: list[Step], one: Step) -> Step:
    return replace(one, undo=chance.choice(steps).id)


def _error(chance: Random, steps: list[Step], one: Step) -> Step:
    return replace(one, on_error=chance.choice([*(other.id for other in steps), "end", None])) if one.kind == "send" and one.next.how != "outcome" else one


def _each(chance: Random, steps: list[Step], one: Step) -> Step:
    return replace(one, each=None if one.each else "answers.all", needs=None) if one.kind == "work" else one


Counts = tuple[tuple[str, int], ...]


class State(NamedTuple):
    """Tokens: under way, at joins, about to enter; ways with a limit taken so often; (step, outcome) of items that ended, how many."""

    active: tuple[str, ...] = ()
    arrived: Counts = ()
    taken: Counts = ()
    items: tuple[tuple[tuple[str, str | None], int], ...] = ()
    ahead: tuple[str, ...] = ()


class Bad(Exception):
    """The journey is unsound, and why."""


class Judge:
    """All orders of all ends, by tokens: another reading of what a journey means, slow and plain. Bad where it is not sound."""

    def __init__(self, one: Journey, most: int = 60_000) -> None:
        self.journey, self.steps, self.most = one, {step.id: step for step in one.steps}, most
        self.to = {step.id: {arm.to for arm in step.next.arms} | ({step.on_error} if step.on_error else set()) for step in one.steps}
        self.into = {id: sum(1 for tos in self.to.values() if id in tos) for id in self.steps}
        self.touched: set[str] = set()

    def judge(self) -> str | None:
        """What is wrong, or None."""
        try:
            self._named()
            self._circles()
            self._search()
        except Bad as bad:
            return str(bad)
        except KeyError as missing:
            return f"nowhere {missing}"
        return None

    def _named(self) -> None:
        for one in self.steps.values():
            if one.undo and (one.undo == self.journey.start or self.into[one.undo]):
                raise Bad(f"undo {one.undo}")
        for join, region in self.journey.regions.items():
            if region.split is None or region.wrong:
                raise Bad(f"region {join}")

    def _circles(self) -> None:
        """No step leads back to itself by ways without a limit, nor by steps that end by themselves."""
        self.endless = {
            id: {arm.to for arm in one.next.arms if arm.at_most is None} | ({one.on_error} if one.on_error else set()) for id, one in self.steps.items()
        }
        quick = {id for id, one in self.steps.items() if one.kind in ("join", "notify") or one.each}
        at_once = {id: tos & quick if id in quick else set[str]() for id, tos in self.to.items()}
        for ways in (self.endless, at_once):
            for id in self.steps:
                if self._round(id, ways):
                    raise Bad(f"circle {id}")

    def _search(self) -> None:
        start = self.steps[self.journey.start]
        if start.kind == "join" and start.needs is None and not self.into[start.id]:
            raise Bad("start")
        first = set(self._go(State(ahead=(self.journey.start,))))
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
        if dead := set(self.steps) - self.touched:
            raise Bad(f"dead {sorted(dead)}")

    def _after(self, state: State) -> Iterator[State]:
        if not state.active:
            for join, count in state.arrived:
                if count < self._need(join):
                    raise Bad(f"starved {join}")
        for id in set(state.active):
            rest = list(state.active)
            rest.remove(id)
            one = self.steps[id]
            self.touched |= {one.undo} if one.undo else set()
            for outcome in self._ends(one):
                for after in self._end(state._replace(active=tuple(rest)), one, outcome):
                    yield from self._go(after)

    def _go(self, state: State) -> Iterator[State]:
        """First come, first entered, until nothing goes on by itself."""
        if not state.ahead:
            yield state
            return
        for after in self._put(state._replace(ahead=state.ahead[1:]), state.ahead[0]):
            yield from self._go(after)

    def _ends(self, one: Step) -> tuple[str | None, ...]:
        if one.kind == "send":
            return ("done", "refused", "failed") if one.next.how == "outcome" else (None, "failed") if one.on_error else (None,)
        return one.outcomes if one.kind == "decide" and one.outcomes else ("answered", "lapsed") if one.kind == "ask" else (None,)

    def _end(self, state: State, one: Step, outcome: str | None) -> Iterator[State]:
        if one.each is None:
            yield from self._leave(state, one, outcome)
            return
        ended = Counter(dict(state.items))
        ended[one.id, outcome] += 1
        state = state._replace(items=tuple(sorted(ended.items(), key=repr)))
        if one.id in state.active and sum(number for (id, _), number in ended.items() if id == one.id) != one.needs:
            yield state
        else:
            yield from self._leave(self._without(state, (one.id,)), one, outcome)

    def _without(self, state: State, gone: Collection[str]) -> State:
        active = tuple(id for id in state.active if id not in gone)
        arrived = tuple((join, count) for join, count in state.arrived if join not in gone)
        state = state._replace(ahead=tuple(id for id in state.ahead if id not in gone))
        return state._replace(active=active, arrived=arrived, items=tuple((key, number) for key, number in state.items if key[0] in active))

    def _need(self, join: str) -> int:
        return self.steps[join].needs or self.into[join]

    def _full(self, join: str) -> int:
        return (
            self._need(join)
            if self.steps[join].rest == "cancel" or self._round(join)
            else max(self._need(join), self.into[join] + (join == self.journey.start))
        )

    def _before(self, id: str) -> set[str]:
        """What can be reached from there in the same round."""
        seen, left = set[str](), [id]
        while left:
            fresh = (self.endless.get(left.pop()) or set()) - seen - {"end"}
            seen |= fresh
            left.extend(fresh)
        return seen

    def _round(self, id: str, ways: dict[str, set[str]] | None = None) -> bool:
        """Whether some way leads from there back to it."""
        seen, left = set[str](), [id]
        while left:
            fresh = (ways or self.to)[left.pop()] - seen - {"end"}
            seen |= fresh
            left.extend(fresh)
        return id in seen

    def _put(self, state: State, id: str) -> Iterator[State]:
        if id == "end":
            yield state
            return
        one = self.steps[id]
        if id in state.active:
            raise Bad(f"twice {id}")
        if one.kind == "join":
            self.touched.add(id)
            yield from self._arrive(state, one)
        elif one.each is not None:
            state = self._without(state, (id,))
            for size in {0, 1, 2, one.needs or 0, (one.needs or 0) + 1}:
                self.touched |= {id} if size else set()
                yield from [state._replace(active=tuple(sorted((*state.active, *[id] * size))))] if size else self._leave(state, one, None)
        elif one.kind == "notify":
            self.touched |= {id} | ({one.undo} if one.undo else set())
            yield from self._leave(state, one, None)
        else:
            self.touched.add(id)
            yield state._replace(active=tuple(sorted((*state.active, id))))

    def _arrive(self, state: State, one: Step) -> Iterator[State]:
        id, before, round = one.id, dict(state.arrived).get(one.id, 0), self._round(one.id)
        if before >= self._full(id) and not round:
            raise Bad(f"crowded {id}")
        count = 1 if before >= self._full(id) else before + 1
        state = state._replace(arrived=tuple(sorted({**dict(state.arrived), id: count}.items())))
        if count != self._need(id):
            yield state
            return
        if one.rest == "cancel":
            state = self._without(state, self.journey.regions[id].steps)
            state = state._replace(ahead=tuple(other for other in state.ahead if other != id))
        if round and any(other == id or id in self._before(other) for other in (*state.active, *state.ahead)):
            raise Bad(f"late {id}")
        yield from self._leave(state, one, None)

    def _leave(self, state: State, one: Step, outcome: str | None) -> Iterator[State]:
        state = self._without(state, one.cancels)
        if outcome == "failed" and one.on_error:
            yield state._replace(ahead=(*state.ahead, one.on_error))
        elif one.next.how == "all":
            yield state._replace(ahead=(*state.ahead, *(arm.to for arm in one.next.arms)))
        else:
            arms = [arm for arm in one.next.arms if one.next.how == "first" or arm.outcome in (outcome, None)]
            yield from self._choose(state, one, sorted(arms, key=lambda arm: arm.outcome is None and one.next.how == "outcome"))

    def _choose(self, state: State, one: Step, arms: list[Arm]) -> Iterator[State]:
        for arm in arms:
            taken, key = dict(state.taken), f"{one.id} {arm.to}"
            if arm.at_most is not None and taken.get(key, 0) >= arm.at_most:
                continue
            after = state
            if arm.at_most is not None:
                after = state._replace(taken=tuple(sorted({**taken, key: taken.get(key, 0) + 1}.items())))
            after = self._without(after, arm.cancels)
            yield after._replace(ahead=(*after.ahead, arm.to))
            if arm.when is None:
                return
        raise Bad(f"unhandled {one.id}")
