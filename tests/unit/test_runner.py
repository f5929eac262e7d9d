"""The journey runner: pure, replayable, small; splits, joins and branches."""

from __future__ import annotations

from random import Random  # noqa: TID251  (seeded)

import orjson
import pytest

from portal.catalogue.definitions import Arm, Journey, Next, Step
from portal.errors import Conflict
from portal.workflow.runner import Ended, Run, Started, StepEvent, Stopped, apply, decide


def to(*steps: str) -> Next:
    return Next("all", tuple(Arm(step) for step in steps))


def step(id: str, kind: str, next: Next, **more: object) -> Step:
    return Step(id=id, kind=kind, title={"en": id}, next=next, **more)  # type: ignore[arg-type]


MOVING = Journey(
    id="moving",
    version=1,
    title={"en": "Moving"},
    start="register",
    steps=(
        step("register", "work", to("council", "water")),
        step("council", "work", to("both")),
        step("water", "send", to("both")),
        step("both", "join", to("judge")),
        step("judge", "decide", Next("outcome", (Arm("letter", outcome="granted"), Arm("end", outcome="refused"))), outcomes=("granted", "refused")),
        step("letter", "notify", to("end")),
    ),
)
BRANCH = Journey(
    id="branch",
    version=1,
    title={"en": "Branch"},
    start="look",
    steps=(step("look", "work", Next("first", (Arm("deep", when="answers.big"), Arm("end")))), step("deep", "work", to("end"))),
)


def run(journey: Journey, *outcomes: tuple[str, str | None], holds: bool = False) -> tuple[Run, list[StepEvent]]:
    """Starts the journey and ends the named steps in turn."""
    events = decide(journey, Run(), Started(), lambda _: holds)
    at = Run()
    told = list(events)
    for event in events:
        at = apply(at, event)
    for name, outcome in outcomes:
        number = next(number for number, step in at.active.items() if step == name)
        events = decide(journey, at, Ended(number, outcome), lambda _: holds)
        told += events
        for event in events:
            at = apply(at, event)
    return at, told


def test_a_split_waits_at_its_join_for_both_ways() -> None:
    at, _ = run(MOVING, ("register", None), ("water", None))
    assert sorted(at.active.values()) == ["council"]
    assert at.arrived == {"both": 1}
    at, _ = run(MOVING, ("register", None), ("water", None), ("council", None))
    assert list(at.active.values()) == ["judge"]


def test_the_outcome_of_the_decision_is_the_outcome_of_the_journey() -> None:
    at, told = run(MOVING, ("register", None), ("council", None), ("water", "done"), ("judge", "granted"))
    assert at.ended
    assert at.outcome == "granted"
    assert [event.type for event in told][-1] == "JourneyEnded"
    assert any(event.step == "letter" and event.type == "StepEnded" for event in told)


def test_only_the_way_chosen_is_recorded() -> None:
    _, told = run(BRANCH, ("look", None), holds=True)
    assert [event.to for event in told if event.type == "BranchChosen"] == ["deep"]
    at, _ = run(BRANCH, ("look", None), holds=False)
    assert at.ended
    assert at.outcome == "done"


def test_a_step_ends_once() -> None:
    at, _ = run(MOVING, ("register", None))
    with pytest.raises(Conflict):
        decide(MOVING, at, Ended(1), lambda _: False)


def test_stopping_cancels_what_is_under_way_and_nothing_begins_after() -> None:
    at, _ = run(MOVING, ("register", None))
    events = decide(MOVING, at, Stopped(), lambda _: False)
    assert [event.type for event in events] == ["StepCancelled", "StepCancelled", "JourneyEnded"]
    for event in events:
        at = apply(at, event)
    assert at.ended
    assert at.outcome == "cancelled"
    assert not at.active


@pytest.mark.parametrize("seed", range(20))
def test_a_run_is_rebuilt_from_its_events_and_its_stored_state(seed: int) -> None:
    """`apply` over the whole history, and over a history cut anywhere and stored in between, gives the same run."""
    chance = Random(seed)
    order = [("council", None), ("water", None)]
    chance.shuffle(order)
    at, told = run(MOVING, ("register", None), *order, ("judge", chance.choice(["granted", "refused"])))
    rebuilt = Run()
    for event in told:
        rebuilt = Run.of(orjson.loads(orjson.dumps(apply(rebuilt, event).state())))
        assert len(orjson.dumps(rebuilt.state())) < 500
    assert rebuilt == at
