"""Door: RQ jobs. They carry wake-ups only; PostgreSQL says what there is to do, and the sweeper finds it without them."""

from portal.jobs.queues import queues_of
from portal.jobs.wake import queue_names, waker

__all__ = ["queue_names", "queues_of", "waker"]
