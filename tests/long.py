"""`make long`: the whole sets of which `make test` takes samples. Prints a table, writes build/long.json."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

#: Name of a set -> where its function `exhaustive() -> (cases, failed)` stands. Sets that read reference data say so when it is not there.
SETS = {
    "calendar-transitions": "tests.unit.test_calendar_transitions",
    "boston-figures": "tests.ledger.test_kpi_boston",
    "boston-replay": "tests.ledger.test_replay_boston",
    "clock-histories": "tests.unit.clock_histories",
    "crash-points": "tests.storm.test_crash_points",
    "flood": "tests.limits.flood",
    "hostile-inputs": "tests.fuzz.hostile",
    "journey-soundness": "tests.unit.test_soundness_search",
    "permission-matrix": "tests.matrix.test_matrix",
    "permission-mutation": "tests.matrix.removed",
    "schemathesis": "tests.fuzz.described",
    "mails-changed": "tests.channels.test_email",
    "browser-stories": "tests.browser.test_story",
    "rolling-restarts": "tests.stories.test_rolling_restarts",
}
OUT = Path(__file__).parents[1] / "build" / "long.json"


def whole(place: str) -> Callable[[], tuple[int, int]]:
    """The function that runs a whole set."""
    found: Callable[[], tuple[int, int]] = import_module(place).exhaustive
    return found


def main() -> int:
    """Runs every set, or those named on the command line; 1 where anything failed."""
    wanted = sys.argv[1:] or list(SETS)
    told = []
    for name in wanted:
        begun = time.monotonic()
        cases, failed = whole(SETS[name])()
        told.append({"set": name, "cases": cases, "failed": failed})
        print(f"{name:24} {cases:>9,} cases {failed:>6,} failed {time.monotonic() - begun:8.1f} s", flush=True)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(told, indent=1) + "\n")
    return int(any(one["failed"] for one in told))


if __name__ == "__main__":
    sys.exit(main())
