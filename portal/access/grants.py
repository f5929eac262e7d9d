"""Which agency may see a case, who answers for it, and to whom of the staff it is closed all the same."""

from __future__ import annotations

from uuid import UUID

from portal.access.tables import case_access, case_barred, case_named, case_seals, case_services
from portal.errors import NotFound
from portal.unit_of_work import Work


def grant(work: Work, case_id: UUID, agency: str, why: str) -> None:
    """The agency may see the case from now on; the first reason stands. `AccessGranted`."""
    if any(row["agency_id"] == agency for row in work.rows(case_access, case_id)):
        return
    work.add(case_access, case_id=case_id, agency_id=agency, why=why, since=work.now)
    work.record(case_id, "AccessGranted", agency=agency, why=why)


def answered_for(work: Work, case_id: UUID, service: str) -> None:
    """A part of the case is of that service: who answers for it sees the case from now on. `JourneyBegun` has told."""
    if not any(row["service"] == service for row in work.rows(case_services, case_id)):
        work.add(case_services, case_id=case_id, service=service, since=work.now)


def bar(work: Work, case_id: UUID, subject: str, why: str) -> None:
    """The case is closed to that member of staff from now on; the first reason stands. `AccessBarred`."""
    if any(row["subject"] == subject for row in work.rows(case_barred, case_id)):
        return
    work.add(case_barred, case_id=case_id, subject=subject, why=why, since=work.now)
    work.record(case_id, "AccessBarred", official=subject, why=why)


def barred(work: Work, case_id: UUID, subject: str | None) -> bool:
    """True where a case in hand is closed to that person by name."""
    return any(row["subject"] == subject for row in work.rows(case_barred, case_id))


def sealed_to(work: Work, case_id: UUID) -> set[str] | None:
    """The people a case in hand is sealed to; None where it is not sealed."""
    if all(row["until"] is not None for row in work.rows(case_seals, case_id)):
        return None
    return {row["subject"] for row in work.rows(case_named, case_id) if row["until"] is None}


def open_to(work: Work, case_id: UUID, subject: str | None) -> bool:
    """Whether a case in hand is neither closed to that member of staff nor sealed to others."""
    named = sealed_to(work, case_id)
    return not barred(work, case_id, subject) and (named is None or subject in named)


def demand_open(work: Work, case_id: UUID, subject: str | None) -> None:
    """Whoever is to hold, take over or act for a case in hand; NotFound where it is closed to that person."""
    if not open_to(work, case_id, subject):
        raise NotFound
