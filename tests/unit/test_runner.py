"""The journey runner: pure, replayable, small; splits, joins and branches."""

from __future__ import annotations

from random import Random  # noqa: TID251  (seeded)

import orjson
import pytest

from portal.catalogue.definitions import Arm, Journey, Next, Step
from portal.errors import Conflict
from portal.workflow.runner import Ended, Run, Started, StepEvent, Stopped, TooManyItems, apply, decide


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


def after(journey: Journey, at: Run, happening: Ended | Started | Stopped, size: int = 0) -> tuple[Run, list[StepEvent]]:
    """One move."""
    events = decide(journey, at, happening, lambda _: False, lambda _: size)
    for event in events:
        at = apply(at, event)
    return at, events


EACH = Journey("each", 1, {"en": "Each"}, "look", (step("look", "work", to("last"), each="answers.sites", most=3, needs=2), step("last", "work", to("end"))))


def test_a_list_is_never_cut() -> None:
    with pytest.raises(TooManyItems, match="There are 4 items for 'look', which is done for at most 3 at once"):
        after(EACH, Run(), Started(), 4)
    assert [event.item for event in after(EACH, Run(), Started(), 3)[1] if event.type == "StepBegun"] == [1, 2, 3]


def test_enough_items_cancel_the_others_and_none_pass_through() -> None:
    at, _ = after(EACH, Run(), Started(), 3)
    at, _ = after(EACH, at, Ended(3))
    assert list(at.active.values()) == ["look", "look"]
    at, events = after(EACH, at, Ended(1))
    assert [(event.type, event.number) for event in events] == [("StepEnded", 1), ("StepCancelled", 2), ("StepBegun", 4)]
    at, events = after(EACH, Run(), Started(), 0)
    assert [event.type for event in events] == ["ItemsCounted", "StepBegun"]


def test_of_several_outcomes_the_one_written_last_counts() -> None:
    sent = step("tell", "send", Next("outcome", tuple(Arm(f"on-{one}", outcome=one) for one in ("done", "refused", "failed"))), each="answers.sites")
    journey = Journey("sent", 1, {"en": "Sent"}, "tell", (sent, *(step(f"on-{one}", "work", to("end")) for one in ("done", "refused", "failed"))))
    for ends, on in ((("done", "done"), "done"), (("refused", "done"), "refused"), (("failed", "refused"), "failed"), ((), "done")):
        at, _ = after(journey, Run(), Started(), len(ends))
        for number, outcome in enumerate(ends, 1):
            at, _ = after(journey, at, Ended(number, outcome))
        assert list(at.active.values()) == [f"on-{on}"]


def test_what_is_being_taken_back_is_not_stopped_again() -> None:
    done = (step("a", "work", to("b"), undo="ua"), step("b", "send", to("c"), undo="ub"), step("c", "work", to("end")))
    journey = Journey("undo", 1, {"en": "Undo"}, "a", (*done, step("ua", "work", to("end")), step("ub", "notify", to("end"))))
    at = Run()
    for happening in (Started(), Ended(1), Ended(2), Stopped()):
        at, _ = after(journey, at, happening)
    assert (at.stopping, list(at.active.values())) == (True, ["ua"]), "the notice went out, and then the first step is taken back"
    assert after(journey, at, Stopped())[1] == []
    at, _ = after(journey, at, Ended(max(at.active)))
    assert (at.ended, at.outcome, at.undo) == (True, "cancelled", ())


def test_what_could_not_be_sent_is_not_taken_back() -> None:
    journey = Journey(
        "f", 1, {"en": "F"}, "a", (step("a", "send", to("b"), undo="u", on_error="b"), step("b", "work", to("end")), step("u", "work", to("end")))
    )
    at, _ = after(journey, Run(), Started())
    at, _ = after(journey, at, Ended(1, "failed"))
    assert [event.type for event in after(journey, at, Stopped())[1]] == ["StepCancelled", "JourneyEnded"]


def test_states_stored_before_there_were_rounds_are_read() -> None:
    """What the first version of the code wrote for a six-step journey."""
    old = {"c": 3, "a": {"2": "council"}, "j": {"both": 1}, "o": None, "e": False}
    assert Run.of(old).state() == old
    assert len(orjson.dumps(old)) < 500
