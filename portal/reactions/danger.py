"""Danger: a duty person is paged until somebody acknowledges."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from portal.cases import duty, registry
from portal.catalogue.definitions import Agency
from portal.outbox import pages
from portal.standards import timers
from portal.unit_of_work import Event, Row, Work

#: How long a duty person has to acknowledge before the next one is paged.
PAGE_AGAIN = timedelta(minutes=5)


def call_duty(work: Work, case: Row) -> None:
    """Pages the first duty person for a case."""
    duty.call(work, case["case_id"], agency=duty_agency(work, case).id)


def page(work: Work, events: list[Event]) -> None:
    """A duty person is paged, and the next one when nobody acknowledges in time."""
    for event in events:
        call = UUID(event.data["call"])
        assert event.agency is not None
        pages.place(work, event.case_id, call_id=call, agency=event.agency, person=event.data["person"])
        if event.data["page"] == 1:
            timers.arm(work, event.case_id, kind="duty", subject=call, due_at=work.now + PAGE_AGAIN)
        else:
            timers.move(work, event.case_id, call, kind="duty", due_at=work.now + PAGE_AGAIN)


def page_answered(work: Work, events: list[Event]) -> None:
    """Nobody else needs to be paged."""
    for event in events:
        timers.disarm(work, event.case_id, UUID(event.data["call"]))


def page_next(work: Work, timer: Row) -> None:
    """Nobody acknowledged: the next duty person is paged."""
    case = registry.case_of(work, timer["case_id"])
    duty.call_next(work, timer["case_id"], timer["subject"], people=len(duty_agency(work, case).duty))


def duty_agency(work: Work, case: Row) -> Agency:
    """Whose duty list is paged: the holder's, or else that of the front office."""
    agency = work.catalogue.agencies[case["agency"]]
    return agency if agency.duty else work.catalogue.agencies[work.catalogue.triage.agency]
