"""Codes that prove an address, and reminders of drafts: the message is made when it is sent, and what the vault kept of it goes when it has left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from portal.dispatch import notify
from portal.dispatch.mail import Letter
from portal.dispatch.sheet import Sheet
from portal.dispatch.texts import Text
from portal.dispatch.words import in_words, written
from portal.outbox.claims import Claim
from portal.plugins.agency import Refusal
from portal.plugins.channel import Notice
from portal.unit_of_work import Work
from portal.vault import items


def prepared(work: Work, claim: Claim) -> Letter | Text | Sheet | Refusal:
    """The message with the code, or why nobody needs it any more."""
    kept: Any = items.get(work, claim.case_id, claim.subject)
    if kept is None or datetime.fromisoformat(kept["until"]) <= work.now:
        return Refusal("it is too old", retry=False, code="expired")
    settings, says = work.portal.settings, claim.body.get("says", "code")
    spoken, subject, text = written(says, claim.body["language"], _facts(work, kept, claim.body["language"]), default=settings.default_language)
    by = claim.body["channel"]
    return notify.letter(work, replace(claim, target=by), channel=by, to=kept["to"], notice=Notice(says, spoken, subject, text, "", settings.public_url))


def _facts(work: Work, kept: dict[str, Any], language: str) -> dict[str, Any]:
    """What the words may say: the code, or which draft goes when."""
    catalogue = work.catalogue
    zone = catalogue.agencies[catalogue.triage.agency].calendars[0].zone
    day = in_words(datetime.fromisoformat(kept["until"]), zone, language)
    return {"link": work.portal.settings.public_url, **kept.get("facts", {}), "code": kept.get("code"), "until": day}


def settled(work: Work, claim: Claim) -> None:
    """Address and code are kept no longer than they are needed."""
    items.erase(work, claim.case_id, claim.subject)
