"""Which agency may see a case, and to whom of its staff it is closed all the same."""

from __future__ import annotations

from uuid import UUID

from portal.access.tables import case_access, case_barred
from portal.errors import NotFound
from portal.unit_of_work import Work


def grant(work: Work, case_id: UUID, agency: str, why: str) -> None:
    """The agency may see the case from now on; the first reason stands. `AccessGranted`."""
    if any(row["agency_id"] == agency for row in work.rows(case_access, case_id)):
        return
    work.add(case_access, case_id=case_id, agency_id=agency, why=why, since=work.now)
    work.record(case_id, "AccessGranted", agency=agency, why=why)


def bar(work: Work, case_id: UUID, subject: str, why: str) -> None:
    """The case is closed to that member of staff from now on; the first reason stands. `AccessBarred`."""
    if any(row["subject"] == subject for row in work.rows(case_barred, case_id)):
        return
    work.add(case_barred, case_id=case_id, subject=subject, why=why, since=work.now)
    work.record(case_id, "AccessBarred", official=subject, why=why)


def demand_open(work: Work, case_id: UUID, subject: str | None) -> None:
    """Whoever is to hold, take over or act for a case in hand; NotFound where it is closed to that person."""
    if any(row["subject"] == subject for row in work.rows(case_barred, case_id)):
        raise NotFound
