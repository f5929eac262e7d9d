"""The sweeper: finds what is due, nudges RQ, and does the work itself where RQ does not. No leader; several copies are harmless."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from time import monotonic, sleep

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from portal.errors import Unavailable
from portal.jobs.trouble import without_values
from portal.unit_of_work import FIGURES, RELAY, Portal, heartbeats
from portal.views.backlog import Backlog, backlog, unread

log = logging.getLogger(__name__)

#: A row is left to RQ for so long; then the sweeper does the work.
PATIENCE = timedelta(seconds=2)
#: Seconds between two looks: never more, and not less even where rows stay due.
LONGEST, SHORTEST = 0.25, 0.02
#: Seconds between two nudges for work that RQ has not done in time.
NUDGE_EVERY = 1.0
#: Seconds between two looks for events that are not in the figures.
FIGURES_EVERY = 1.0
#: Seconds of pause while PostgreSQL is away, and after work of our own that found nothing: first and at most, doubled each time.
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0


class Sweeper:
    """One loop that only looks; what it does itself runs beside it, one thread a kind, so that a slow agency delays no timer."""

    def __init__(self, portal: Portal, tasks: Mapping[str, Callable[[], int]]) -> None:
        self._portal = portal
        self._tasks = tasks
        self._busy: dict[str, threading.Thread] = {}
        self._vain = dict.fromkeys(tasks, 0)
        self._not_before = dict.fromkeys(tasks, 0.0)
        self._figures_at = self._beat_at = self._nudge_at = 0.0
        #: Set to end `run`; a signal handler may do so.
        self.stopping = False

    def run(self) -> None:
        """Until told to stop, whatever becomes of PostgreSQL and Redis meanwhile."""
        failures = 0
        while not self.stopping:
            try:
                pause = self.round()
                failures = 0
            except (Unavailable, psycopg.Error, SQLAlchemyError) as error:
                if not failures:
                    log.warning("the database does not answer as it should: %s", without_values(error))
                pause = _growing(failures)
                failures += 1
            sleep(pause)
        for thread in list(self._busy.values()):
            thread.join(1.0)

    def round(self) -> float:
        """One look and what follows from it; answers the seconds until the next one. No transaction is open meanwhile."""
        with self._portal.work(RELAY) as work:
            seen = backlog(work)
            if monotonic() >= self._beat_at:
                heartbeats.beat(work)
                self._beat_at = monotonic() + heartbeats.EVERY.total_seconds()
        late = {kind for kind, since in seen.late.items() if seen.now - since >= PATIENCE}
        if nudged := (seen.late.keys() - late) | self._again(late):
            self._portal.wake(nudged)
        if monotonic() >= self._figures_at:
            self._figures_at = monotonic() + FIGURES_EVERY
            with self._portal.work(FIGURES) as work:
                late |= {"fold"} if unread(work) else set()
        for kind in late:
            self._do(kind)
        return until_next(seen)

    def _again(self, late: set[str]) -> set[str]:
        """What was left to RQ in vain is done here, and the workers are told once more: what an outage has left behind is too much for one."""
        if not late or monotonic() < self._nudge_at:
            return set()
        self._nudge_at = monotonic() + NUDGE_EVERY
        return set(late)

    def _do(self, kind: str) -> None:
        """Does the work itself, unless it is at it or has just found nothing to do."""
        if kind in self._busy or monotonic() < self._not_before[kind]:
            return
        self._busy[kind] = thread = threading.Thread(target=self._work, args=(kind,), name=f"sweeper-{kind}", daemon=True)
        thread.start()

    def _work(self, kind: str) -> None:
        done = 0
        try:
            done = self._tasks[kind]()
        except Exception as error:
            # One bad row must not stop the others: it is told, and tried again after a pause.
            log.error("%s failed: %s", kind, without_values(error))
        finally:
            self._not_before[kind] = monotonic() + (0.0 if done else _growing(self._vain[kind]))
            self._vain[kind] = 0 if done else self._vain[kind] + 1
            del self._busy[kind]


def _growing(failures: int) -> float:
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures, 8))


def until_next(seen: Backlog) -> float:
    """Seconds to sleep: to the next instant at which something is due, within bounds."""
    if seen.next_at is None:
        return LONGEST
    return min(LONGEST, max(SHORTEST, (seen.next_at - seen.now).total_seconds()))
