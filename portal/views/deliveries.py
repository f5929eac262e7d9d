"""Handovers to agencies as staff see them: where each stands, every attempt, and in plain words why it does not leave."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from portal.access import grants, reads
from portal.access.scoping import visible
from portal.cases import registry
from portal.errors import Conflict, NotFound
from portal.outbox import deliveries
from portal.outbox.rows import row_of
from portal.runs import ledger
from portal.unit_of_work import Work

_TOLD = ("id", "attempts", "crashes", "refusal", "remote_id", "placed_at", "next_at", "parked_at", "ask_at", "asks")


def listed(work: Work, *, state: str | None, agency: str | None, limit: int, after: tuple[datetime, UUID] | None) -> list[dict[str, Any]]:
    """Handovers the reader may see, the oldest first. Sort key: `placed_at`, `id`."""
    return _shown(work, work.run(visible(work, deliveries.listed(state=state, agency=agency, limit=limit, after=after))))


def of_case(work: Work, case_id: UUID) -> list[dict[str, Any]]:
    """All of one case, the oldest first."""
    return _shown(work, work.run(visible(work, deliveries.listed(case_id=case_id, limit=1000))))


def found(work: Work, id: UUID) -> UUID:
    """The case of a handover the reader may see; NotFound where there is none."""
    rows = work.run(visible(work, deliveries.listed(id=id, limit=1)))
    if not rows:
        raise NotFound
    case_id: UUID = rows[0]["case_id"]
    reads.note(work, case_id)
    return case_id


def retry(work: Work, case_id: UUID, id: UUID) -> None:
    """Sends a parked handover again. NotFound, or Conflict where it is not parked, or its step was ended otherwise meanwhile."""
    work.narrow([case_id])
    grants.demand_open(work, case_id, work.principal.subject)
    row = row_of(work, case_id, id)
    if row is None:
        raise NotFound
    step_run = row["subject"]
    if ledger.step_run(work, case_id, step_run)["status"] != "begun" or not deliveries.retry(work, case_id, step_run):
        raise Conflict("This handover does not wait for people: it has left, is being tried, or its step has ended. Look at its state.")


def in_hand(work: Work, case_id: UUID, id: UUID) -> dict[str, Any]:
    """One of a case in hand, changes of this unit included."""
    row = row_of(work, case_id, id)
    assert row is not None
    return _one(dict(row)) | {"reference": registry.case_of(work, case_id)["reference"]}


def _shown(work: Work, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = {row["case_id"] for row in rows}
    cases = {case["case_id"]: case["reference"] for case in work.run(visible(work, registry.references_of(ids)))} if rows else {}
    return [_one(row) | {"reference": cases.get(row["case_id"])} for row in rows]


def _one(row: dict[str, Any]) -> dict[str, Any]:
    told = {name: row[name] for name in _TOLD}
    names = {"agency": row["target"], "step": row["body"]["step"], "action": row["body"]["action"], "step_run": row["subject"]}
    sent = row["done_at"] if row["refusal"] != "cancelled" else None
    tries = [one | {name: datetime.fromisoformat(one[name]) for name in ("began_at", "ended_at")} for one in row["tries"] or []]
    return told | names | {"state": deliveries.state_of(row), "sent_at": sent, "tries": tries}
