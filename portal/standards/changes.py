"""What may lawfully change a date: a pause, an answer, one extension, a reset, another calendar. Nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from portal.errors import IllegalMove
from portal.events.chain import stamp
from portal.standards import clocks, clockwork, timers
from portal.standards.clockwork import Clock, Standstill, period
from portal.standards.terms import due
from portal.unit_of_work import Row, Work


def pause(
    work: Work,
    case_id: UUID,
    *,
    awaits: str,
    key: UUID,
    at: datetime,
    until: datetime | None = None,
    step: str | None = None,
    only: UUID | None = None,
    past: bool = False,
) -> list[Row]:
    """Stops the clocks whose standard names a law for that wait; those that now stand still. `ClockPaused`.

    `key`: the ask or the step run. `until`: the date to reply by; None for an answer pauses nothing (Raad van State, RVS:2016:2527); for an
    agency it follows from the rule. A pause that would begin at the promise's date or later comes too late. `only` one clock may be meant;
    `past`: only rules that say `retroactive`.
    """
    still = []
    for row in clocks.of_case(work, case_id):
        rule = _rule(row, awaits, step)
        if rule is None or (past and not rule.get("retroactive")) or only not in (None, row["id"]):
            continue
        if row["stopped_at"] is not None or row["step_run_id"] == key:
            continue
        before = clocks.standing(work, row)
        if any(one.key == str(key) for one in before.standstills):
            continue
        begins = clockwork.pause_from(before, at, next_day=rule.get("starts", "next-day") == "next-day")
        ends = until if awaits == "answer" else _longest(before, rule, begins)
        if ends is None or not clockwork.can_pause(before, begins, ends):
            continue
        one = Standstill(str(key), awaits, begins, ends, rule["law"].get("article"))
        after = clockwork.paused(before, one)
        clocks.keep(work, row, after)
        if awaits == "agency":
            timers.arm(work, case_id, kind="lapse", subject=lapse_id(row["id"], key), due_at=ends)
        told = {"pause": str(key), "from": stamp(begins), "until": stamp(ends), "due_at": stamp(after.due_at)}
        _record(work, row, "ClockPaused", at, why=awaits, law=one.law, **told)
        still.append(row)
    return still


def resume(work: Work, case_id: UUID, key: UUID, *, at: datetime, why: str, only: UUID | None = None) -> list[Row]:
    """What these clocks stood still for has come or lapsed: their dates move by exactly the time they stood still. `ClockResumed`."""
    again = []
    for row in clocks.of_case(work, case_id):
        if row["stopped_at"] is not None or only not in (None, row["id"]) or not any(one["key"] == str(key) and not one["ended"] for one in row["pauses"]):
            continue
        after = clockwork.resumed(clocks.standing(work, row), str(key), at)
        clocks.keep(work, row, after)
        timers.disarm(work, case_id, lapse_id(row["id"], key))
        ended = next(one.ended for one in after.standstills if one.key == str(key))
        assert ended is not None
        _record(work, row, "ClockResumed", at, pause=str(key), at=stamp(ended), due_at=stamp(after.due_at), why=why)
        again.append(row)
    return again


def lapse(work: Work, case_id: UUID, id: UUID, *, at: datetime) -> list[Row]:
    """The longest time of a wait for an agency is over; `id` as `lapse_id` made it."""
    for row in clocks.of_case(work, case_id):
        for one in row["pauses"]:
            if lapse_id(row["id"], UUID(one["key"])) == id:
                return resume(work, case_id, UUID(one["key"]), at=at, why="lapsed", only=row["id"])
    return []


def lapse_id(clock: UUID, key: UUID) -> UUID:
    """What the timer of a wait for an agency stands for: each clock may wait its own time."""
    return uuid5(clock, str(key))


def extend(work: Work, row: Row, *, words: UUID | None = None, commitment: str | None = None) -> None:
    """Gives a promise the one extension its standard names, before its date; original and new date are both kept. `ClockMoved`."""
    extension = row["rule"].get("extend")
    if extension is None:
        raise IllegalMove("No law extends this promise.")
    if row["extended"]:
        raise IllegalMove("This promise was extended once already; it cannot be again.")
    if row["status"] not in ("running", "paused") or row["due_at"] <= work.now:
        raise IllegalMove("This promise is no longer open; an extension is told before its date.")
    after = clockwork.extended(clocks.standing(work, row), extension["within"])
    clocks.keep(work, row, after)
    item = str(words) if words else None
    law = extension["law"].get("article")
    _moved(work, row, "extended", within=extension["within"], law=law, words=item, commitment=commitment)


def reset(work: Work, row: Row, *, at: datetime, why: str) -> None:
    """Measures a promise that has not been missed anew; waits that are not over, and their ends, are carried over. `ClockReset`.

    A moment that was true before the clock began measures nothing anew.
    """
    if row["status"] not in ("running", "paused") or not row["started_at"] < at <= row["due_at"]:
        return
    before = clocks.standing(work, row)
    if before.hours is None:
        return
    after = clockwork.reset(before, at)
    for one in (one for one in before.standstills if not clockwork.goes_on(one, at)):
        timers.disarm(work, row["case_id"], lapse_id(row["id"], UUID(one.key)))
    clocks.keep(work, row, after)
    dates = {"started_at": stamp(at), "due_at": stamp(after.due_at), "original_due_at": stamp(after.original_due_at)}
    _record(work, row, "ClockReset", at, why=why, **dates)


def move(work: Work, row: Row, due_at: datetime, *, why: str, calendar_hash: str | None = None) -> None:
    """Another date for a clock that still runs, its timers with it: a calendar was changed. `ClockMoved`."""
    after = clockwork.moved(clocks.standing(work, row), due_at, clocks.calendar(work, calendar_hash) if calendar_hash else None)
    clocks.keep(work, row, after, **({"calendar_hash": calendar_hash} if calendar_hash else {}))
    _moved(work, row, why, calendar_hash=calendar_hash)


def reckoned(work: Work, row: Row, calendar_hash: str) -> datetime:
    """The date a clock would have on another version of its calendar, pauses and extension included."""
    clock: Clock = clocks.standing(work, row)
    return clockwork.reckoned(clockwork.moved(clock, clock.due_at, clocks.calendar(work, calendar_hash)))


def happened(work: Work, case_id: UUID, moment: str, *, at: datetime, among: Callable[[Row], bool] = lambda _: True) -> None:
    """One of the moments a standard may name has come (portal/standards/moments.py): clocks `among` those meant are cancelled, stopped or reset by it."""
    clocks.cancel(work, case_id, lambda row: moment in row["rule"].get("cancels_on", ()) and among(row), why=moment)
    clocks.stop(work, case_id, lambda row: moment in row["rule"].get("stops_on", ()) and among(row), at=at)
    for row in clocks.of_case(work, case_id):
        if moment in row["rule"].get("resets_on", ()) and row["stopped_at"] is None and among(row):
            reset(work, row, at=at, why=moment)


def _rule(row: Row, awaits: str, step: str | None) -> dict[str, Any] | None:
    """The pause a standard names for that wait."""
    for rule in row["rule"].get("pauses", ()):
        if rule["awaits"] == awaits and (not rule.get("steps") or step in rule["steps"]):
            found: dict[str, Any] = rule
            return found
    return None


def _longest(clock: Clock, rule: dict[str, Any], begins: datetime) -> datetime | None:
    within = rule.get("within")
    if clock.hours is None or within is None:
        return None
    return due(period(within), clock.hours, begins)


def _moved(work: Work, row: Row, why: str, **data: Any) -> None:
    dates = {"due_at": stamp(row["due_at"]), "original_due_at": stamp(row["original_due_at"])}
    _record(work, row, "ClockMoved", work.now, why=why, **dates, **{key: value for key, value in data.items() if value is not None})


def _record(work: Work, row: Row, type: str, occurred_at: datetime, **data: Any) -> None:
    work.record(row["case_id"], type, occurred_at=occurred_at, agency=row["agency"], clock=str(row["id"]), standard=row["standard"], **data)
