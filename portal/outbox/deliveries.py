"""Handovers to agencies: placed, taken, set aside. One a step run, so the step run's id is the key the agency de-duplicates on and names when it reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, select, tuple_
from sqlalchemy.sql import ColumnElement

from portal.outbox.rows import leaves, placed
from portal.outbox.schedule import next_run
from portal.outbox.tables import outbox
from portal.unit_of_work import Row, Work

KIND = "delivery"
CANCELLED = "cancelled"
#: Where a handover stands, and the rows of which that holds.
STATES: dict[str, ColumnElement[bool]] = {
    "waiting": and_(outbox.c.done_at.is_(None), outbox.c.parked_at.is_(None)),
    "parked": and_(outbox.c.done_at.is_(None), outbox.c.parked_at.is_not(None)),
    "sent": and_(outbox.c.done_at.is_not(None), outbox.c.refusal.is_distinct_from(CANCELLED)),
    "cancelled": and_(outbox.c.done_at.is_not(None), outbox.c.refusal == CANCELLED),
}
#: Longest between two questions about one handover, unless its agency says longer from the first.
LONGEST_SILENCE = timedelta(days=1)


def place(
    work: Work,
    case_id: UUID,
    *,
    agency: str,
    step_run_id: UUID,
    step: str,
    action: str | None,
    answers: UUID | None,
    service: str | None,
    words: UUID | None = None,
    item: int | None = None,
) -> Row | None:
    """A handover leaves soon; `answers` and `words` are vault items, `item` is that of a list, from 1. `DeliveryPlaced`.
    None, and nothing, for a case that may not reach the outside.
    """
    if not leaves(work, case_id):
        return None
    body = {
        "step_run": str(step_run_id),
        "step": step,
        "action": action or step,
        "service": service,
        "answers": str(answers) if answers else None,
        "words": str(words) if words else None,
        "item": item,
    }
    row = placed(work, case_id, kind=KIND, target=agency, subject=step_run_id, body=body, key=str(step_run_id), next_at=_leaves_at(work, agency))
    _record(work, row, "DeliveryPlaced", action=body["action"], key=row["key"])
    return row


def listed(
    *,
    state: str | None = None,
    agency: str | None = None,
    case_id: UUID | None = None,
    id: UUID | None = None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Select[Any]:
    """Handovers, the oldest first, for a reader; pass it through `access.visible`."""
    wanted = [outbox.c[name] == value for name, value in (("target", agency), ("case_id", case_id), ("id", id)) if value is not None]
    if after:
        wanted.append(tuple_(outbox.c.placed_at, outbox.c.id) > after)
    if state:
        wanted.append(STATES[state])
    return select(outbox).where(outbox.c.kind == KIND, *wanted).order_by(outbox.c.placed_at, outbox.c.id).limit(limit)


def state_of(row: Mapping[str, Any]) -> str:
    """One of STATES."""
    if row["done_at"] is not None:
        return "cancelled" if row["refusal"] == CANCELLED else "sent"
    return "parked" if row["parked_at"] is not None else "waiting"


def of_step(work: Work, case_id: UUID, step_run_id: UUID) -> Row | None:
    """The handover of a step run of a case in hand."""
    return next((row for row in work.rows(outbox, case_id) if row["kind"] == KIND and row["subject"] == step_run_id), None)


def of_case(work: Work, case_id: UUID) -> list[Row]:
    """All handovers of a case in hand."""
    return [row for row in work.rows(outbox, case_id) if row["kind"] == KIND]


def left(work: Work, case_id: UUID) -> bool:
    """True where an agency took a handover of the case."""
    return any(row["kind"] == KIND and row["done_at"] is not None and row["refusal"] != CANCELLED for row in work.rows(outbox, case_id))


def cancel(work: Work, case_id: UUID, step_run_id: UUID) -> None:
    """The step is no longer needed: what has not left does not leave. An attempt that is under way finds its epoch gone."""
    row = of_step(work, case_id, step_run_id)
    if row and row["done_at"] is None:
        work.change(row, done_at=work.now, lease_until=None, epoch=row["epoch"] + 1, refusal=CANCELLED)
    if row and row["ask_at"] is not None:
        work.change(row, ask_at=None)


def retry(work: Work, case_id: UUID, step_run_id: UUID) -> bool:
    """People send a parked handover again, with the same key and fresh patience. `DeliveryRetried`. False where none is parked."""
    row = of_step(work, case_id, step_run_id)
    if row is None or row["parked_at"] is None or row["done_at"] is not None:
        return False
    work.change(row, parked_at=None, refusal=None, attempts=0, crashes=0, placed_at=work.now, next_at=work.now, parcel=None, epoch=row["epoch"] + 1)
    work.wakes.add("drain")
    _record(work, row, "DeliveryRetried")
    return True


def sent(work: Work, row: Row, *, remote_id: str | None) -> None:
    """The agency has it. `DeliverySent`. Where it is asked, that begins to run."""
    work.change(row, done_at=work.now, parked_at=None, lease_until=None, refusal=None, remote_id=remote_id, ask_at=ask_at(work, row["target"], 0))
    _record(work, row, "DeliverySent", attempts=row["attempts"], remote_id=remote_id)


def parked(work: Work, row: Row, *, reason: str, code: str) -> None:
    """It cannot leave by itself. `DeliveryParked`, with the code; the words stay on the row."""
    work.change(row, parked_at=work.now, lease_until=None, refusal=reason)
    _record(work, row, "DeliveryParked", attempts=row["attempts"], refusal=code)


def reported(work: Work, row: Row, *, message: str, status: str, rank: int, remote_id: str | None, outcome: str | None) -> None:
    """The agency reported of itself, and by that has it, whatever became of our call. `AgencyReported`."""
    if row["done_at"] is None:
        work.change(row, epoch=row["epoch"] + 1)
        sent(work, row, remote_id=remote_id)
    ended = status != "accepted"
    work.change(row, reported=rank, remote_id=remote_id or row["remote_id"], asks=0, ask_at=None if ended else ask_at(work, row["target"], 0))
    _record(work, row, "AgencyReported", message=message, status=status, rank=rank, remote_id=remote_id, outcome=outcome)


def contradicted(work: Work, row: Row, *, message: str, said: str, before: str, outcome: str | None) -> None:
    """The agency says that it ended otherwise than it had said before. `AgencyContradicted`."""
    _record(work, row, "AgencyContradicted", message=message, said=said, before=before, outcome=outcome)


def wrote(work: Work, row: Row, *, item: str, commitment: str, kind: str) -> None:
    """The agency wrote something a person reads; the words are in the vault. `AgencyWrote`; `kind`: question, refusal, not-understood or not-theirs."""
    _record(work, row, "AgencyWrote", item=item, commitment=commitment, kind=kind)


def unheard(work: Work, row: Row, *, heard: str) -> None:
    """It was asked time after time and nothing new was heard. `AgencySilent`; `heard`: `nothing`, `unknown` or the code of a failure."""
    _record(work, row, "AgencySilent", asked=row["asks"], heard=heard)


def ask_at(work: Work, agency: str, asks: int) -> datetime | None:
    """When that agency is asked next, after so many answers without news; None where it is never asked."""
    known = work.catalogue.agencies.get(agency)
    if known is None or known.asks is None:
        return None
    return work.now + min(timedelta(minutes=known.asks.after_minutes) * (1 << min(asks, 12)), max(LONGEST_SILENCE, timedelta(minutes=known.asks.after_minutes)))


def _leaves_at(work: Work, agency: str) -> datetime | None:
    """When a handover may leave: with the next file, to an agency that works by files; None: now."""
    known = work.catalogue.agencies.get(agency)
    if known is None or known.batch is None:
        return None
    return next_run(known.batch.runs, known.batch.every_minutes, ZoneInfo(known.calendars[0].zone), work.now)


def _record(work: Work, row: Row, type: str, **data: str | int | None) -> None:
    ids: dict[str, Any] = {"step_run": str(row["subject"])} | ({} if type == "AgencyReported" else {"delivery": str(row["id"])})
    work.record(row["case_id"], type, agency=row["target"], step=row["body"]["step"], **ids | data)
