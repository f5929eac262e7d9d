"""What `make bench` loads and proves has no faults: a bench that cannot run measures nothing."""

from __future__ import annotations

from portal.workflow.soundness import unsound
from tests.bench import journeys


def test_the_five_hundred_definitions_of_the_bench_load() -> None:
    assert journeys.load_500() > 0


def test_the_journeys_of_the_bench_are_sound() -> None:
    assert unsound(journeys.six()) == []
