"""What a storm does to the portal: each fault is a plan drawn from the seed before it begins, and an act for each of its entries."""

from __future__ import annotations

import errno
import os
import random  # noqa: TID251  # seeded: a storm is replayed by its seed
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.storm.rig import Rig

#: Seconds since the beginning, what is done, and to what.
Planned = tuple[float, str, str]
Plan = list[Planned]
#: Ways an agency may be a burden; some are over by themselves, some are for people.
HOSTILE = ("hangs", "breaks", "busy", "drips", "floods", "lies", "truncates", "redirects", "rejects", "repeats", "disorders", "refuses")
#: Longer than the lease of a claim (portal/outbox/claims.py).
PAST_LEASE = 33.0
#: Free bytes a full disk still has.
LEFT, MIB = 200_000, 1 << 20


def _every(chance: random.Random, seconds: float, least: float, most: float, act: Callable[[int], tuple[str, str]]) -> Plan:
    plan, at, number = [], chance.uniform(0.1, least), 0
    while at < seconds:
        plan.append((round(at, 3), *act(number)))
        at += chance.uniform(least, most)
        number += 1
    return plan


def kill_workers(chance: random.Random, seconds: float) -> Plan:
    """A worker, now and then the sweeper, every 0.15 to 0.5 s."""
    return _every(chance, seconds, 0.15, 0.5, lambda number: ("kill", "sweep" if chance.random() < 0.1 else f"work-{chance.randint(1, 3)}"))


def kill_web(chance: random.Random, seconds: float) -> Plan:
    """A process that serves requests, now and then all of them."""
    return _every(chance, seconds, 0.2, 0.6, lambda number: ("kill-web", "all" if number % 10 == 9 else str(chance.randint(0, 1))))


def postgres_restart(chance: random.Random, seconds: float) -> Plan:
    """Immediate: sessions die where they stand, and the log is replayed."""
    return _every(chance, seconds, 3.0, 6.0, lambda _: ("restart-postgres", ""))


def commit_ack_cut(chance: random.Random, seconds: float) -> Plan:
    """Of all commits this share loses its answer."""
    return [(0.0, "cut", "0.3"), (seconds, "cut", "0")]


def redis_flushall(chance: random.Random, seconds: float) -> Plan:
    """Everything Redis knows is gone."""
    return _every(chance, seconds, 0.2, 0.6, lambda _: ("flushall", ""))


def redis_stopped(chance: random.Random, seconds: float) -> Plan:
    """It takes connections and never answers: a minute at a time where there is time for it, else most of the storm."""
    length = min(60.0, seconds * 0.7)
    turns = max(1, int(seconds // (length + 5)))
    return [entry for turn in range(turns) for entry in ((turn * (length + 5) + 1.0, "stop", "valkey"), (turn * (length + 5) + 1.0 + length, "go", "valkey"))]


def pause_past_lease(chance: random.Random, seconds: float) -> Plan:
    """Workers sleep past the lease of what they hold, and wake."""
    turns = max(1, int(seconds // (PAST_LEASE + 3)))
    plan: Plan = []
    for turn in range(turns):
        at = turn * (PAST_LEASE + 3) + chance.uniform(0.5, 1.5)
        for name in ("work-1", "work-2", "work-3"):
            plan += [(at, "pause", name), (at + PAST_LEASE, "resume", name)]
            at += chance.uniform(0.05, 0.3)
    return sorted(plan)


def hostile_agency(chance: random.Random, seconds: float) -> Plan:
    """Roads behaves worse and worse; water works all the while."""
    plan = _every(chance, seconds, 1.0, 2.5, lambda _: ("behave", f"roads={chance.choice(HOSTILE)}"))
    return [*plan, (seconds, "behave", "roads=works")]


def disk_full(chance: random.Random, seconds: float) -> Plan:
    """The disk of PostgreSQL fills up, and is freed."""
    turns = max(1, int(seconds // 12))
    step = seconds / turns
    return [entry for turn in range(turns) for entry in ((turn * step + step * 0.2, "fill", ""), (turn * step + step * 0.6, "free", ""))]


def all_at_once(chance: random.Random, seconds: float) -> Plan:
    """Everything, thinned out."""
    plan: Plan = []
    for make, keep in ((kill_workers, 0.4), (kill_web, 0.3), (redis_flushall, 0.3), (postgres_restart, 0.5), (hostile_agency, 0.5)):
        plan += [one for one in make(chance, seconds) if chance.random() < keep]
    stop = chance.uniform(0, seconds / 2)
    plan += [
        (0.0, "cut", "0.05"),
        (seconds, "cut", "0"),
        (stop, "stop", "valkey"),
        (min(seconds, stop + 3.0), "go", "valkey"),
        (seconds, "behave", "roads=works"),
    ]
    return sorted(plan)


@dataclass
class Acts:
    """Does what a plan says; counts what counts."""

    rig: Rig
    times: int = 0
    _cuts: int = 0

    def __call__(self, what: str, to: str) -> None:
        """One entry."""
        acts: dict[str, Callable[[str], None]] = {
            "kill": self._kill,
            "kill-web": self._kill_web,
            "restart-postgres": self._restart_postgres,
            "cut": self._cut,
            "flushall": self._flushall,
            "stop": self._stop,
            "go": lambda name: self.rig.servers[name].send_signal(signal.SIGCONT),
            "pause": self._pause,
            "resume": lambda name: self.rig.kill(name, signal.SIGCONT),
            "behave": self._behave,
            "fill": self._fill,
            "free": lambda _: self._ballast.unlink(missing_ok=True),
        }
        acts[what](to)

    def _kill(self, name: str) -> None:
        self.rig.kill(name)
        self.times += 1

    def _kill_web(self, which: str) -> None:
        workers = self.rig.web_workers()
        if which == "all" or not workers:
            self.rig.kill("web")
        else:
            with suppress(ProcessLookupError):
                os.kill(workers[int(which) % len(workers)], signal.SIGKILL)
        self.times += 1

    def _restart_postgres(self, _: str) -> None:
        if not self.rig.postgres.ready():
            return  # it has not come back from the last one: nobody could be in the middle of anything
        process = self.rig.servers["postgres"]
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        self.times += 1

    def _cut(self, share: str) -> None:
        now = int(self.rig.proxy.ask(share))
        self.times += now - self._cuts if float(share) == 0 else 0
        self._cuts = now

    def _flushall(self, _: str) -> None:
        with suppress(redis.RedisError), redis.Redis.from_url(self.rig.valkey.url, socket_timeout=1.0) as client:
            client.flushall()
            self.times += 1

    def _stop(self, name: str) -> None:
        self.rig.servers[name].send_signal(signal.SIGSTOP)
        self.times += 1

    def _pause(self, name: str) -> None:
        self.rig.kill(name, signal.SIGSTOP)
        self.times += 1

    def _behave(self, how: str) -> None:
        agency, _, behaviour = how.partition("=")
        self.rig.behave(**{agency: behaviour})
        self.times += behaviour != "works"

    @property
    def _ballast(self) -> Path:
        return self.rig.postgres.place.parent / "ballast"

    def _fill(self, _: str) -> None:
        with open(self._ballast, "wb", buffering=0) as file:
            try:
                while file.write(b"\0" * MIB) == MIB:
                    pass
            except OSError as full:
                if full.errno != errno.ENOSPC:
                    raise
            file.truncate(max(0, file.tell() - LEFT))
        self.times += 1


#: Name of an entry -> its plan. `callbacks` and `claim-races` have drivers of their own (races.py), `crash-points` is no storm (crash/).
PLANS: dict[str, Callable[[random.Random, float], Plan]] = {
    "kill-workers": kill_workers,
    "kill-web": kill_web,
    "postgres-restart": postgres_restart,
    "commit-ack-cut": commit_ack_cut,
    "redis-flushall": redis_flushall,
    "redis-stopped": redis_stopped,
    "pause-past-lease": pause_past_lease,
    "hostile-agency": hostile_agency,
    "disk-full": disk_full,
    "all-at-once": all_at_once,
}
#: PostgreSQL goes away in these: a 503 that says when to come again is what is promised then.
MAY_REFUSE = frozenset({"postgres-restart", "commit-ack-cut", "disk-full", "all-at-once"})


def plan(fault: str, seed: int, seconds: float, turn: int = 0) -> Plan:
    """The same for the same seed; a storm that goes on until it has counted enough has a turn after the other."""
    return sorted(PLANS[fault](random.Random(f"{seed}/{fault}/{turn}" if turn else f"{seed}/{fault}"), seconds))
