"""What a caseworker has at hand for a task: its checklist, and replies to start from in the party's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from portal.access import once
from portal.access.scoping import visible
from portal.cases import registry
from portal.catalogue.languages import say
from portal.queues import reading
from portal.runs import ledger
from portal.unit_of_work import Work

_PLACE = re.compile(r"\{\{ *([a-z]+) *\}\}")


def checklist(work: Work, task: Mapping[str, Any], *, language: str) -> list[dict[str, Any]]:
    """Entries of the checklist of the task's step, and which are ticked."""
    if task["kind"] != "step" or not task["step_run_id"]:
        return []
    run_id = next((row["run_id"] for row in once.rows(work, ledger.steps, task["case_id"]) if row["id"] == task["step_run_id"]), None)
    run = next((row for row in once.rows(work, ledger.runs, task["case_id"]) if row["id"] == run_id), None)
    if run is None:
        return []
    entries = work.portal.pinned(work, run["definition_hash"]).step(task["step"]).checklist
    done = {row["item"]: row for row in work.run(visible(work, reading.checks(task["case_id"], task["id"])))} if entries else {}
    return [
        {
            "id": one.id,
            "title": say(one.title, language),
            "required": one.required,
            "ticked": bool(one.id in done and done[one.id]["ticked"]),
            "by": done[one.id]["by"] if one.id in done else None,
            "at": done[one.id]["at"] if one.id in done else None,
        }
        for one in entries
    ]


def replies(work: Work, task: Mapping[str, Any], *, language: str | None) -> list[dict[str, Any]]:
    """Replies of the task's agency for its service, in the language the party reads (or another), filled in."""
    agency = work.catalogue.agencies.get(task["agency"])
    case = next(iter(once.rows(work, registry.one, task["case_id"])), None)
    if agency is None or case is None:
        return []
    spoken = language or case["language"]
    service = work.catalogue.services.get(task["service"] or "")
    values = {"reference": case["reference"], "agency": say(agency.title, spoken), "service": say(service.title, spoken) if service else ""}
    return [
        {"id": one.id, "title": say(one.title, spoken), "language": spoken if spoken in one.text else "en", "text": _filled(say(one.text, spoken), values)}
        for one in agency.replies
        if not one.services or task["service"] in one.services
    ]


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: values.get(found[1], ""), text)
