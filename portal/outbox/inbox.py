"""What agencies report: each message taken once for ever, and a step's reported status only ever moves on."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from portal.outbox import deliveries
from portal.unit_of_work import RELAY, Portal, Row, Work

#: Ranks of the statuses an agency may report: what comes late and ranks no higher than what is known changes nothing.
RANKS = {"accepted": 1, "refused": 2, "done": 3}
#: Those that say how it ended; two that differ contradict each other.
FINAL = {2: "refused", 3: "done"}
#: How long a report whose reference nobody knows is tried again, and how soon.
PATIENCE = timedelta(hours=72)
WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600, 1800, 3600))

_FIND = "SELECT case_id, subject FROM outbox WHERE key = %s AND target = %s AND kind = 'delivery'"
_TAKE = """INSERT INTO inbox (source, message_id, case_id, status, body, received_at, next_at, tries) VALUES (%s, %s, %s, %s, %s, %s, %s, 0)
ON CONFLICT DO NOTHING RETURNING 1"""
_HELD = "SELECT status FROM inbox WHERE source = %s AND message_id = %s"
_UNMATCHED = """SELECT source, message_id, body, received_at, tries FROM inbox
WHERE status = 'unmatched' AND next_at <= %s ORDER BY next_at LIMIT %s"""
_SETTLE = "UPDATE inbox SET status = %s, case_id = %s, next_at = NULL WHERE source = %s AND message_id = %s AND status = 'unmatched' RETURNING 1"
_AGAIN = """UPDATE inbox SET tries = tries + 1, next_at = %s, status = CASE WHEN %s THEN 'parked' ELSE status END
WHERE source = %s AND message_id = %s AND status = 'unmatched' RETURNING status"""


class Unmatched:
    """A report that waits for its reference."""

    __slots__ = ("body", "message_id", "received_at", "source", "tries")

    def __init__(self, source: str, message_id: str, body: dict[str, str | None], received_at: datetime, tries: int) -> None:
        self.source, self.message_id, self.body, self.received_at, self.tries = source, message_id, body, received_at, tries


def find(work: Work, agency: str, reference: str) -> tuple[UUID, UUID] | None:
    """Case and step run behind the key of a delivery to this very agency; another agency's is not there (a unit as that agency)."""
    found = work.sql(_FIND, (reference, agency))
    return (found[0][0], found[0][1]) if found else None


def whose(work: Work, reference: str) -> str | None:
    """The agency the delivery of that key was placed for (a unit as the relay)."""
    found = work.sql("SELECT target FROM outbox WHERE key = %s AND kind = 'delivery'", (reference,))
    return str(found[0][0]) if found else None


def take(work: Work, *, source: str, message_id: str, case_id: UUID | None, status: str, body: dict[str, str | None]) -> bool:
    """Takes a message for ever, in the transaction of its effect; False where it was taken before. Waits for another that is just taking the same."""
    next_at = work.now + WAITS[0] if status == "unmatched" else None
    return bool(work.sql(_TAKE, (source, message_id, case_id, status, Jsonb(body), work.now, next_at)))


def taken(work: Work, source: str, beginning: str) -> set[str]:
    """Messages of this source that were taken, by how their ids begin."""
    return {id for (id,) in work.sql("SELECT message_id FROM inbox WHERE source = %s AND starts_with(message_id, %s)", (source, beginning))}


def status_of(work: Work, source: str, message_id: str) -> str | None:
    """What became of a message of this source; None where it never came."""
    found = work.sql(_HELD, (source, message_id))
    return found[0][0] if found else None


def verdict(row: Row, status: str) -> str:
    """`applied` where the report says something new of the delivery, `stale` where more is known already."""
    return "applied" if RANKS[status] > (row["reported"] or 0) else "stale"


def apply(work: Work, row: Row, message_id: str, body: dict[str, str | None]) -> None:
    """The effect of a report that says something new. `AgencyReported`."""
    status = body["status"] or ""
    deliveries.reported(work, row, message=message_id, status=status, rank=RANKS[status], remote_id=body.get("remote_id"), outcome=body.get("outcome"))


def unmatched(portal: Portal, limit: int, *, at: datetime | None = None) -> list[Unmatched]:
    """Reports without a known reference that are to be tried again."""
    with portal.work(RELAY, at=at) as work:
        return [Unmatched(*row) for row in work.sql(_UNMATCHED, (work.now, limit))]


def settle(work: Work, one: Unmatched, *, status: str, case_id: UUID) -> bool:
    """The reference became known; False where somebody else settled it first."""
    return bool(work.sql(_SETTLE, (status, case_id, one.source, one.message_id)))


def contradiction(row: Row, status: str) -> str | None:
    """How the agency had said before that it ended, where it now says otherwise."""
    before = FINAL.get(row["reported"] or 0)
    return before if before and status in FINAL.values() and status != before else None


def again(work: Work, one: Unmatched) -> bool:
    """Still unknown: later, or `parked` once patience is over; True where it is for people now."""
    over = work.now >= one.received_at + PATIENCE
    wait = WAITS[min(one.tries + 1, len(WAITS) - 1)]
    found = work.sql(_AGAIN, (None if over else work.now + wait, over, one.source, one.message_id))
    return bool(found) and found[0][0] == "parked"
