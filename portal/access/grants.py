"""Which agency may see a case, and why."""

from __future__ import annotations

from uuid import UUID

from portal.access.tables import case_access
from portal.unit_of_work import Work


def grant(work: Work, case_id: UUID, agency: str, why: str) -> None:
    """The agency may see the case from now on; the first reason stands. `AccessGranted`."""
    if any(row["agency_id"] == agency for row in work.rows(case_access, case_id)):
        return
    work.add(case_access, case_id=case_id, agency_id=agency, why=why, since=work.now)
    work.record(case_id, "AccessGranted", agency=agency, why=why)
