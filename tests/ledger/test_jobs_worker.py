"""The RQ worker: one queue, only our tasks, and no trouble with a Redis that comes and goes."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from portal.jobs.wake import put
from portal.jobs.worker import OneQueueWorker
from portal.local.addresses import private_folder, remove_private_folder
from portal.local.processes import spawn
from portal.local.valkey import Valkey
from tests.ledger.waiting import until

#: A worker whose tasks write a line each into a file.
WORKER = """
import sys
from portal.jobs.worker import serve
def task(kind):
    with open(sys.argv[3], "a") as lines: lines.write(kind + "\\n")
def bad(): raise ValueError("what the citizen" + " wrote")
serve(sys.argv[2], {"drain": lambda: task("drain"), "fold": bad}, redis_url=sys.argv[1])
"""


@pytest.fixture
def queue(redis_url: str) -> Queue:
    """A queue of this test alone."""
    return Queue(f"one-{secrets.token_hex(4)}", connection=Redis.from_url(redis_url), serializer=JSONSerializer)


def burst(queue: Queue, tasks: dict[str, Callable[[], object]], **options: int) -> OneQueueWorker:
    """Works until the queue is empty, in this process."""
    # A process of the tests may have held more than a worker may by now.
    worker = OneQueueWorker(queue.name, tasks, connection=queue.connection, **{"memory": 1_000_000, **options})
    worker.work(burst=True, logging_level="ERROR")
    return worker


def test_a_job_runs_its_task_and_leaves_nothing(queue: Queue) -> None:
    ran: list[str] = []
    ids = [put(queue, "drain"), put(queue, "sweep")]
    burst(queue, {"drain": lambda: ran.append("drain"), "sweep": lambda: ran.append("sweep")})
    assert ran == ["drain", "sweep"]
    assert not list(queue.connection.scan_iter(f"*{queue.name}*"))
    assert not queue.connection.exists(*(f"rq:job:{id}" for id in ids))


def test_what_redis_says_is_not_called(queue: Queue, tmp_path: Path) -> None:
    """Whoever can write to Redis gets no code run: neither as the job nor as its callback."""
    put(queue, "drain")
    queue.enqueue("os.mkdir", str(tmp_path / "made"), job_id="planted")
    queue.connection.hset("rq:job:planted", mapping={"success_callback_name": "antigravity.fly", "webhooks": "[]", "repeats_left": "5"})
    ran: list[int] = []
    worker = burst(queue, {"drain": lambda: ran.append(1)})
    assert ran == [1]
    assert not (tmp_path / "made").exists()
    assert int(queue.connection.hget(worker.key, "failed_job_count") or 0) == 1


def test_the_end_of_a_jobs_time_is_no_fault_of_the_row_in_hand(queue: Queue, caplog: pytest.LogCaptureFixture) -> None:
    """A storm found a notice set aside for people because the time was over while it was being prepared."""
    faults, ran = [], []

    def slow() -> None:
        try:
            os.kill(os.getpid(), signal.SIGALRM)
        except Exception as fault:
            faults.append(fault)

    put(queue, "drain")
    put(queue, "sweep")
    worker = burst(queue, {"drain": slow, "sweep": lambda: ran.append("sweep")})
    assert faults == []
    assert "drain failed: TimeOver" in caplog.text
    assert ran == ["sweep"]
    assert int(queue.connection.hget(worker.key, "failed_job_count") or 0) == 1


def test_a_task_that_fails_is_told_without_its_words(queue: Queue, caplog: pytest.LogCaptureFixture) -> None:
    words = "what the citizen wrote"

    def fails() -> None:
        raise ValueError(words)

    id = put(queue, "drain")
    burst(queue, {"drain": fails})
    assert "ValueError" in caplog.text
    assert "citizen wrote" not in caplog.text
    assert not queue.connection.exists(f"rq:job:{id}")


def test_a_worker_that_grew_ends(queue: Queue) -> None:
    ran: list[int] = []
    put(queue, "drain")
    put(queue, "sweep")
    worker = burst(queue, {"drain": lambda: ran.append(1), "sweep": lambda: ran.append(2)}, memory=1)
    assert ran == [1]
    assert worker.stopping
    assert len(queue) == 1


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Valkey]:
    """A server of this test alone, not started."""
    sockets = private_folder()
    yield Valkey(tmp_path, sockets)
    remove_private_folder(sockets)


def start(server: Valkey, log: Path) -> subprocess.Popen[bytes]:
    """Start the server and wait for it."""
    process = spawn(server.argv(), log=log, environment=dict(os.environ))
    until(server.ready)
    return process


def reads(file: Path) -> str:
    """What is in it; empty where it is not there."""
    return file.read_text() if file.exists() else ""


def test_a_worker_outlives_flushall_and_a_killed_redis(own_redis: Valkey, tmp_path: Path) -> None:
    lines, log = tmp_path / "lines", tmp_path / "log"
    server = start(own_redis, log)
    worker = spawn([sys.executable, "-c", WORKER, own_redis.url, "one", str(lines)], log=log, environment=dict(os.environ))
    try:
        client = Redis.from_url(own_redis.url)
        queue = Queue("one", connection=client, serializer=JSONSerializer)
        for kind in ("fold", "drain"):
            put(queue, kind)
        until(lambda: reads(lines) == "drain\n")
        client.flushall()
        put(queue, "drain")
        until(lambda: reads(lines) == "drain\n" * 2)
        until(lambda: client.scard("rq:workers") == 1)
        server.kill()
        server.wait()
        with pytest.raises(RedisError):
            client.ping()
        server = start(own_redis, log)
        client.flushall()
        put(queue, "drain")
        until(lambda: reads(lines) == "drain\n" * 3)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(15) == 0
        assert client.scard("rq:workers") == 0
        assert "citizen wrote" not in reads(log)
    finally:
        for process in (worker, server):
            process.kill()
            process.wait()
