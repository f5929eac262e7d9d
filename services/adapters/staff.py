"""The agency's people work in the portal itself: its queues are how it is reached, and nothing leaves."""

from __future__ import annotations

from portal.plugins.agency import Answer, Delivery, Promise, Receipt, Refusal, Task, not_understood


class Staff:
    """A handover is a task in the agency's first queue."""

    promise: Promise = "idempotent"

    def prepare(self, delivery: Delivery) -> Task:
        """A task for people."""
        return Task()

    def read(self, answer: Answer) -> Receipt | Refusal:
        """Nothing was called, so no answer can be understood."""
        return not_understood("nothing was asked")


ADAPTER = Staff()
