"""The storms by name, how much of the time each gets, and the order in which they are run on one portal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from tests.storm.faults import PAST_LEASE
from tests.storm.races import callbacks, claim_races
from tests.storm.rig import NoDisk, rig
from tests.storm.storm import NO_LEVEL, Level, Told, blow, calm, check

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
#: What each must come to before a release, and the seconds of one turn of it.
RELEASE: dict[str, tuple[float, Level]] = {
    "kill-workers": (60, Level(times=1_000, rows=30_000, clients=6)),
    "kill-web": (60, Level(times=300)),
    "postgres-restart": (60, Level(times=100, intents=10_000)),
    "commit-ack-cut": (60, Level(times=3_000, intents=3_000)),
    "redis-flushall": (60, Level(times=300, intents=2_000)),
    "redis-stopped": (651, Level(times=10)),
    "pause-past-lease": (PAST_LEASE + 3, Level(times=12)),
    "hostile-agency": (60, Level(times=60)),
    "callbacks": (60, Level(times=100_000)),
    "claim-races": (60, Level(times=20_000)),
    "all-at-once": (1_800, NO_LEVEL),
    "disk-full": (60, Level(times=10)),
}


def run(wanted: Sequence[str], *, seed: int, seconds: float, levels: Mapping[str, Level] | None = None) -> Iterator[Told]:
    """Runs them; those that share a portal are checked together when it is quiet. `disk-full` has a portal of its own, and is left out without one."""
    lengths = {name: max(LEAST.get(name, 4.0), seconds * ENTRIES[name] / sum(ENTRIES[one] for one in wanted)) for name in ENTRIES if name in wanted}
    yield from _run(lengths, seed, levels or {})


def release(wanted: Sequence[str], *, seed: int, share: float = 1.0) -> Iterator[Told]:
    """Each until it has counted enough, or a share of that, on a portal of its own."""
    for name in (one for one in ENTRIES if one in wanted):
        seconds, level = RELEASE[name]
        yield from _run({name: seconds * min(1.0, share) if level is NO_LEVEL else seconds}, seed, {name: level.part(share)})


def _run(lengths: dict[str, float], seed: int, levels: Mapping[str, Level]) -> Iterator[Told]:
    full = lengths.pop("disk-full", None)
    if lengths:
        yield from _on_one_portal(lengths, seed, levels)
    if full:
        try:
            yield from _on_one_portal({"disk-full": full}, seed, levels, disk=DISK)
        except NoDisk as why:
            print(f"{'disk-full':18} not run: {why}", flush=True)


def _on_one_portal(lengths: Mapping[str, float], seed: int, levels: Mapping[str, Level], disk: int | None = None) -> Iterator[Told]:
    storms: list[Told] = []
    with rig(seed=seed, disk=disk) as one:
        for name, seconds in lengths.items():
            drive = RACES.get(name) or partial(blow, fault=name)
            storms.append(drive(one, seed=seed, seconds=seconds, level=levels.get(name, NO_LEVEL)))
        calm(one)
        storms[-1].violations += check(one, storms)
    yield from storms
