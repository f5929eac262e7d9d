"""What is being taken back of a request that was withdrawn, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from portal.access import once
from portal.runs import ledger
from portal.unit_of_work import Work
from portal.views.journey import text


def of_case(work: Work, case_id: UUID, status: str, steps: Iterable[dict[str, Any]], *, language: str) -> list[dict[str, Any]]:
    """Each step under way of a withdrawn case: nothing else goes on in it than what undoes. `steps`: rows of step runs."""
    running = [row for row in steps if row["status"] == "begun"] if status == "withdrawn" else []
    if not running:
        return []
    hashes = {row["id"]: row["definition_hash"] for row in once.rows(work, ledger.runs, case_id)}
    return [
        {
            "step": row["step"],
            "agency": row["agency"],
            "says": text(work.portal.pinned(work, hashes[row["run_id"]]).step(row["step"]).title, language),
            "begun_at": row["begun_at"],
        }
        for row in running
    ]
