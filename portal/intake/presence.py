"""Its party is at the counter or on the telephone: an official reads its status aloud, answers and takes back for it, and both stand in the history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.access.scoping import visible
from portal.cases import contacts, registry
from portal.errors import Conflict, Invalid
from portal.events import log
from portal.intake import behalf
from portal.unit_of_work import Principal, Work

CHANNELS = behalf.CHANNELS
#: How somebody agrees: the last one gave reference and secret, and has proved who it is besides.
HOW = (*behalf.HOW, "secret")
#: How long one conversation lasts; whoever talks longer says once more that they are there.
WHILE = timedelta(hours=1)


class NotPresent(Conflict):
    """Say first that its party is with you, and how they agreed. That holds for an hour."""

    slug = "not-present"


def begin(work: Work, case_id: UUID, *, channel: str, how: str, language: str | None = None) -> datetime:
    """An official says of a case in hand that its party is there and agreed; until when that holds. Invalid for another `channel` or `how`.

    `language`: in which it is read aloud, where that is not the case's. `PartyPresent`, `ContactKept`.
    """
    case = registry.case_of(work, case_id)
    for pointer, said, among in (("/channel", channel, CHANNELS), ("/how", how, HOW)):
        if said not in among:
            raise Invalid(errors=[{"pointer": pointer, "detail": f"Choose one of: {', '.join(among)}."}])
    told: dict[str, Any] = {"official": work.principal.subject, "how": how, "language": language or case["language"]}
    work.record(case_id, "PartyPresent", agency=case["agency"], channel=channel, **told)
    contacts.keep(work, case_id, channel=channel, direction="in", reason="progress-chasing")
    return work.now + WHILE


def speak_for(work: Work, case_id: UUID) -> str:
    """From here on the unit acts as the party of the case in hand, through the official who asked; the language it is spoken to in.

    NotPresent where that official has not said so, or too long ago.
    """
    official = work.principal.subject
    work.principal = Principal("party", cases=(case_id,), through=official)
    said = work.run(visible(work, log.of_type(case_id, "PartyPresent")))
    mine = [one for one in said if one["data"]["official"] == official and one["occurred_at"] > work.now - WHILE]
    if not mine:
        raise NotPresent
    return str(mine[-1]["data"]["language"])
