"""The storms by name, how much of the time each gets, and the order in which they are run on one portal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.storm.faults import PAST_LEASE
from tests.storm.races import callbacks, claim_races
from tests.storm.rig import NoDisk, rig
from tests.storm.storm import Told, blow, calm, check

#: Name -> share of the time.
ENTRIES: dict[str, float] = {
    "kill-workers": 0.14,
    "kill-web": 0.08,
    "postgres-restart": 0.1,
    "commit-ack-cut": 0.08,
    "redis-flushall": 0.06,
    "redis-stopped": 0.06,
    "pause-past-lease": 0.1,
    "hostile-agency": 0.08,
    "callbacks": 0.06,
    "claim-races": 0.04,
    "all-at-once": 0.14,
    "disk-full": 0.06,
}
#: A storm shorter than this would show nothing.
LEAST = {"pause-past-lease": PAST_LEASE + 3, "postgres-restart": 6.0, "disk-full": 12.0}
#: MiB of the disk that fills up: a new cluster and our tables take some 60, its log some 100 more.
DISK = 320
RACES = {"callbacks": callbacks, "claim-races": claim_races}


def run(wanted: Sequence[str], *, seed: int, seconds: float) -> Iterator[Told]:
    """Runs them; those that share a portal are checked together when it is quiet. `disk-full` has a portal of its own, and is left out without one."""
    lengths = {name: max(LEAST.get(name, 4.0), seconds * ENTRIES[name] / sum(ENTRIES[one] for one in wanted)) for name in ENTRIES if name in wanted}
    full = lengths.pop("disk-full", None)
    if lengths:
        yield from _on_one_portal(lengths, seed)
    if full:
        try:
            yield from _on_one_portal({"disk-full": full}, seed, disk=DISK)
        except NoDisk as why:
            print(f"{'disk-full':18} not run: {why}", flush=True)


def _on_one_portal(lengths: Mapping[str, float], seed: int, disk: int | None = None) -> Iterator[Told]:
    storms: list[Told] = []
    with rig(seed=seed, disk=disk) as one:
        for name, seconds in lengths.items():
            storms.append(RACES[name](one, seed=seed, seconds=seconds) if name in RACES else blow(one, name, seed=seed, seconds=seconds))
        calm(one)
        storms[-1].violations += check(one, storms)
    yield from storms
