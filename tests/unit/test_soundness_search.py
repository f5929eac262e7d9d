"""The proof of soundness against random journeys: sound ones never strand a case in the runner, and of the others none gets past it."""

from __future__ import annotations

from collections import Counter
from random import Random  # noqa: TID251  (seeded)

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.catalogue.definitions import Journey
from portal.workflow.explore import explore, needed, outcomes
from portal.workflow.runner import Ended, Run, Started, StepEvent, apply, decide
from portal.workflow.soundness import unsound
from tests.unit.random_journeys import Judge, Sound, changed

#: The same examples on every machine; a failing one is made small.
REPEATABLE = settings(derandomize=True, database=None, deadline=None, max_examples=120)
CHANCE = st.randoms(use_true_random=False)


def walk(chance: Random, journey: Journey) -> list[StepEvent]:
    """One case from begin to end: any step ends next, with any outcome. AssertionError where it is stranded."""
    run, told = Run(), list[StepEvent]()
    events = decide(journey, run, Started(), lambda _: chance.random() < 0.5)
    for _ in range(20_000):
        for event in events:
            run = apply(run, event)
        told += events
        assert max(Counter(run.active.values()).values(), default=1) == 1, f"twice at once: {run.active}"
        if run.ended:
            short = {id: count for id, count in run.arrived.items() if count < needed(journey, journey.step(id))}
            assert not short, f"ended while joins still waited: {short}"
            return told
        number = chance.choice(sorted(run.active))
        outcome = chance.choice(outcomes(journey.step(run.active[number])))
        events = decide(journey, run, Ended(number, outcome), lambda _: chance.random() < 0.5)
    raise AssertionError("the case never ended")


def check_sound(chance: Random) -> None:
    journey = Sound(chance).journey
    assert unsound(journey) == []
    for _ in range(3):
        told = walk(chance, journey)
        assert told[-1].type == "JourneyEnded"


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
    assert bool(bad) == bool(found), f"the judge says {bad}, we say {found}:\n{shown(journey)}"
    return bool(bad)


def check_reduced(chance: Random) -> None:
    """The reduced search finds what the full one finds."""
    journey = changed(chance, Sound(chance, depth=2).journey)
    if unsound(journey) and unsound(journey)[0].kind in ("circle", "nowhere", "chain"):
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
        f"{one.id} {one.kind} needs={one.needs} {one.next.how} {[(arm.outcome or arm.when, arm.to) for arm in one.next.arms]}" for one in journey.steps
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
