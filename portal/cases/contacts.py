"""Contacts: every time somebody turns to us about a case, or we to them. Most are events already; what staff hear or say is one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from portal.cases import registry
from portal.catalogue.demand import REASONS
from portal.unit_of_work import Work

Direction = Literal["in", "out"]
#: Ways staff hear of somebody, or reach them, that leave no trace of their own.
CHANNELS = ("phone", "counter", "visit", "post", "email", "sms", "web")
#: Events that are a contact.
TYPES = ("CaseOpened", "MessageReceived", "WordReceived", "ContactKept", "PartyNotified")
JUDGED = "ContactJudged"


def keep(work: Work, case_id: UUID, *, channel: str, direction: str, reason: str) -> None:
    """Somebody called, came by, or was called. `ContactKept`."""
    case = registry.case_of(work, case_id)
    work.record(case_id, "ContactKept", agency=case["agency"], channel=channel, direction=direction, reason=reason, demand=REASONS[reason].demand)


def judge(work: Work, case_id: UUID, *, number: int, reason: str, before: str) -> None:
    """Why somebody turned to us is put right, of the contact that is event `number`; `before`: what it counted as. `ContactJudged`."""
    case = registry.case_of(work, case_id)
    work.record(case_id, "ContactJudged", agency=case["agency"], number=number, reason=reason, demand=REASONS[reason].demand, before=before)


def proposed(event: Mapping[str, Any]) -> tuple[Direction, str | None]:
    """Direction and reason of an event that is a contact, as long as nobody says better; what we send has no reason."""
    if event["type"] == "ContactKept":
        return event["data"]["direction"], event["data"]["reason"]
    if event["type"] == "PartyNotified" or event["data"].get("sender") == "staff":
        return "out", None
    return "in", "new-request" if event["type"] == "CaseOpened" else "further-information"
