"""What is due and not yet done: for the sweeper, for readiness and for `portal doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.unit_of_work import Work

#: Open rows of the outbox that a claim would take now (portal/outbox/claims.py): not leased, and the oldest of their case for their target.
READY = """FROM outbox o WHERE o.done_at IS NULL AND o.parked_at IS NULL AND o.next_at <= %(now)s AND (o.lease_until IS NULL OR o.lease_until <= %(now)s)
AND (o.kind = 'page' OR NOT EXISTS (SELECT FROM outbox b WHERE b.case_id = o.case_id AND b.target = o.target AND b.kind = o.kind
AND b.done_at IS NULL AND b.parked_at IS NULL AND (b.placed_at, b.id) < (o.placed_at, o.id)
AND NOT (b.kind = 'notice' AND b.attempts = 0 AND b.next_at > %(now)s)))"""
_BACKLOG = f"""SELECT
(SELECT min(due_at) FROM timers WHERE armed AND due_at <= %(now)s),
(SELECT min(due_at) FROM timers WHERE armed AND due_at > %(now)s),
(SELECT greatest(o.next_at, o.lease_until) {READY} ORDER BY o.next_at LIMIT 1),
(SELECT min(next_at) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL AND next_at > %(now)s),
(SELECT min(next_at) FROM inbox WHERE status = 'unmatched' AND next_at <= %(now)s),
(SELECT min(next_at) FROM moves WHERE next_at <= %(now)s),
(SELECT least(min(ask_at), (SELECT min(poll_at) FROM polls WHERE poll_at <= %(now)s)) FROM outbox WHERE ask_at <= %(now)s),
(SELECT least(min(ask_at), (SELECT min(poll_at) FROM polls WHERE poll_at > %(now)s)) FROM outbox WHERE ask_at > %(now)s)"""
_OVERDUE = f"""SELECT
(SELECT count(*) FROM timers WHERE armed AND due_at <= %(now)s),
(SELECT count(*) {READY}),
(SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL AND done_at IS NULL)"""
_UNREAD = """SELECT EXISTS (SELECT FROM events WHERE tx >= (SELECT horizon FROM feed_head))
OR (SELECT position FROM feed_head) > coalesce((SELECT position FROM readers WHERE name = 'figures'), 0)"""


@dataclass(frozen=True)
class Backlog:
    """At `now`: since when the oldest row of each kind of job is due (`sweep`, `drain`, `ask`), and when the next one will be."""

    now: datetime
    late: dict[str, datetime]
    next_at: datetime | None

    @property
    def oldest(self) -> timedelta:
        """How long the oldest due row has waited; zero where none is due."""
        return max((self.now - since for since in self.late.values()), default=timedelta())


def backlog(work: Work) -> Backlog:
    """What is due, in a unit opened as the relay."""
    timer, next_timer, leaving, next_leaving, report, move, ask, next_ask = work.sql(_BACKLOG, {"now": work.now})[0]
    swept = min(filter(None, (timer, report, move)), default=None)
    late = {kind: since for kind, since in (("sweep", swept), ("drain", leaving), ("ask", ask)) if since is not None}
    return Backlog(work.now, late, min(filter(None, (next_timer, next_leaving, next_ask)), default=None))


def overdue(work: Work) -> tuple[int, int, int]:
    """Timers due, rows ready to leave, rows parked for people; in a unit opened as the relay."""
    timers, leaving, parked = work.sql(_OVERDUE, {"now": work.now})[0]
    return timers, leaving, parked


def unread(work: Work) -> bool:
    """True where events wait to enter the figures; in a unit opened for the figures."""
    return bool(work.sql(_UNREAD)[0][0])
