"""Promises that were missed and are still owed: the list of who answers for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from portal.access.scoping import visible
from portal.cases import registry
from portal.queues import reading
from portal.standards import clocks
from portal.unit_of_work import Work

_TOLD = ("id", "standard", "kind", "covers", "agency", "due_at", "original_due_at", "missed_at", "escalated_to", "consequence", "assigned")


def breaches(work: Work, *, limit: int, after: tuple[bool, datetime, UUID] | None) -> list[dict[str, Any]]:
    """Cases nobody holds first, then the longest overdue. A champion sees all agencies, staff their own. Sort key: `assigned`, `due_at`, `id`."""
    own = None if work.principal.scope == "champion" else work.principal.agencies
    rows = work.run(visible(work, clocks.missed(held=reading.held, agencies=own, limit=limit, after=after)))
    cases = {case["case_id"]: case for case in work.run(visible(work, registry.references_of({row["case_id"] for row in rows})))} if rows else {}
    return [_told(row, cases[row["case_id"]]) for row in rows if row["case_id"] in cases]


def _told(row: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    law = (row["rule"].get("consequence") or {}).get("law") or {}
    told = {name: row[name] for name in _TOLD}
    return told | {"reference": case["reference"], "service": case["service"], "status": case["status"], "law": law.get("article") or row["rule"].get("law")}
