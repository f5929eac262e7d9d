"""What became of each message to a party, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portal.pages import history, speech
from portal.pages.errors import N_
from portal.pages.reach import called

#: What a notice says, in a word; one nobody named here is a message.
ABOUT = {
    "received": N_("We have your request"),
    "routed": N_("Your request has found its door"),
    "asked": N_("We need an answer"),
    "reminder": N_("We still need an answer"),
    "unclear": N_("Some answers we could not read"),
    "message": N_("There is a message"),
    "new-date": N_("There is a new date"),
    "decided": N_("There is a decision"),
    "objection-decided": N_("There is a decision on your objection"),
    "replaced": N_("There is a new decision"),
    "remedy": N_("What you can do against the decision"),
    "right-of-appeal": N_("You may appeal"),
    "redress": N_("You are owed redress"),
    "objection": N_("We have your objection"),
    "fee-due": N_("A fee is due"),
    "fee-paid": N_("Your payment has arrived"),
    "fee-waived": N_("You need not pay"),
    "fee-refunded": N_("You were paid back"),
    "document-unusable": N_("We cannot use a file"),
    "withdrawn": N_("Your request is withdrawn"),
    "closed": N_("Your request is closed"),
    "daily": N_("Messages of a day"),
}
STATUSES = {
    "waiting": N_("waits to leave"),
    "sent": N_("sent"),
    "delivered": N_("arrived"),
    "failed": N_("did not arrive"),
    "joined": N_("is part of the message of that day"),
}


def told(rows: Iterable[Mapping[str, Any]], zone: str) -> list[dict[str, Any]]:
    """The newest first: what it says, by which way, how it stands and since when."""
    return [_told(row, row["template"], row["status"], zone) for row in rows]


def _told(row: Mapping[str, Any], template: str, status: str, zone: str) -> dict[str, Any]:
    return {
        "about": speech.words(ABOUT[template]) if template in ABOUT else speech.words("A message"),
        "way": called(row["channel"] or ""),
        "status": status,
        "says": speech.words(STATUSES[status]),
        "at": history.moment(row["ended_at"] or row["sent_at"] or row["promised_at"], zone),
        "why": row["why"],
    }
