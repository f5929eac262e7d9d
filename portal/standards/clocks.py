"""Clocks: one case's measured time against a standard. The only writer of clocks; due dates are computed, never copied, unless they say so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from portal.catalogue.definitions import Standard
from portal.db import new_id
from portal.events.chain import stamp
from portal.standards import timers
from portal.standards.calendar import Calendar
from portal.standards.tables import clocks
from portal.standards.terms import Term, due, parse_term, share_due
from portal.unit_of_work import Row, Work

#: Clocks in these states have not been stopped: a missed promise is still owed.
RUNNING = frozenset({"running", "paused", "missed"})

_calendars: dict[str, Calendar] = {}


def calendar(work: Work, hash: str) -> Calendar:
    """The calendar of that hash, prepared; a clock keeps the version it started on."""
    if hash not in _calendars:
        _calendars[hash] = Calendar.from_body(work.portal.pinned(work, hash))
    return _calendars[hash]


@lru_cache(maxsize=1024)
def term_of(within: str, profile: str) -> Term:
    """The term of a standard."""
    return parse_term(within, profile=profile)


def start(work: Work, case_id: UUID, standard: Standard, *, agency: str, started_at: datetime, calendar_hash: str, step_run_id: UUID | None = None) -> Row:
    """A clock for the standard, its due date computed on the agency's calendar; its breach and warning timers are armed. `ClockStarted`."""
    hours = calendar(work, calendar_hash)
    term = term_of(standard.within, standard.profile)
    due_at = due(term, hours, started_at)
    rule = {"within": standard.within, "profile": standard.profile, "title": standard.title, "law": standard.law.article if standard.law else None}
    row = _add(work, case_id, standard.id, standard.kind, standard.covers, agency, started_at, due_at, "computed", rule, calendar_hash, step_run_id)
    timers.arm(work, case_id, kind="breach", subject=row["id"], due_at=due_at)
    for share in standard.warn_at:
        timers.arm(work, case_id, kind="warning", subject=row["id"], due_at=share_due(term, hours, started_at, share), share=round(share * 1000))
    return row


def take_over(
    work: Work,
    case_id: UUID,
    *,
    standard: str,
    agency: str,
    started_at: datetime,
    due_at: datetime,
    source: str,
    rule: dict[str, Any],
    calendar_hash: str | None = None,
) -> Row:
    """A clock whose date comes from elsewhere (`imported`), or was computed by a rule outside the catalogue (`computed`). `ClockStarted`."""
    row = _add(work, case_id, standard, "promise", "case", agency, started_at, due_at, source, rule, calendar_hash, None)
    timers.arm(work, case_id, kind="breach", subject=row["id"], due_at=due_at)
    return row


def stop(work: Work, case_id: UUID, covers: Callable[[Row], bool], *, at: datetime | None = None) -> None:
    """What these clocks measure has happened: kept where it was in time, else missed. `StandardMet` or `StandardMissed`, once each."""
    at = at or work.now
    for row in work.rows(clocks, case_id):
        if row["status"] not in RUNNING or not covers(row):
            continue
        timers.disarm(work, case_id, row["id"])
        if row["status"] == "missed":
            work.change(row, stopped_at=at)
        elif at <= row["due_at"]:
            work.change(row, status="met", stopped_at=at)
            _tell(work, row, "StandardMet", at)
        else:
            work.change(row, status="missed", stopped_at=at, missed_at=row["due_at"])
            _tell(work, row, "StandardMissed", row["due_at"])


def miss(work: Work, case_id: UUID, clock_id: UUID) -> None:
    """The breach timer of a running clock fired. `StandardMissed`; the promise is still owed."""
    row = clock_of(work, case_id, clock_id)
    if row["status"] == "running":
        work.change(row, status="missed", missed_at=row["due_at"])
        _tell(work, row, "StandardMissed", row["due_at"])


def warn(work: Work, case_id: UUID, clock_id: UUID, *, share: int) -> None:
    """A warning timer of a running clock fired; `share` in thousandths of the term. `StandardWarned`."""
    row = clock_of(work, case_id, clock_id)
    if row["status"] == "running":
        work.record(case_id, "StandardWarned", agency=row["agency"], clock=str(row["id"]), standard=row["standard"], share=share)


def cancel(work: Work, case_id: UUID, covers: Callable[[Row], bool], *, why: str) -> None:
    """These promises no longer apply. `ClockCancelled`."""
    for row in work.rows(clocks, case_id):
        if row["status"] in RUNNING and row["stopped_at"] is None and covers(row):
            timers.disarm(work, case_id, row["id"])
            work.change(row, status="cancelled" if row["status"] != "missed" else "missed", stopped_at=work.now)
            work.record(case_id, "ClockCancelled", agency=row["agency"], clock=str(row["id"]), standard=row["standard"], why=why)


def of_case(work: Work, case_id: UUID) -> list[Row]:
    """All clocks of a case in hand."""
    return work.rows(clocks, case_id)


def statement(case_id: UUID) -> Select[Any]:
    """The clocks of a case, soonest first, for a reader; pass it through `access.visible`."""
    return select(clocks).where(clocks.c.case_id == case_id).order_by(clocks.c.due_at, clocks.c.id)


def missed(*, limit: int, after: UUID | None = None) -> Select[Any]:
    """Clocks that were missed and are still owed, newest case last, for a reader."""
    found = select(clocks).where(clocks.c.status == "missed", clocks.c.stopped_at.is_(None))
    return (found.where(clocks.c.id > after) if after else found).order_by(clocks.c.id).limit(limit)


def soonest(work: Work, case_id: UUID) -> datetime | None:
    """Due instant of the clock that is due first among those still running."""
    return min((row["due_at"] for row in work.rows(clocks, case_id) if row["status"] in RUNNING and row["stopped_at"] is None), default=None)


def clock_of(work: Work, case_id: UUID, id: UUID) -> Row:
    """A clock of a case in hand; KeyError where there is none."""
    for row in work.rows(clocks, case_id):
        if row["id"] == id:
            return row
    raise KeyError(id)


def _add(
    work: Work,
    case_id: UUID,
    standard: str,
    kind: str,
    covers: str,
    agency: str,
    started_at: datetime,
    due_at: datetime,
    source: str,
    rule: dict[str, Any],
    calendar_hash: str | None,
    step_run_id: UUID | None,
) -> Row:
    row = work.add(
        clocks,
        case_id=case_id,
        id=new_id(),
        standard=standard,
        kind=kind,
        covers=covers,
        step_run_id=step_run_id,
        agency=agency,
        rule=rule,
        calendar_hash=calendar_hash,
        status="running",
        started_at=started_at,
        due_at=due_at,
        original_due_at=due_at,
        due_source=source,
    )
    told = {"clock": str(row["id"]), "due_at": stamp(due_at), "started_at": stamp(started_at), "step_run": str(step_run_id) if step_run_id else None}
    said = {key: rule[key] for key in ("within", "profile", "law") if key in rule}
    work.record(
        case_id,
        "ClockStarted",
        occurred_at=started_at,
        agency=agency,
        standard=standard,
        kind=kind,
        covers=covers,
        due_source=source,
        rule=said,
        calendar_hash=calendar_hash,
        **told,
    )
    return row


def _tell(work: Work, row: Row, type: str, at: datetime) -> None:
    told = {"clock": str(row["id"]), "due_at": stamp(row["due_at"])}
    work.record(row["case_id"], type, occurred_at=at, agency=row["agency"], standard=row["standard"], kind=row["kind"], covers=row["covers"], **told)
