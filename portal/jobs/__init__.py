"""Door: RQ jobs. They carry wake-ups only; PostgreSQL says what there is to do, and the sweeper finds it without them."""

from portal.jobs.wake import queue_names, waker

__all__ = ["queue_names", "waker"]
