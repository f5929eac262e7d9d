"""What has happened on a case, in plain words; what is told to nobody outside has none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from portal.catalogue.definitions import Catalogue
from portal.pages import speech
from portal.pages.errors import N_
from portal.standards.terms import last_moment
from portal.views.words import locale

_SAYS = {
    "CaseOpened": N_("Your request arrived."),
    "CaseRouted": N_("Your request found its service."),
    "CaseReferred": N_("Your request was passed on to the office that can help."),
    "CaseDecided": N_("There is a decision."),
    "DecisionServed": N_("The decision was sent to you."),
    "RemedyLapsed": N_("The decision is final."),
    "ObjectionReceived": N_("You objected to the decision."),
    "ObjectionEnded": N_("Your objection was decided."),
    "CaseClosed": N_("The request was closed."),
    "CaseWithdrawn": N_("You took the request back."),
    "PartWithdrawn": N_("You took one part of the request back."),
    "MessageReceived": N_("There was a message."),
    "DocumentReceived": N_("A file came in."),
    "AnswersGiven": N_("You gave answers."),
    "FeedbackGiven": N_("You told us how it was."),
    "ClockPaused": N_("The date stands still for now."),
    "ClockResumed": N_("The date runs again."),
    "ClockMoved": N_("The date was moved."),
    "StandardMissed": N_("We did not keep the date we had named."),
    "StandardMet": N_("A promise was kept in time."),
    "PartyAsked": N_("We asked you for something."),
    "StepEnded": N_("A step was finished."),
    "DeliverySent": N_("It was handed to the agency that does it."),
    "PartyNotified": N_("We sent you a message."),
    "PartyPresent": N_("You were with us, and agreed that an official acts for you."),
    "PartyKnown": N_("You keep it among your requests."),
    "ConsentGiven": N_("You agreed to something."),
    "ConsentWithdrawn": N_("You took a consent back."),
    "AnswersShared": N_("By your consent, answers of this request were used in another one."),
    "MatterLookedAt": N_("An office that handles another request of yours looked at where this one stands."),
    "MattersShown": N_("The office looked at where your other requests stand."),
    "FeeDue": N_("A fee is to be paid."),
    "FeePaid": N_("The fee was paid."),
    "FeeWaived": N_("The fee need not be paid."),
    "FeeRefunded": N_("The fee was paid back."),
}


def told(catalogue: Catalogue, events: Iterable[dict[str, Any]], zone: str) -> list[dict[str, Any]]:
    """Events of a case as its party may see them, the newest first, each as a sentence with its local time and whose it was."""
    found = []
    for event in events:
        if event["type"] in _SAYS:
            agency = catalogue.agencies.get(event["agency"] or "")
            found.append({"says": speech.words(_SAYS[event["type"]]), "at": moment(event["occurred_at"], zone), "agency": agency and agency.title})
    return found[::-1]


def moment(at: datetime, zone: str) -> str:
    """A point in time as people of the reader's language write it, in the zone of the office."""
    return format_datetime(at.astimezone(ZoneInfo(zone)), "d MMMM y HH:mm", locale=locale(speech.language()))


def day(at: datetime, zone: str) -> str:
    """The day of a point in time, in the zone of the office."""
    return format_date(at.astimezone(ZoneInfo(zone)).date(), "d MMMM y", locale=locale(speech.language()))


def until(at: datetime, zone: str) -> str:
    """The end of a time as people write it: where it is the end of a day, that day alone and not the first moment of the next."""
    day, time = last_moment(at, ZoneInfo(zone))
    return moment(at, zone) if time else format_date(day, "d MMMM y", locale=locale(speech.language()))
