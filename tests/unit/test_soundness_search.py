"""The proof of soundness against random journeys: sound ones never strand a case in the runner, and of the others none gets past it."""

from __future__ import annotations

from collections import Counter
from random import Random  # noqa: TID251  (seeded)

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.catalogue.definitions import Journey
from portal.workflow.explore import explore, outcomes
from portal.workflow.groups import Counters
from portal.workflow.runner import Ended, Happening, Run, Started, StepEvent, Stopped, apply, decide, needed
from portal.workflow.soundness import unsound
from tests.unit.random_journeys import Judge, Sound, changed

#: The same examples on every machine; a failing one is made small.
REPEATABLE = settings(derandomize=True, database=None, deadline=None, max_examples=120)
CHANCE = st.randoms(use_true_random=False)


def walk(chance: Random, journey: Journey, *, withdrawn: float = 0) -> list[StepEvent]:
    """One case from begin to end: any step ends next, with any outcome; now and then it is withdrawn. AssertionError where it is stranded."""
    run, told = Run(), list[StepEvent]()
    happening: Happening = Started()
    for _ in range(20_000):
        events = decide(journey, run, happening, lambda _: chance.random() < 0.5, lambda _: chance.choice([0, 1, 2, 5]))
        for event in events:
            if event.type == "StepBegun" and event.item is None:
                assert event.step not in run.active.values(), f"twice at once: {event.step} beside {run.active}"
            run = apply(run, event)
            assert Run.of(orjson.loads(orjson.dumps(run.state()))) == run
        told += events
        if run.ended:
            short = {id: count for id, count in run.arrived.items() if count < needed(journey, journey.step(id))}
            assert run.outcome == "cancelled" or not short, f"ended while joins still waited: {short}"
            return told
        number = chance.choice(sorted(run.active))
        happening = Stopped() if chance.random() < withdrawn else Ended(number, chance.choice(outcomes(journey.step(run.active[number]))))
    raise AssertionError("the case never ended")


def taken_back(journey: Journey, told: list[StepEvent]) -> None:
    """After a withdrawal exactly the steps that undo what had ended have run, the last first, each once."""
    at = next((index for index, event in enumerate(told) if event.type == "JourneyStopped"), len(told))
    ended = [event for event in told[:at] if event.type == "StepEnded" and event.outcome not in ("refused", "failed")]
    owed = [undo for event in ended if event.step and (undo := journey.step(event.step).undo)]
    done = [event.step for event in told[at:] if event.type == "StepBegun"]
    assert done == (list(dict.fromkeys(reversed(owed))) if told[-1].outcome == "cancelled" else [])


def check_sound(chance: Random) -> None:
    journey = Sound(chance).journey
    assert unsound(journey) == []
    for withdrawn in (0, 0, 0.1):
        told = walk(chance, journey, withdrawn=withdrawn)
        assert told[-1].type == "JourneyEnded"
        taken_back(journey, told)


def check_changed(chance: Random) -> bool | None:
    """Whether the changed journey is unsound; None where the judge cannot say."""
    journey = changed(chance, Sound(chance, depth=2).journey)
    for _ in range(chance.randrange(3)):
        journey = changed(chance, journey)
    try:
        bad = Judge(journey).judge()
    except OverflowError:
        return None
    found = unsound(journey)
    if found and not bad and Counters(journey).loose:
        return None  # counts that are not followed: more is looked at than can happen
    assert bool(bad) == bool(found), f"the judge says {bad}, we say {found}:\n{shown(journey)}"
    return bool(bad)


def check_reduced(chance: Random) -> None:
    """The reduced search finds what the full one finds."""
    journey = changed(chance, Sound(chance, depth=2).journey)
    if unsound(journey) and unsound(journey)[0].kind in ("circle", "nowhere", "chain", "undo", "region"):
        return
    full, less = explore(journey, reduced=False), explore(journey)
    if not (full.whole and less.whole):
        return
    there, here = ({(one.kind, one.step, one.outcome) for one in found.findings} for found in (full, less))
    assert bool(there) == bool(here)
    # Where a case is held up, steps that would have begun after another order of ends are not looked for.
    if not any(kind in ("twice", "stuck", "unhandled") for kind, *_ in there | here):
        assert there == here
        assert full.begun == less.begun
    assert less.states <= full.states


def shown(journey: Journey) -> str:
    return "\n".join(
        f"{one.id} {one.kind} needs={one.needs} {one.rest} each={one.each} cancels={one.cancels} undo={one.undo} error={one.on_error} {one.next.how} "
        f"{[(arm.outcome or arm.when, arm.to, arm.at_most, arm.cancels) for arm in one.next.arms]}"
        for one in journey.steps
    )


@REPEATABLE
@given(CHANCE)
def test_sound_journeys_are_found_sound_and_never_strand_a_case(chance: Random) -> None:
    check_sound(chance)


@REPEATABLE
@given(CHANCE)
def test_of_changed_journeys_the_unsound_are_all_caught_and_no_sound_one_is(chance: Random) -> None:
    check_changed(chance)


@REPEATABLE
@given(CHANCE)
def test_the_reduced_search_finds_what_the_full_one_finds(chance: Random) -> None:
    check_reduced(chance)


def test_the_changes_make_enough_of_both() -> None:
    """Guards the two tests above: a generator of sound journeys only would prove nothing."""
    counted = Counter(check_changed(Random(seed)) for seed in range(300))
    assert counted[True] > 60
    assert counted[False] > 60


def test_a_judge_who_sees_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: a search that overlooks starving joins is caught by the random journeys."""
    import portal.workflow.explore as search

    real = search._Search._note
    monkeypatch.setattr(search._Search, "_note", lambda self, kind, *rest, **more: None if kind == "starved" else real(self, kind, *rest, **more))
    with pytest.raises(AssertionError, match="the judge says starved"):
        for seed in range(300):
            check_changed(Random(seed))


def exhaustive() -> tuple[int, int]:
    """Twenty thousand random journeys of each kind; (cases, failed)."""
    cases = failed = 0
    for seed in range(20_000):
        for check in (check_sound, check_changed, check_reduced):
            cases += 1
            try:
                check(Random(seed))
            except AssertionError as wrong:
                failed += 1
                print(f"{check.__name__}({seed}): {wrong}")
    return cases, failed
