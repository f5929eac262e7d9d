"""Who looked at a case, as its party is told; and administrators who looked into cases, as who answers for them is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from portal.access import glasses, grants, reads, staff
from portal.access.permissions import PERMISSIONS
from portal.access.scoping import visible
from portal.cases import reference as references
from portal.cases import registry
from portal.unit_of_work import Work
from portal.vault import items


def of_case(work: Work, case_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int) -> list[dict[str, Any]]:
    """Looks at a case, the last first, each with the name and teams of who looked where they are known. Sort key: `first_at`, `id`."""
    rows = work.run(visible(work, reads.of_case(case_id, after=after, limit=limit)))
    known = staff.known(work, (row["subject"] for row in rows)) if rows else {}
    return [
        row
        | {
            "says": PERMISSIONS[row["action"]].says if row["action"] in PERMISSIONS else row["action"],
            "name": known[row["subject"]].name,
            "teams": known[row["subject"]].teams if known[row["subject"]].agency == row["agency"] else (),
        }
        for row in rows
    ]


def break_glass(work: Work, reference: str, reason: str) -> dict[str, Any]:
    """The administrator who asks sees the case for a while. NotFound where there is none, or it is closed or sealed to that person."""
    who, standard = work.principal, references.read(reference)
    case_id, _ = registry.find(work, standard)
    work.narrow([case_id])
    grants.demand_open(work, case_id, who.subject)
    service = registry.case_of(work, case_id)["service"]
    words, _ = items.put(work, case_id, "glass", reason)
    return {"reference": standard, "until": glasses.break_one(work, case_id, subject=str(who.subject), service=service, words=words)}


def broken(work: Work, *, after: tuple[datetime, UUID] | None, limit: int) -> list[dict[str, Any]]:
    """Glasses of cases the reader answers for, the last first. Sort key: `since`, `id`."""
    rows = work.run(visible(work, glasses.broken(after=after, limit=limit)))
    ids = {row["case_id"] for row in rows}
    cases = {case["case_id"]: case for case in work.run(visible(work, registry.references_of(ids)))} if rows else {}
    said = {item["id"]: item["value"] for item in work.run(visible(work, items.some({row["words"] for row in rows})))} if rows else {}
    return [
        {**row, "reference": cases[row["case_id"]]["reference"], "administrator": row["subject"], "reason": said.get(row["words"])}
        for row in rows
        if row["case_id"] in cases
    ]
