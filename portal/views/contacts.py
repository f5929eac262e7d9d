"""Contacts of a case as staff and champions see them, each with its reason as it stands now; and putting one right."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.access.scoping import visible
from portal.cases import contacts
from portal.catalogue.demand import REASONS
from portal.catalogue.languages import say
from portal.errors import IllegalMove, NotFound
from portal.events import log
from portal.unit_of_work import Work


def of_case(work: Work, case_id: UUID, *, language: str) -> list[dict[str, Any]]:
    """All contacts, oldest first."""
    events = work.run(visible(work, log.of_types([case_id], (*contacts.TYPES, contacts.JUDGED))))
    said = {event["data"]["number"]: event["data"]["reason"] for event in events if event["type"] == contacts.JUDGED}
    return [_shown(event, said.get(event["seq"]), language) for event in events if event["type"] != contacts.JUDGED]


def judge(work: Work, case_id: UUID, *, number: int, reason: str) -> None:
    """Of a case in hand. NotFound where the event is no contact; IllegalMove for one of ours."""
    found = next((one for one in of_case(work, case_id, language="en") if one["number"] == number), None)
    if found is None:
        raise NotFound
    if found["direction"] == "out":
        raise IllegalMove("What we sent by ourselves has no reason of theirs.")
    if found["reason"] != reason or found["proposed"]:
        contacts.judge(work, case_id, number=number, reason=reason, before=found["demand"])


def _shown(event: dict[str, Any], judged: str | None, language: str) -> dict[str, Any]:
    direction, reason = contacts.proposed(event)
    reason = judged or reason
    why = REASONS.get(reason or "")
    return {
        "number": event["seq"],
        "at": event["occurred_at"],
        "channel": event["channel"],
        "direction": direction,
        "reason": reason,
        "says": say(why.title, language) if why else None,
        "demand": why.demand if why and direction == "in" else None,
        "proposed": judged is None and event["type"] != "ContactKept",
    }
