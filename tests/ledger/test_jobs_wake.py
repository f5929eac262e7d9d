"""Wake-ups: they cost the caller nothing, and Redis may be gone."""

from __future__ import annotations

import subprocess
import sys

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from portal.jobs.wake import Waker, put, queue_names, teller
from tests.ledger.waiting import until


@pytest.fixture
def names(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Queues of this test alone."""
    return tuple(f"{request.node.name}-{name}" for name in queue_names(2))


def waiting(redis_url: str, name: str) -> list[str]:
    """Kinds that wait on a queue."""
    return [id.partition("_")[0] for id in Queue(name, connection=Redis.from_url(redis_url), serializer=JSONSerializer).job_ids]


def test_many_calls_become_one_job_of_each_kind_a_queue(redis_url: str, names: tuple[str, ...]) -> None:
    wake = Waker(redis_url, names)
    until(lambda: wake({"drain", "something else"}) or wake({"sweep"}) or all(len(waiting(redis_url, name)) == 2 for name in names))
    for _ in range(5000):
        wake({"drain"})
    wake({"fold"})
    until(lambda: wake({"fold"}) or any("fold" in waiting(redis_url, name) for name in names))
    for name in names:
        assert sorted({*waiting(redis_url, name)} - {"fold"}) == sorted(kind for kind in waiting(redis_url, name) if kind != "fold") == ["drain", "sweep"]


def test_the_living_worker_gets_the_jobs(redis_url: str, names: tuple[str, ...]) -> None:
    tell = teller(redis_url, names)
    queues = {name: Queue(name, connection=Redis.from_url(redis_url), serializer=JSONSerializer) for name in names}
    dead, living = names
    for kind in ("drain", "sweep", "fold"):
        put(queues[dead], kind)
    for _ in range(5):
        assert tell({"drain"}) == 1
        assert waiting(redis_url, living) == ["drain"]
        queues[living].empty()
    assert len(waiting(redis_url, dead)) == 3


def test_a_dead_redis_is_asked_seldom_and_told_of(tmp_path: object) -> None:
    wake = Waker(f"unix://{tmp_path}/nobody.sock", ("portal-1",))
    wake({"drain"})
    until(lambda: wake({"drain"}) or wake.dropped > 100)
    assert wake.sent == 0
    assert wake.failed < 10
    until(lambda: wake({"drain"}) or wake.failed > 1)


def test_a_forked_process_has_a_thread_of_its_own(redis_url: str, names: tuple[str, ...]) -> None:
    script = f"""
import os, sys, time
from portal.jobs.wake import Waker
wake = Waker({redis_url!r}, {names[:1]!r})
wake({{"drain"}})
while not wake.sent: time.sleep(0.01)
if not os.fork():
    wake({{"sweep"}})
    end = time.monotonic() + 10
    while wake.sent < 2 and time.monotonic() < end: time.sleep(0.01)
    os._exit(0 if wake.sent == 2 else 1)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=60)
    assert sorted(waiting(redis_url, names[0])) == ["drain", "sweep"]
