"""Steps that wait: until which instant, for which event, and what ends them. The instant is reckoned once and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from portal.cases.moves import ENDED
from portal.catalogue.definitions import Step, Until
from portal.errors import IllegalMove, Invalid
from portal.runs import ledger
from portal.standards import clocks, timers
from portal.standards.calendar import CalendarEnds
from portal.standards.clockwork import period
from portal.standards.shifts import shifted
from portal.standards.terms import due
from portal.unit_of_work import Row, Work

#: Kind of the timers of waits.
TIMER = "wait"


def begin(work: Work, step: Step, row: Row, *, answers: Mapping[str, Any]) -> str | None:
    """A step run begins to wait. How it ended where it is over at once: `happened`, `reached`, or `unknown` (its date was not told: people look at it)."""
    until = _until(work, step, row["agency"], answers)
    if step.event is None and until is None:
        return "unknown"
    ledger.wait(work, row, event=step.event, until=until)
    if step.event is not None and ledger.take_signal(work, row):
        return "happened"
    if until is not None and until <= work.now:
        return "reached"
    if until is not None:
        timers.arm(work, row["case_id"], kind=TIMER, subject=row["id"], due_at=until)
    return None


def ends(row: Row) -> str:
    """How a wait ends whose instant has come."""
    return "lapsed" if row["awaits"] else "reached"


def signal(work: Work, case: Row, *, event: str, source: str, agency: str | None) -> None:
    """Takes word of an event one of the case's journeys may wait for, now or later. Invalid where none ever does."""
    if case["status"] in ENDED:
        raise IllegalMove(f"The case is {case['status']}: nothing waits any more.")
    known = sorted(events(work, case))
    if event not in known:
        says = f"No journey of this case waits for it; they wait for {', '.join(known)}." if known else "No journey of this case waits for anything."
        raise Invalid(errors=[{"pointer": "/event", "detail": says}])
    ledger.signal(work, case["case_id"], event=event, source=source, agency=agency)


def events(work: Work, case: Row) -> set[str]:
    """What the journeys under way on a case in hand wait for, or may yet, those inside them that have not begun included."""
    running = ledger.running(work, case["case_id"])
    hashes = {run["definition_hash"] for run in running}
    hashes |= {hash for run in running for name, hash in (run["pins"] or {}).items() if name.startswith("journey/")}
    journeys = [work.portal.pinned(work, hash) for hash in hashes]
    return {step.event for journey in journeys for step in journey.steps if step.event}


def _until(work: Work, step: Step, agency: str, answers: Mapping[str, Any]) -> datetime | None:
    hours = clocks.calendar(work, work.catalogue.hashes["calendar", f"{agency}/{work.catalogue.agencies[agency].calendars[0].id}"])
    term = step.lasts or step.within
    try:
        return due(period(term), hours, work.now) if term else _day(hours, step.until, answers) if step.until else None
    except CalendarEnds:
        return None


def _day(hours: Any, until: Until, answers: Mapping[str, Any]) -> datetime | None:
    told = answers.get(until.field)
    if not isinstance(told, str):
        return None
    day, term = date.fromisoformat(told), until.plus or until.minus
    found: datetime = hours.at(shifted(hours, day, period(term), back=until.minus is not None) if term else day)
    return found
