"""Clocks: one case's measured time against a standard. The only writer of clocks; due dates are computed, never copied, unless they say so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, literal, select, tuple_
from sqlalchemy.sql import ColumnElement

from portal.catalogue.definitions import Standard
from portal.catalogue.publish import plain
from portal.db import new_id
from portal.events.chain import stamp
from portal.standards import clockwork, overdue, timers
from portal.standards.clockwork import Clock, Standstill, rule_term, term_of
from portal.standards.hours import calendar
from portal.standards.tables import clocks
from portal.standards.tables import timers as timer_rows
from portal.unit_of_work import Row, Work

__all__ = ["RUNNING", "Clock", "calendar", "clock_of", "rule_term", "standing", "start", "stop", "take_over", "term_of"]

#: Clocks in these states have not been stopped: a missed promise is still owed.
RUNNING = frozenset({"running", "paused", "missed"})
#: What a clock covers that measures the answer of one door to another; parties are told nothing of it.
BETWEEN_DOORS = "referral"
#: Conditions of a standard that a clock keeps as they stood when it started (portal/catalogue/definitions.py).
_KEPT = ("ends", "begins", "cutoff", "stops_on", "cancels_on", "resets_on", "pauses", "extend", "tell", "escalate", "consequence")


def standing(work: Work, row: Any) -> Clock:
    """A row of `clocks` as a value to reckon with."""
    hours = calendar(work, row["calendar_hash"]) if row["calendar_hash"] else None
    return Clock(
        rule_term(row["rule"]),
        hours,
        row["started_at"],
        row["due_at"],
        row["original_due_at"],
        row["status"],
        tuple(_standstill(one) for one in row["pauses"]),
        row["extension"],
        row["extended"],
        row["stopped_at"],
        row["missed_at"],
    )


def keep(work: Work, row: Row, clock: Clock, **more: Any) -> None:
    """Writes what became of a clock into its row; where its date is another one, its timers follow."""
    anew = clock.started_at != row["started_at"]
    moves = anew or clock.due_at != row["due_at"]
    work.change(
        row,
        status=clock.status,
        started_at=clock.started_at,
        due_at=clock.due_at,
        pauses=[_written(one) for one in clock.standstills],
        extension=clock.extension,
        extended=clock.extended,
        stopped_at=clock.stopped_at,
        missed_at=clock.missed_at,
        **more,
    )
    if moves and clock.status in ("running", "paused"):
        _retime(work, row, clock, anew=anew)


def start(work: Work, case_id: UUID, standard: Standard, *, agency: str, started_at: datetime, calendar_hash: str, step_run_id: UUID | None = None) -> Row:
    """A clock for the standard, its due date computed on the agency's calendar; its breach and warning timers are armed. `ClockStarted`."""
    rule = {"within": standard.within, "profile": standard.profile, "title": standard.title, "law": standard.law.article if standard.law else None}
    rule |= {name: plain(value) for name in _KEPT if (value := getattr(standard, name)) not in (None, (), "closing", "roll-forward")}
    term = rule_term(rule)
    assert term is not None
    clock = clockwork.begun(term, calendar(work, calendar_hash), started_at)
    row = _add(work, case_id, standard.id, standard.kind, standard.covers, agency, started_at, clock.due_at, "computed", rule, calendar_hash, step_run_id)
    timers.arm(work, case_id, kind="breach", subject=row["id"], due_at=clock.due_at)
    for share in standard.warn_at:
        thousandths = round(share * 1000)
        timers.arm(work, case_id, kind="warning", subject=row["id"], due_at=clockwork.share_at(clock, thousandths), share=thousandths)
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
        if row["status"] not in RUNNING or row["stopped_at"] is not None or not covers(row):
            continue
        timers.disarm(work, case_id, row["id"])
        after = clockwork.stopped(_bare(row), at)
        was = row["status"]
        work.change(row, status=after.status, stopped_at=after.stopped_at, missed_at=after.missed_at)
        if after.status == "met":
            _tell(work, row, "StandardMet", at)
        elif was == "missed":
            work.record(case_id, "ClockStopped", occurred_at=at, agency=row["agency"], clock=str(row["id"]), standard=row["standard"], at=stamp(at))
        else:
            _tell(work, row, "StandardMissed", row["due_at"], stopped_at=stamp(at))
            overdue.begin(work, row)


def miss(work: Work, case_id: UUID, clock_id: UUID) -> list[overdue.PutBefore]:
    """The breach timer of a running clock fired. `StandardMissed`; the promise is still owed, and what follows from that begins.

    Before whom its standard puts it at once.
    """
    row = clock_of(work, case_id, clock_id)
    if row["status"] not in ("running", "paused"):
        return []
    work.change(row, status="missed", missed_at=row["due_at"])
    _tell(work, row, "StandardMissed", row["due_at"])
    overdue.begin(work, row)
    return [overdue.put_before(work, row, role) for role in row["rule"].get("tell", ())]


def warn(work: Work, case_id: UUID, clock_id: UUID, *, share: int) -> None:
    """A warning timer of a running clock fired; `share` in thousandths of the term. `StandardWarned`."""
    row = clock_of(work, case_id, clock_id)
    if row["status"] in ("running", "paused"):
        work.record(case_id, "StandardWarned", agency=row["agency"], clock=str(row["id"]), standard=row["standard"], share=share)


def cancel(work: Work, case_id: UUID, covers: Callable[[Row], bool], *, why: str) -> None:
    """These promises no longer apply. `ClockCancelled`."""
    for row in work.rows(clocks, case_id):
        if row["status"] in RUNNING and row["stopped_at"] is None and covers(row):
            timers.disarm(work, case_id, row["id"])
            work.change(row, status=clockwork.cancelled(_bare(row), work.now).status, stopped_at=work.now)
            work.record(case_id, "ClockCancelled", agency=row["agency"], clock=str(row["id"]), standard=row["standard"], why=why)


def load(work: Work, case_ids: Collection[UUID]) -> None:
    """Reads many cases in hand at once, with their timers."""
    work.load(clocks, case_ids)
    work.load(timer_rows, case_ids)


def rename(work: Work, case_id: UUID, step_run_id: UUID, *, covers: str) -> None:
    """The step run they measure goes by another name now; dates, pauses and the rule they were promised by stay."""
    for row in work.rows(clocks, case_id):
        if row["step_run_id"] == step_run_id and row["covers"] != covers:
            work.change(row, covers=covers)


def of_case(work: Work, case_id: UUID) -> list[Row]:
    """All clocks of a case in hand."""
    return work.rows(clocks, case_id)


def statement(case_id: UUID) -> Select[Any]:
    """The clocks of a case, soonest first, for a reader; pass it through `access.visible`."""
    return select(clocks).where(clocks.c.case_id == case_id).order_by(clocks.c.due_at, clocks.c.id)


def missed(
    *,
    held: Callable[[ColumnElement[UUID]], ColumnElement[bool]],
    agencies: Sequence[str] | None = None,
    limit: int,
    after: tuple[bool, datetime, UUID] | None = None,
) -> Select[Any]:
    """Clocks that were missed and are still owed: cases nobody holds first, then the longest overdue; for a reader, through `access.visible`.

    `held` says of a case id whether somebody works on it (column `assigned`); `agencies` narrows, `after` is the sort key of the last row before.
    """
    assigned = held(clocks.c.case_id).label("assigned")
    found = select(clocks, assigned).where(clocks.c.status == literal("missed", literal_execute=True), clocks.c.stopped_at.is_(None))
    if agencies is not None:
        found = found.where(clocks.c.agency.in_(agencies))
    if after:
        found = found.where(tuple_(held(clocks.c.case_id), clocks.c.due_at, clocks.c.id) > tuple_(*after))
    return found.order_by(assigned, clocks.c.due_at, clocks.c.id).limit(limit)


def near(*, held: Callable[[ColumnElement[UUID]], ColumnElement[bool]], until: datetime, now: datetime, limit: int) -> Select[Any]:
    """Promises that run out by then and are not missed yet, the soonest first, with `assigned` as in `missed`; for a reader, through `access.visible`."""
    # Written out, so that every plan knows the index `clocks_near_ix`.
    running = [literal(status, literal_execute=True) for status in sorted(RUNNING)]
    found = select(clocks, held(clocks.c.case_id).label("assigned")).where(clocks.c.status.in_(running), clocks.c.stopped_at.is_(None))
    return found.where(clocks.c.due_at > now, clocks.c.due_at <= until).order_by(clocks.c.due_at, clocks.c.id).limit(limit)


def soonest(work: Work, case_id: UUID) -> datetime | None:
    """Due instant of the clock that is due first among those still running; what doors promise each other dates no work on the case."""
    owed = (row for row in work.rows(clocks, case_id) if row["covers"] != BETWEEN_DOORS)
    return min((row["due_at"] for row in owed if row["status"] in RUNNING and row["stopped_at"] is None), default=None)


def clock_of(work: Work, case_id: UUID, id: UUID) -> Row:
    """A clock of a case in hand; KeyError where there is none."""
    for row in work.rows(clocks, case_id):
        if row["id"] == id:
            return row
    raise KeyError(id)


def _retime(work: Work, row: Row, clock: Clock, *, anew: bool) -> None:
    """Breach and warnings fire by the new date; a warning that was given is given again only by a clock that is measured `anew`."""
    for timer in work.rows(timer_rows, row["case_id"]):
        if timer["subject"] != row["id"]:
            continue
        if timer["kind"] == "breach":
            work.change(timer, due_at=clock.due_at, generation=timer["generation"] + 1, armed=True, fired_at=None)
        elif timer["kind"] == "warning" and (timer["armed"] or anew):
            due_at = clockwork.share_at(clock, timer["share"])
            work.change(timer, due_at=due_at, generation=timer["generation"] + 1, armed=True, fired_at=None)


def _bare(row: Row) -> Clock:
    """A row without its calendar: enough to stop it, and nothing is read for it."""
    return Clock(None, None, row["started_at"], row["due_at"], row["original_due_at"], row["status"], stopped_at=row["stopped_at"], missed_at=row["missed_at"])


def _standstill(one: dict[str, Any]) -> Standstill:
    instants = {name: datetime.fromisoformat(one[name]) if one[name] else None for name in ("begins", "until", "ended")}
    return replace(Standstill(one["key"], one["awaits"], instants["begins"], instants["until"], one["law"]), ended=instants["ended"])  # type: ignore[arg-type]


def _written(one: Standstill) -> dict[str, Any]:
    ended = stamp(one.ended) if one.ended else None
    return {"key": one.key, "awaits": one.awaits, "law": one.law, "begins": stamp(one.begins), "until": stamp(one.until), "ended": ended}


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
        pauses=[],
        extended=False,
    )
    told = {"clock": str(row["id"]), "due_at": stamp(due_at), "started_at": stamp(started_at), "step_run": str(step_run_id) if step_run_id else None}
    said = {key: rule[key] for key in ("within", "profile", "law", "ends", "begins", "cutoff") if key in rule}
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


def _tell(work: Work, row: Row, type: str, at: datetime, **more: str) -> None:
    told: dict[str, Any] = {"clock": str(row["id"]), "due_at": stamp(row["due_at"]), **more}
    work.record(row["case_id"], type, occurred_at=at, agency=row["agency"], standard=row["standard"], kind=row["kind"], covers=row["covers"], **told)
