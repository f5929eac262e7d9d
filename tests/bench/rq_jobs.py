"""The peer RQ: its own scheduler and two of its quickest workers; jobs that do nothing, all due at one instant.

`python -m tests.bench.rq_jobs URL` is one of the workers.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import count

from redis import Redis
from rq import Queue
from rq.worker import SimpleWorker

from tests.servers import ROOT

QUEUE, WORKERS = "peer", 2


def fired(redis_url: str, jobs: int) -> float:
    """Jobs a second, from the instant all are due to the last one done."""
    queue = Queue(QUEUE, connection=Redis.from_url(redis_url))
    queue.delete(delete_jobs=True)
    due = datetime.now(UTC) + timedelta(seconds=3 + jobs / 500)
    for _ in range(jobs):
        queue.enqueue_at(due, "time.monotonic", result_ttl=600)
    workers = [subprocess.Popen([sys.executable, "-m", "tests.bench.rq_jobs", redis_url], cwd=ROOT) for _ in range(WORKERS)]
    try:
        for _ in count():
            if queue.finished_job_registry.get_job_count(cleanup=False) >= jobs:
                return jobs / (datetime.now(UTC) - due).total_seconds()
            if any(worker.poll() is not None for worker in workers):
                raise RuntimeError("an RQ worker ended")
            time.sleep(0.05)
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        for worker in workers:
            worker.wait(30)
    raise AssertionError("unreachable")


def main() -> None:
    """Works until told to stop; one of the workers carries the scheduler."""
    connection = Redis.from_url(sys.argv[1])
    SimpleWorker([Queue(QUEUE, connection=connection)], connection=connection).work(with_scheduler=True, logging_level="ERROR")


if __name__ == "__main__":
    main()
