"""Wake-ups after a commit: handed to one thread of the process, which tells RQ. Best effort: the sweeper finds the same rows."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from portal.settings import Settings

if TYPE_CHECKING:
    from redis import Redis
    from rq import Queue

#: Kinds of job and how far apart, in seconds, one process tells of each. Figures may be a second old, so folding is not asked for at every commit.
PACE = {"drain": 0.05, "sweep": 0.05, "ask": 1.0, "fold": 1.0}
#: Seconds Redis may take to answer.
PATIENCE = 0.25
#: Seconds without any attempt after a failure: first, and at most (doubled each time).
BREAK, LONGEST_BREAK = 0.5, 2.0
#: Seconds a job may run: less than the lease of what it claims (30), more than its own five and one turn's deadline (20).
JOB_TIMEOUT = 28
#: Seconds after which a waiting wake-up is forgotten: the sweeper has long done its work.
FORGOTTEN = 120


def queue_names(workers: int) -> tuple[str, ...]:
    """One queue a worker: RQ takes from a single queue atomically, from several it can lose the job between two steps (rq#1716)."""
    return tuple(f"portal-{number}" for number in range(1, workers + 1))


def waker(settings: Settings) -> Waker:
    """What `Portal.wake` is set to."""
    return Waker(settings.redis_url, queue_names(settings.rq_workers))


class Waker:
    """Call it with kinds of job; it costs a few microseconds, never fails and never waits."""

    def __init__(self, redis_url: str, queues: Sequence[str]) -> None:
        self._url = redis_url
        self._names = tuple(queues)
        #: Jobs told of, failures of Redis, and calls while the breaker was open.
        self.sent = self.failed = self.dropped = 0
        self._shut_until = 0.0
        self._renew()
        # A thread does not survive a fork, and a lock may be held at that moment: each process begins anew.
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._calls: deque[Iterable[str]] = deque()
        #: Kinds that will be told of in any case: asking again for these changes nothing. Replaced by the thread only.
        self._pending: frozenset[str] = frozenset()
        self._called = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self, kinds: Iterable[str]) -> None:
        """Tell RQ soon that there is work of these kinds (`drain`, `sweep`, `ask`, `fold`); others are passed over."""
        if monotonic() < self._shut_until:
            self.dropped += 1
            return
        if self._pending.issuperset(kinds):
            return
        self._calls.append(kinds)
        if not self._called.is_set():
            self._called.set()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        tell = teller(self._url, self._names)
        next_at = dict.fromkeys(PACE, 0.0)
        pause, failures = None, 0
        while True:
            self._called.wait(pause)
            self._called.clear()
            waiting = self._pending | self._asked()
            now = monotonic()
            due = {kind for kind in waiting if next_at[kind] <= now}
            self._pending = waiting - due
            next_at.update((kind, now + PACE[kind]) for kind in due)
            if due and self._told(tell, due):
                failures = 0
            elif due:
                failures += 1
                self._pending = frozenset()
                self._shut_until = monotonic() + min(LONGEST_BREAK, BREAK * 2 ** (failures - 1))
            pause = max(0.0, min(next_at[kind] for kind in self._pending) - monotonic()) if self._pending else None

    def _asked(self) -> set[str]:
        kinds: set[str] = set()
        with suppress(IndexError):
            while True:
                kinds.update(self._calls.popleft())
        return kinds & PACE.keys()

    def _told(self, tell: Callable[[set[str]], int], kinds: set[str]) -> bool:
        from redis.exceptions import RedisError

        try:
            self.sent += tell(kinds)
        except (RedisError, OSError):
            self.failed += 1
            return False
        return True


def client(redis_url: str) -> Redis:
    """A client that gives up after `PATIENCE` seconds and does not try twice."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(redis_url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0), health_check_interval=0)


def teller(redis_url: str, names: Sequence[str]) -> Callable[[set[str]], int]:
    """A function that puts a job of each kind on the shortest queue where none of its kind waits, and says how many it put.

    A job that has not begun will see everything committed before, so a second one behind it would do nothing. And a dead worker's queue holds one
    of each kind at most: the living get the rest.
    """
    from rq import Queue
    from rq.serializers import JSONSerializer

    connection = client(redis_url)
    queues = [Queue(name, connection=connection, serializer=JSONSerializer) for name in names]
    turn = 0

    def tell(kinds: set[str]) -> int:
        nonlocal turn
        turn += 1
        with connection.pipeline(transaction=False) as pipeline:
            for queue in queues:
                pipeline.lrange(queue.key, 0, 100)
            waiting = [[id.decode().partition("_")[0] for id in ids] for ids in pipeline.execute()]
        told = 0
        for kind in sorted(kinds):
            free = [number for number, there in enumerate(waiting) if kind not in there]
            if free:
                chosen = min(free, key=lambda number: (len(waiting[number]), (number - turn) % len(queues)))
                put(queues[chosen], kind)
                waiting[chosen].append(kind)
                told += 1
        return told

    return tell


def put(queue: Queue, kind: str) -> str:
    """One job on a queue: its kind, no arguments; result and failure are not kept. Answers its id."""
    job_id = f"{kind}_{os.urandom(8).hex()}"
    queue.enqueue(kind, job_id=job_id, job_timeout=JOB_TIMEOUT, result_ttl=0, ttl=FORGOTTEN, failure_ttl=FORGOTTEN, description=kind)
    return job_id
