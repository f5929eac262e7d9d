"""A short storm of each kind that a minute has room for, on real processes; `make storm` runs them all."""

from __future__ import annotations

import pytest

from tests.storm.entries import ENTRIES, RELEASE, run
from tests.storm.faults import PLANS, plan

pytestmark = pytest.mark.slow
SEED = 20261122


@pytest.mark.parametrize("fault", PLANS)
def test_a_plan_follows_from_its_seed(fault: str) -> None:
    assert plan(fault, 1, 20) == plan(fault, 1, 20) != []
    assert [at for at, *_ in plan(fault, 1, 20)] == sorted(at for at, *_ in plan(fault, 1, 20))


@pytest.mark.parametrize("fault", ["kill-workers", "postgres-restart", "redis-flushall"])
def test_a_storm_that_goes_on_has_a_plan_of_its_own_for_each_turn(fault: str) -> None:
    assert plan(fault, 1, 20, turn=1) == plan(fault, 1, 20, turn=1) != plan(fault, 1, 20)


def test_every_storm_has_a_level_for_releases() -> None:
    assert set(RELEASE) == set(ENTRIES)


def test_short_storms_lose_and_double_nothing() -> None:
    wanted = ("kill-workers", "kill-web", "postgres-restart", "commit-ack-cut", "redis-flushall")
    told = list(run(wanted, seed=SEED, seconds=20))
    assert {one.fault for one in told} == set(wanted)
    for one in told:
        assert one.violations == [], one.fault
        assert one.times, one.fault
        assert one.errors_5xx == 0, (one.fault, one.history.odd)
        assert one.history.undecided == [], one.fault
        assert one.history.intents, one.fault
