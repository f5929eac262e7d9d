"""Which agencies are to be asked what became of handovers: rows that are due, taken in turns of one agency, and put off while nothing new is heard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal.outbox import deliveries, inbox
from portal.unit_of_work import RELAY, Portal, Row, Work

#: Handovers of one agency asked for in one turn.
MOST = 50
#: Until a turn is over; a process that dies in it leaves its rows to be asked for again.
LEASE = timedelta(minutes=2)

_AGENCIES = """SELECT o.target, b.open_until FROM (SELECT DISTINCT target FROM outbox WHERE ask_at <= %s) AS o LEFT JOIN breakers b USING (target)"""
_PUT_OFF = "UPDATE outbox SET ask_at = %s WHERE target = %s AND ask_at < %s"
_TAKE = """UPDATE outbox AS o SET ask_at = %s FROM (SELECT case_id, id FROM outbox WHERE target = %s AND ask_at <= %s
ORDER BY ask_at LIMIT %s FOR UPDATE SKIP LOCKED) AS due WHERE o.case_id = due.case_id AND o.id = due.id
RETURNING o.case_id, o.subject, o.key, o.remote_id, coalesce(o.done_at, o.placed_at), coalesce(o.asks, 0)"""


@dataclass(frozen=True, slots=True)
class Open:
    """A handover of which more is to be heard."""

    case_id: UUID
    step_run: UUID
    key: str
    remote_id: str | None
    since: datetime
    #: Answers without news so far.
    asks: int


def due(portal: Portal, *, at: datetime | None = None) -> dict[str, list[Open]]:
    """Handovers to ask for now, by agency, committed as ours for a while. An agency that is left alone for the moment is not asked."""
    found: dict[str, list[Open]] = {}
    with portal.work(RELAY, at=at) as work:
        for target, open_until in work.sql(_AGENCIES, (work.now,)):
            if open_until and open_until > work.now:
                work.sql(_PUT_OFF, (open_until, target, open_until))
            else:
                found[target] = [Open(*row) for row in work.sql(_TAKE, (work.now + LEASE, target, work.now, MOST))]
    return {target: rows for target, rows in found.items() if rows}


def heard(work: Work, one: Open, *, status: str | None, remote_id: str | None = None, outcome: str | None = None, says: str = "nothing") -> None:
    """What was heard of a handover of a case in hand. A status that says something new is a report like any other; else it is asked again later,
    and after so many times people are told. `says`: `nothing`, `unknown`, or the code of a failure.
    """
    row = deliveries.of_step(work, one.case_id, one.step_run)
    if row is None or row["ask_at"] is None:
        return
    if remote_id and remote_id != row["remote_id"]:
        work.change(row, remote_id=remote_id)
    if status in inbox.RANKS and inbox.verdict(row, status) == "applied":
        inbox.apply(work, row, f"asked:{one.key}:{status}", {"status": status, "remote_id": remote_id, "outcome": outcome})
        return
    _nothing_new(work, row, says)


def _nothing_new(work: Work, row: Row, says: str) -> None:
    agency = work.catalogue.agencies.get(row["target"])
    asks = (row["asks"] or 0) + 1
    work.change(row, asks=asks, ask_at=deliveries.ask_at(work, row["target"], asks))
    if agency and agency.asks and asks == agency.asks.tell_after:
        deliveries.unheard(work, row, heard=says)
