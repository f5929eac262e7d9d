"""Crash points as an entry of `make storm`: deaths drawn from the seed, use case after use case, for as long as there is time."""

from __future__ import annotations

import random  # noqa: TID251  # seeded: a storm is replayed by its seed
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers import chosen_binaries, running_servers
from tests.storm.checker import Violation
from tests.storm.crash.run import crashes, figures_differ
from tests.storm.crash.use_cases import USE_CASES
from tests.storm.crash.world import world
from tests.storm.storm import Told

#: Deaths in one use case before the next one's turn.
DEATHS = 3


def deaths(*, seed: int, seconds: float) -> Told:
    """`times`: deaths; each death is an intent that must come to what it would have come to."""
    told, chance = Told("crash-points", seed, seconds), random.Random(f"{seed}/crash-points")
    with ExitStack() as stack:
        both = stack.enter_context(running_servers(chosen_binaries()))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="onedoor-crash-")))
        one = stack.enter_context(world(both.database(), folder))
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            for case in chance.sample(USE_CASES, len(USE_CASES)):
                for crash in crashes(one, case, sample=chance, most=DEATHS):
                    told.times += 1
                    if crash.wrong:
                        told.violations.append(Violation("I1", f"{crash.use_case} died {crash.point} ({crash.number}): {'; '.join(crash.wrong)}", lost=1))
                if time.monotonic() - begun >= seconds:
                    break
        if differ := figures_differ(one):
            told.violations.append(Violation("I6", f"{differ} rows of the figures differ", lost=differ))
        told.seconds, told.counted = time.monotonic() - begun, told.times
    return told
