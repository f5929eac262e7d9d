"""A sample of the crash points; `make long` tries every one."""

from __future__ import annotations

import random  # noqa: TID251  # seeded
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.servers import Servers, chosen_binaries, running_servers
from tests.storm.crash.run import crashes, figures_differ, points_of
from tests.storm.crash.use_cases import USE_CASES
from tests.storm.crash.world import World, world

pytestmark = pytest.mark.slow
SEED = 20261122
#: Use cases of the sample, and deaths in each.
SOME, DEATHS = 12, 1


@pytest.fixture(scope="module")
def place(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    database = servers.database()
    with world(database, tmp_path_factory.mktemp("crash")) as one:
        yield one
    servers.drop(database.name)


def test_whoever_dies_in_the_middle_is_taken_up_again(place: World) -> None:
    chance = random.Random(SEED)
    for case in chance.sample(USE_CASES, SOME):
        for crash in crashes(place, case, sample=chance, most=DEATHS):
            assert crash.wrong == (), crash
    assert figures_differ(place) == 0


def test_points_are_found_by_counting(place: World) -> None:
    intake = next(case for case in USE_CASES if case.name == "intake")
    points, shape = points_of(place, intake)
    assert [one for one in points if "commit" in one] == ["before commit", "after commit"]
    assert points[-2:] == ["before wake-up", "after wake-up"]
    assert shape["CaseOpened"] == 1


def exhaustive() -> tuple[int, int]:
    """Every crash point of every use case; for `make long`."""
    died = wrong = 0
    with ExitStack() as stack:
        both = stack.enter_context(running_servers(chosen_binaries()))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="onedoor-crash-")))
        one = stack.enter_context(world(both.database(), folder))
        for case in USE_CASES:
            before = died
            for crash in crashes(one, case):
                died += 1
                wrong += bool(crash.wrong)
                if crash.wrong:
                    print(f"{crash.use_case}, {crash.number} ({crash.point}): {'; '.join(crash.wrong)}", flush=True)
            if differ := figures_differ(one):
                wrong += 1
                print(f"{case.name}: {differ} rows of the figures differ", flush=True)
            print(f"  {case.name:24} {died - before:>4} crash points", flush=True)
    return died, wrong
