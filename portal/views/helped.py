"""What helps somebody at a task: its checklist, replies to start from, colleagues to hand it to, who follows the case, and cases that may be the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.access import once
from portal.intake import following
from portal.parties import register
from portal.unit_of_work import ANONYMOUS, Portal, Work
from portal.views import at_hand, worklist


def of_task(work: Work, told: Mapping[str, Any], *, language: str) -> dict[str, Any]:
    """`checklist`, `replies`, `colleagues` of its team who are there, `followers`."""
    task, who = told["task"], work.principal
    everybody = worklist.colleagues(work, who) if who.agencies else []
    there = [one for one in everybody if not one["me"] and one["agency"] == task["agency"] and (not one["teams"] or task["team"] in one["teams"])]
    parties = once.rows(work, register.seen, task["case_id"])
    return {
        "checklist": at_hand.checklist(work, task, language=language),
        "replies": at_hand.replies(work, task, language=None),
        "colleagues": there,
        "followers": sum(row["role"] == register.FOLLOWER and row["until"] is None for row in parties),
    }


def similar(portal: Portal, told: Mapping[str, Any]) -> list[str]:
    """References of open public requests for the same, near by and of late, this one aside."""
    place, service = told["case"]["given"]["location"], told["service"]
    if not service.public or place.get("lat") is None or place.get("long") is None:
        return []
    with portal.work(ANONYMOUS) as work:
        found = following.similar(work, service.id, lat=place["lat"], long=place["long"])
    return [one.request.reference for one in found if one.request.reference != told["case"]["reference"]]
