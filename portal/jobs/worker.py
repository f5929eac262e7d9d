"""The RQ worker: exactly one queue, and only the tasks it was given."""

from __future__ import annotations

import logging
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from time import sleep
from types import FrameType
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DeserializationError, StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import now
from rq.worker import SimpleWorker, WorkerStatus
from rq.worker_registration import clean_worker_registry, register

from portal.jobs.trouble import without_values
from portal.jobs.wake import JOB_TIMEOUT

log = logging.getLogger(__name__)

#: Seconds between two tries to reach Redis; RQ alone would double its pause up to a minute.
RETRY = 1.0
#: Seconds without a sign of life after which RQ takes a worker for dead; it waits 15 less for a job before it gives the next sign.
WORKER_TTL = 20
#: Resident memory in MiB above which a worker ends after its job; its supervisor starts a new one.
MEMORY = 512

#: What a wake-up needs of a job's hash; callbacks, webhooks, dependencies, retries and repeats are not read.
_READ = {b"data", b"origin", b"timeout", b"status", b"created_at", b"enqueued_at", b"ttl"}

Tasks = Mapping[str, Callable[[], object]]


class WakeUp(Job):
    """A job that names a task."""

    def restore(self, raw_data: Any) -> Any:
        """Takes over only what a wake-up needs."""
        return super().restore({name: value for name, value in raw_data.items() if name in _READ})


class TimeOver(BaseException):
    """A task ran longer than a job may. It comes in the middle of anything, so nothing below may take it for a fault of the row that was in hand."""


class OneQueueWorker(SimpleWorker):
    """Runs tasks in its own process.

    RQ's forking worker does 51 jobs a second where this kind does 163, and every fork would build its connections anew. What a fork protects from
    is covered otherwise: a task that hangs meets its timeout, a process that grows or dies is replaced by its supervisor, and what it had claimed
    is a row whose lease ends. A job can name a task and nothing else: RQ itself would import and call whatever Redis says.
    """

    max_connection_wait_time = RETRY

    def __init__(self, queue: str, tasks: Tasks, *, connection: Redis, memory: int = MEMORY) -> None:
        self.tasks = tasks
        self.memory = memory
        self.stopping = False
        one = Queue(queue, connection=connection, serializer=JSONSerializer, job_class=WakeUp)
        super().__init__(
            [one], connection=connection, serializer=JSONSerializer, job_class=WakeUp, worker_ttl=WORKER_TTL, maintenance_interval=60, log_job_description=False
        )

    @property
    def connection_timeout(self) -> int:
        """Seconds after which a Redis that took our connection and does not answer is given up."""
        return int(self.dequeue_timeout) + 2

    def subscribe(self) -> None:
        """Takes no commands over Redis: whoever can write there must not steer workers."""

    def unsubscribe(self) -> None:
        """Nothing to leave."""

    def _install_signal_handlers(self) -> None:
        """`serve` has its own."""

    def run_maintenance_tasks(self) -> None:
        """Drops what a killed worker left half taken: a wake-up is not worth recovering, the sweeper has found its work."""
        for queue in self.queues:
            self.connection.delete(queue.intermediate_queue_key)
            clean_worker_registry(queue)
        self.last_cleaned_at = now()  # type: ignore[assignment]  # RQ declares it by its first value, None

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Says it is alive, and puts itself on the list again where Redis has lost it."""
        super().heartbeat(timeout, pipeline)
        if pipeline is None and not self.connection.hexists(self.key, "pid"):
            with self.connection.pipeline() as again:
                again.hset(self.key, mapping=self.serialize())
                again.expire(self.key, self.worker_ttl + 60)
                register(self, again)
                again.execute()

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Runs its task. Nothing of it is kept: no result, and no exception, whose words might hold personal data."""
        self.set_state(WorkerStatus.BUSY)
        done = self._run(job)
        with self.connection.pipeline() as pipeline:
            pipeline.lrem(queue.intermediate_queue_key, 1, job.id)
            pipeline.delete(job.key)
            self.increment_successful_job_count(pipeline) if done else self.increment_failed_job_count(pipeline)
            self.set_state(WorkerStatus.IDLE, pipeline)
            pipeline.execute()
        if resident() > self.memory:
            log.warning("%s: %d MiB are more than %d, this worker ends", queue.name, resident(), self.memory)
            self.stopping = self._stop_requested = True

    def _run(self, job: Job) -> bool:
        try:
            task = self.tasks[str(job.func_name)]
        except (KeyError, DeserializationError):
            log.error("a job names no task of ours and is dropped")
            return False
        try:
            with self.death_penalty_class(JOB_TIMEOUT, TimeOver):
                task()
        except (Exception, TimeOver) as error:
            log.error("%s failed: %s", job.func_name, without_values(error))
            return False
        return True

    def ask_to_stop(self) -> None:
        """Ends after the task it has begun; at once where it has none."""
        self.stopping = True
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested
        self._stop_requested = True


def serve(queue: str, tasks: Tasks, *, redis_url: str, memory: int = MEMORY) -> None:
    """Work on one queue until SIGTERM or SIGINT, whatever becomes of Redis meanwhile."""
    worker: OneQueueWorker | None = None

    def asked(number: int, frame: FrameType | None) -> None:
        if worker is None:
            raise StopRequested
        worker.ask_to_stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    try:
        while True:
            connection = Redis.from_url(redis_url, socket_connect_timeout=2)
            try:
                worker = OneQueueWorker(queue, tasks, connection=connection, memory=memory)
                worker.work(logging_level="WARNING")
                if worker.stopping:
                    return
            except (RedisError, OSError) as error:
                log.warning("%s: Redis is away (%s)", queue, type(error).__name__)
                if worker is not None and worker.stopping:
                    return
            finally:
                worker = None
                connection.close()
            sleep(RETRY)
    except StopRequested:
        return


def resident() -> int:
    """Most memory this process has held, in MiB (getrusage gives KiB on Linux, bytes on macOS)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024 if sys.platform == "darwin" else 1024)
