"""Breakers: a target that fails time after time is left alone for a while, and the others do not wait behind it. State is in PostgreSQL: workers forget."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.unit_of_work import Work

#: Failures in a row that open a breaker.
TOO_MANY = 5
#: How long it stays open: twice as long at each failure after that, up to the longest.
FIRST, LONGEST = timedelta(seconds=30), timedelta(minutes=10)

_FAILED = """INSERT INTO breakers (target, failures, open_until) VALUES (%s, 1, NULL)
ON CONFLICT (target) DO UPDATE SET failures = breakers.failures + 1 RETURNING failures"""
_OPEN = "UPDATE breakers SET open_until = %s WHERE target = %s"
_WORKED = "UPDATE breakers SET failures = 0, open_until = NULL WHERE target = %s AND failures > 0"
_PUT_OFF = """UPDATE outbox AS o SET next_at = %s FROM (SELECT case_id, id FROM outbox WHERE target = %s AND done_at IS NULL AND parked_at IS NULL
AND next_at < %s FOR UPDATE SKIP LOCKED) AS due WHERE o.case_id = due.case_id AND o.id = due.id"""


def failed(work: Work, target: str) -> None:
    """One more failure in a row (a unit as RELAY)."""
    failures = work.sql(_FAILED, (target,))[0][0]
    if failures >= TOO_MANY:
        work.sql(_OPEN, (work.now + open_for(failures), target))


def worked(work: Work, target: str) -> None:
    """The far side answers: nothing counts against it any more (a unit as RELAY)."""
    work.sql(_WORKED, (target,))


def put_off(work: Work, target: str, until: datetime) -> None:
    """What waits for an open breaker is not due before it closes, so that nobody wakes for it."""
    work.sql(_PUT_OFF, (until, target, until))


def open_for(failures: int) -> timedelta:
    """How long a breaker stays open after so many failures in a row."""
    return min(FIRST * (1 << min(failures - TOO_MANY, 10)), LONGEST)
