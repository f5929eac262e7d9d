"""What work is called, how much time is left, and what has happened, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_timedelta

from portal.catalogue.definitions import Catalogue, Text
from portal.pages import history, speech
from portal.pages.errors import N_
from portal.views.words import locale

#: Kind of a task -> what is to be done, where it is not a step that has a name of its own.
KINDS = {
    "step": N_("A step of the journey"),
    "triage": N_("Find the right door"),
    "parked": N_("A handover does not leave"),
    "unheard": N_("The agency keeps silent"),
    "reply": N_("The agency wrote something"),
    "contradiction": N_("The agency said two different things"),
    "referral": N_("Another office offers you something"),
    "stray": N_("Something came in that belongs to no case"),
    "consequence": N_("The law makes something of a missed promise"),
    "decision": N_("Decide anew"),
    "wait": N_("Nobody told the date this waits for"),
    "letter": N_("Post or hand over a letter"),
    "returned": N_("A letter came back: find the right address"),
    "word": N_("Somebody wrote about this: read it"),
    "undo": N_("Take back what was done"),
    "fee": N_("Set the fee by hand"),
    "refund": N_("Pay back by hand"),
    "unreached": N_("Find another way to reach them"),
}
#: What staff are told of an event; the others are inner working.
EVENTS = {
    "CaseOpened": N_("The request was taken."),
    "CaseRouted": N_("The request found its service."),
    "CaseReferred": N_("The request was passed on to another door."),
    "CaseDecided": N_("A decision was taken."),
    "DecisionServed": N_("The decision reached its party: its remedy runs."),
    "DecisionNotServed": N_("What served the decision came back: its remedy does not run."),
    "DecisionRevoked": N_("A tacit approval was taken back."),
    "RemedyLapsed": N_("The decision is final."),
    "ObjectionReceived": N_("The party objects to the decision."),
    "ObjectionEnded": N_("The objection was decided or taken back."),
    "CaseClosed": N_("The request was closed."),
    "CaseWithdrawn": N_("The party took the request back."),
    "PartWithdrawn": N_("The party took one part back."),
    "CaseMoved": N_("It goes on by another version of its journey."),
    "CaseReplanned": N_("Its promises follow a calendar that was changed."),
    "CaseLinked": N_("It belongs to another request."),
    "MessageReceived": N_("There was a message."),
    "AnswersGiven": N_("The party gave or changed answers."),
    "FeedbackGiven": N_("The party said how it was."),
    "ClockStarted": N_("A promise began to run."),
    "ClockPaused": N_("A promise stands still."),
    "ClockResumed": N_("A promise runs again."),
    "ClockMoved": N_("A promise was moved to another date."),
    "StandardMissed": N_("A promise was missed."),
    "StandardMet": N_("A promise was kept."),
    "StandardEscalated": N_("A promise at risk was put before somebody."),
    "ConsequenceArisen": N_("The law makes something of a missed promise."),
    "ConsequenceSettled": N_("That was confirmed, declined, or took effect by itself."),
    "PartyAsked": N_("The party was asked for something."),
    "AskEnded": N_("What was asked was answered or has lapsed."),
    "PartyNotified": N_("The party was told."),
    "NoticeParked": N_("The party could not be told this way."),
    "PartyPresent": N_("The party was there and agreed that an official acts for it."),
    "ContactKept": N_("Somebody called, came by, or was called."),
    "LetterReceived": N_("A letter came in."),
    "LetterQueued": N_("A letter waits to be printed."),
    "LetterPosted": N_("A letter was posted."),
    "LetterReturned": N_("A letter came back."),
    "LetterReprinted": N_("A letter is printed once more."),
    "NoticeReturned": N_("What was sent to the party did not arrive."),
    "ReachChanged": N_("The party said how it wants to be reached."),
    "ReachLost": N_("An address of the party leads nowhere, or wants silence."),
    "TaskQueued": N_("Work was put on a list."),
    "TaskClaimed": N_("Somebody took the work."),
    "TaskReleased": N_("Somebody gave the work back."),
    "TaskCompleted": N_("Work was finished."),
    "NoteAdded": N_("A note was written."),
    "DeliveryPlaced": N_("A handover waits to leave."),
    "DeliverySent": N_("An agency took a handover."),
    "DeliveryParked": N_("A handover cannot leave by itself."),
    "DeliveryRetried": N_("A handover was sent again by hand."),
    "AgencyReported": N_("An agency reported back."),
    "AgencySilent": N_("An agency keeps silent about a handover."),
    "AgencyWrote": N_("An agency wrote something."),
    "StepEnded": N_("A step was finished."),
    "DutyPaged": N_("A duty person was called."),
    "DutyAcknowledged": N_("The duty person answered."),
    "FeeDue": N_("A fee is to be paid."),
    "FeePaid": N_("The fee was paid."),
    "FeeWaived": N_("The fee need not be paid."),
    "FeeRefunded": N_("The fee was paid back."),
    "PaymentFailed": N_("A card payment failed."),
}
STALE = N_("Somebody has changed this since you opened it. Look at how it stands now, then send yours again.")
FASTER = N_("A colleague was faster, or this is finished already. Look at how it stands now.")
STANDINGS = {
    "running": N_("running"),
    "paused": N_("standing still"),
    "met": N_("kept"),
    "missed": N_("missed"),
    "cancelled": N_("no longer applies"),
}
STATUSES = {
    "received": N_("received"),
    "in-progress": N_("in progress"),
    "waiting": N_("waiting for the party"),
    "decided": N_("decided"),
    "closed": N_("closed"),
    "withdrawn": N_("taken back"),
}


def named(task: Mapping[str, Any], title: Text | str | None) -> Any:
    """What a task is called: its step where it is one, else its kind."""
    if title and task["kind"] in ("step", "undo", "decision"):
        return speech.told(title) if isinstance(title, dict) else title
    return speech.words(KINDS.get(task["kind"], KINDS["step"]))


def status(said: str) -> str:
    """Where a case stands."""
    return speech.words(STATUSES.get(said, said))


def standing(said: str) -> str:
    """Where a promise stands."""
    return speech.words(STANDINGS.get(said, said))


def left(due_at: datetime, now: datetime) -> dict[str, str]:
    """Time left until a date, or since: `says`, and how it is marked."""
    apart = due_at - now
    length = format_timedelta(max(abs(apart), timedelta(minutes=1)), granularity="minute", threshold=1.2, locale=locale(speech.language()))
    if apart < timedelta():
        return {"says": speech.words("%(length)s late") % {"length": length}, "mark": "od-late"}
    return {"says": speech.words("%(length)s left") % {"length": length}, "mark": "od-soon" if apart < timedelta(days=1) else ""}


def lasted(seconds: float | None) -> str | None:
    """A length of time, coarse."""
    if seconds is None:
        return None
    return format_timedelta(timedelta(seconds=max(60, seconds)), granularity="minute", threshold=1.2, locale=locale(speech.language()))


def outcome(id: str) -> str:
    """An outcome by its id, where nothing better is known of it."""
    usual = {
        "sent": speech.words("it was done by hand"),
        "confirmed": speech.words("confirm it"),
        "declined": speech.words("decline it"),
        "granted": speech.words("granted"),
        "refused": speech.words("refused"),
    }
    return usual.get(id, id.replace("-", " ").replace("_", " "))


def happened(catalogue: Catalogue, events: Iterable[Mapping[str, Any]], zone: str) -> list[dict[str, Any]]:
    """Events as staff read them, the newest first."""
    found = []
    for event in events:
        if event["type"] in EVENTS:
            agency = catalogue.agencies.get(event["agency"] or "")
            says = speech.words(EVENTS[event["type"]])
            found.append({"says": says, "at": history.moment(event["occurred_at"], zone), "agency": agency and agency.title, "step": event["step"]})
    return found[::-1]
