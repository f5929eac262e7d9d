"""What a citizen agreed to, as they are told; given and taken back by the party itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.access import once
from portal.access.scoping import visible
from portal.cases import registry
from portal.consents import ledger
from portal.errors import IllegalMove, NotFound
from portal.parties import register
from portal.unit_of_work import Work
from portal.vault import items


def of_cases(work: Work, case_ids: Collection[UUID], *, beside: Collection[UUID] = ()) -> list[dict[str, Any]]:
    """Consents of those matters, and those by which answers left them, the newest first. The unit goes on as the party of them.

    `beside`: other matters the asker has proved, whose references may be told too.
    """
    if not case_ids:
        return []
    work.become(replace(work.principal, cases=tuple({*case_ids, *beside})))
    rows = work.run(visible(work, ledger.of_cases(case_ids)))
    ids = {row["case_id"] for row in rows} | {row["other_id"] for row in rows}
    named = {row["case_id"]: row["reference"] for row in work.run(visible(work, registry.references_of(ids)))} if ids else {}
    values = {item["id"]: item["value"] for item in work.run(visible(work, items.some([row["item"] for row in rows if row["item"]])))} if rows else {}
    return [_told(row, work.now, named, values.get(row["item"], {})) for row in rows]


def _told(row: Mapping[str, Any], now: datetime, named: Mapping[UUID, str], values: Mapping[str, Any]) -> dict[str, Any]:
    parts = ("id", "kind", "from_agency", "from_service", "to_agency", "to_service", "facts", "given_at", "until", "withdrawn_at")
    source = named.get(row["other_id"]) if row["kind"] == ledger.REUSE else None
    return {
        **{name: row[name] for name in parts},
        "state": ledger.state(row, now),
        "reference": named.get(row["case_id"]),
        "from_reference": source,
        "values": dict(values),
    }


def let_look(work: Work, case_id: UUID, *, wanted: datetime | None) -> dict[str, Any]:
    """The office that handles the case may look at the party's other matters. IllegalMove once the case has ended."""
    work.narrow([case_id])
    case = registry.case_of(work, case_id)
    if case["status"] in ("closed", "withdrawn"):
        raise IllegalMove("This request has ended: nobody needs to look any more.")
    if not any(row["subject"] and row["scope"] is None for row in register.of_case(work, case_id)):
        raise ledger.NobodyKnown("Sign in and keep this request among your own first: nobody knows which your other requests are.")
    row = ledger.let_look(work, case_id, agency=case["agency"], service=case["service"], until=ledger.until(work.now, wanted))
    return _told(row, work.now, {case_id: case["reference"]}, {})


def looked_into(work: Work, case_id: UUID) -> dict[str, Any]:
    """The case itself, as its party sees it."""
    return once.rows(work, registry.one, case_id)[0]


def withdraw(work: Work, case_id: UUID, id: UUID) -> dict[str, Any]:
    """A consent of this matter, or one by which its answers went into another, is taken back. NotFound for any other."""
    found = next((row for row in work.run(visible(work, ledger.of_cases([case_id]))) if row["id"] == id), None)
    if found is None:
        raise NotFound
    work.narrow([found["case_id"]])
    row = ledger.withdraw(work, found["case_id"], id)
    mine = registry.case_of(work, case_id)["reference"] if found["case_id"] == case_id else None
    return _told(row, work.now, {case_id: mine} if mine else {}, {})
