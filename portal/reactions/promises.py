"""What follows from the dates that were promised: moved, near, missed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from portal.cases import registry
from portal.cases.moves import ENDED
from portal.outbox import escalations
from portal.parties import register
from portal.queues import reading, worklist
from portal.reactions import inside
from portal.reactions.acts import of_cases, service_of, start_clock, tell
from portal.standards import changes, clocks, overdue
from portal.standards.moments import MOMENTS
from portal.unit_of_work import Event, Row, Work
from portal.workflow import waiting


def redate(work: Work, events: list[Event]) -> None:
    """Dates of a case have moved: worklists are sorted by the new ones."""
    due = {event.case_id: clocks.soonest(work, event.case_id) for event in events}
    worklist.redue(work, {case_id: at for case_id, at in due.items() if at is not None})


def tell_date(work: Work, events: list[Event]) -> None:
    """The party is told the new date of what it was promised: once a case, and not where there is an outcome already."""
    by_case: dict[UUID, dict[str, Event]] = {}
    for event in events:
        by_case.setdefault(event.case_id, {})[event.data["clock"]] = event
    registry.load(work, by_case)
    register.load(work, by_case)
    for case_id, moved in by_case.items():
        case = registry.case_of(work, case_id)
        row = waiting.promised(clock for clock in clocks.of_case(work, case_id) if str(clock["id"]) in moved)
        if row is not None and case["status"] not in (*ENDED, "decided"):
            data = moved[str(row["id"])].data
            tell(work, case, "new-date", due_at=data["due_at"], reason=data.get("words"))


def happened(work: Work, events: list[Event]) -> None:
    """A moment a standard may name: its clocks start, stop, are cancelled or reset by it."""
    for event in of_cases(work, events):
        if event.data.get("kind") == "referral":
            continue
        case, moment = registry.case_of(work, event.case_id), MOMENTS[event.type]
        service, part = service_of(work, case), None
        if service and service.life_event:
            part = inside.part_of(work, event)
            service = inside.service_of(work, event.case_id, part) if part else service
        for standard in service.standards if service and part is None else ():
            if standard.starts_on == moment and not any(clock["standard"] == standard.id for clock in clocks.of_case(work, event.case_id)):
                start_clock(work, case, standard, started_at=event.occurred_at)
        if service and any(moment in (*one.stops_on, *one.cancels_on, *one.resets_on) for one in service.standards):
            changes.happened(work, event.case_id, moment, at=event.occurred_at, among=inside.clocks_of(work, event.case_id, part))


def breach(work: Work, timer: Row) -> None:
    """A promise was not kept in time."""
    _told(work, clocks.miss(work, timer["case_id"], timer["subject"]))


def warning(work: Work, timer: Row) -> None:
    """A promise comes near its date."""
    clocks.warn(work, timer["case_id"], timer["subject"], share=timer["share"])


def escalation(work: Work, timer: Row) -> None:
    """The next person is to look at a missed promise."""
    one = overdue.escalate(work, timer["case_id"], timer["subject"], timer["share"])
    _told(work, [one] if one else [])


def put_before(work: Work, missed: Sequence[overdue.PutBefore]) -> None:
    """Missed promises of many cases, fired in one step, are put before people: those of cases nobody holds leave first."""
    held = reading.assigned(work, {one.case_id for one in missed})
    escalations.place_many(work, (escalations.Told(*one) for one in missed), held=held)


def _told(work: Work, missed: Sequence[overdue.PutBefore]) -> None:
    """The same, row by row."""
    held = reading.assigned(work, {one.case_id for one in missed}) if missed else set()
    for one in missed:
        escalations.place(work, escalations.Told(*one), held=one.case_id in held)
