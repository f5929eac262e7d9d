"""What a case waits for, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from portal.access import once
from portal.catalogue.definitions import Step
from portal.runs import ledger
from portal.unit_of_work import Work
from portal.views.journey import text
from portal.views.words import wait_says


def of_case(work: Work, case_id: UUID, steps: Iterable[dict[str, Any]], *, zone: str, language: str) -> list[dict[str, Any]]:
    """Each wait that goes on, oldest first: its step, the event and the instant, and a sentence. `steps`: rows of step runs."""
    waiting = [row for row in steps if row["kind"] == "wait" and row["status"] == "begun"]
    if not waiting:
        return []
    hashes = {row["id"]: row["definition_hash"] for row in once.rows(work, ledger.runs, case_id)}
    return [_told(row, work.portal.pinned(work, hashes[row["run_id"]]).step(row["step"]), zone, language) for row in waiting]


def _told(row: dict[str, Any], step: Step, zone: str, language: str) -> dict[str, Any]:
    why = text(step.reason or step.title, language)
    return {"step": row["step"], "event": row["awaits"], "until": row["until"], "says": wait_says(why, row["until"], zone, language)}
