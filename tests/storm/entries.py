"""The storms by name, how much of the time each gets, and the order in which they are run on one portal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.storm.faults import PAST_LEASE
from tests.storm.rig import rig
from tests.storm.storm import Told, blow, calm, check

#: Name -> share of the time.
ENTRIES: dict[str, float] = {
    "kill-workers": 0.16,
    "kill-web": 0.1,
    "postgres-restart": 0.12,
    "commit-ack-cut": 0.1,
    "redis-flushall": 0.06,
    "redis-stopped": 0.08,
    "pause-past-lease": 0.1,
    "hostile-agency": 0.08,
    "all-at-once": 0.2,
}
#: A storm shorter than this would show nothing.
LEAST = {"pause-past-lease": PAST_LEASE + 3, "postgres-restart": 6.0}


def run(wanted: Sequence[str], *, seed: int, seconds: float) -> Iterator[Told]:
    """Runs them; all that share one portal are checked together when it is quiet."""
    shared = [name for name in ENTRIES if name in wanted]
    if shared:
        yield from _on_one_portal(shared, seed, seconds)


def _on_one_portal(names: Sequence[str], seed: int, seconds: float) -> Iterator[Told]:
    storms: list[Told] = []
    with rig(seed=seed) as one:
        whole = sum(ENTRIES[name] for name in names)
        for name in names:
            storms.append(blow(one, name, seed=seed, seconds=max(LEAST.get(name, 4.0), seconds * ENTRIES[name] / whole)))
        calm(one)
        storms[-1].violations += check(one, storms)
    yield from storms
