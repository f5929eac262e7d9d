"""Every type of event, and the only data it may carry. Names of people, contacts, answers and free words are never among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EventType:
    """One type: version of its shape and the keys of `data`; all values are text, whole numbers, booleans, null, or lists and maps of them."""

    name: str
    says: str
    keys: frozenset[str]
    version: int = 1


def _type(name: str, says: str, *keys: str) -> tuple[str, EventType]:
    return name, EventType(name, says, frozenset(keys))


#: What a decision carries beside its outcome: vault items, counts and hashes; `gives` is how much of what was asked.
_PAPER = ("gives", "conditions", "template", "letter", "letter_commitment", "remedy", "supersedes")

#: Values: `id`s are text of a uuid, instants RFC 3339 text, `*_hash` hex of a definition, `commitment` hex of an HMAC.
TYPES: dict[str, EventType] = dict(
    (
        _type(
            "CaseOpened",
            "A request was taken.",
            "reference",
            "service",
            "service_hash",
            "received_at",
            "zone",
            "area",
            "language",
            "danger",
            "flags",
            "source",
            "external_id",
            "answers",
            "commitment",
            "party",
            "promised_at",
        ),
        _type("CaseRouted", "The request found its service.", "service", "service_hash", "from_service", "why", "starts_again"),
        _type("CaseReferred", "The request was passed on to another door.", "from_agency", "to_agency", "from_service", "to_service", "words"),
        _type("TableDecided", "A decision table was asked; the rows that held and what they tell are kept.", "table", "rows", "told", "law", "use"),
        _type("CaseDecided", "There is a decision.", "decision", "part", "outcome", "official", "law", "reasons", "commitment", *_PAPER),
        _type("DecisionServed", "A decision reached its party: its remedy runs.", "decision", "means", "at", "until", "notice", "official", "backdated"),
        _type(
            "DecisionRevoked",
            "A tacit approval was taken back; it is to be decided anew.",
            "decision",
            "by",
            "clock",
            "standard",
            "law",
            "effective_on",
            "official",
        ),
        _type("RemedyLapsed", "Nobody used the remedy in time: the decision is final.", "decision", "until"),
        _type("CaseLinked", "The case belongs to another one.", "kind", "other", "decision", "late"),
        _type("ObjectionReceived", "A party objects to a decision.", "decision", "objection", "late", "until"),
        _type("ObjectionEnded", "The objection to a decision was decided, or taken back.", "decision", "objection", "outcome", "in_place"),
        _type("CaseReplanned", "Its promises follow a calendar that was changed.", "calendar", "calendar_hash", "clocks", "moved"),
        _type("CaseClosed", "The case ended.", "outcome", "status", "flags"),
        _type("CaseWithdrawn", "The party took the request back.", "words"),
        _type("PartWithdrawn", "The party took back one part of a life event.", "run", "step_run", "service", "words"),
        _type("MessageReceived", "A party or a member of staff wrote on the case.", "item", "commitment", "sender"),
        _type("AnswersGiven", "A party gave or changed answers.", "item", "commitment", "fields", "task"),
        _type("FeedbackGiven", "A citizen said how it was.", "feedback", "score", "words", "commitment"),
        _type("DutyPaged", "A duty person was paged.", "call", "person", "page"),
        _type("DutyAcknowledged", "The duty person answered.", "call"),
        _type(
            "ClockStarted",
            "A promise began to run.",
            "clock",
            "standard",
            "kind",
            "covers",
            "due_at",
            "due_source",
            "rule",
            "calendar_hash",
            "started_at",
            "step_run",
        ),
        _type(
            "ClockMoved",
            "A promise was passed to another date.",
            "clock",
            "standard",
            "due_at",
            "original_due_at",
            "why",
            "within",
            "law",
            "words",
            "commitment",
            "calendar_hash",
        ),
        _type("ClockPaused", "A promise stands still.", "clock", "standard", "pause", "from", "until", "why", "law", "due_at"),
        _type("ClockResumed", "A promise runs again.", "clock", "standard", "pause", "at", "due_at", "why"),
        _type("ClockReset", "A promise is measured anew.", "clock", "standard", "started_at", "due_at", "original_due_at", "why"),
        _type("StandardEscalated", "A missed promise was put before the next person.", "clock", "standard", "level", "to"),
        _type("ConsequenceArisen", "The law makes something of a missed promise.", "clock", "standard", "kind", "law", "official", "unattended", "undo_until"),
        _type("ConsequenceSettled", "It was confirmed or declined, or took effect by itself.", "clock", "standard", "kind", "law", "outcome", "official"),
        _type("PartyAsked", "A party was asked for something.", "ask", "task", "step_run", "fields", "reply_by", "item", "commitment"),
        _type("AskEnded", "What was asked of a party was answered, lapsed, or is no longer needed.", "ask", "task", "step_run", "why"),
        _type("StandardWarned", "A promise comes near its date.", "clock", "standard", "share"),
        _type("StandardMissed", "A promise was not kept in time.", "clock", "standard", "kind", "covers", "due_at", "stopped_at"),
        _type("ClockStopped", "What had been missed has happened at last.", "clock", "standard", "at"),
        _type("StandardMet", "A promise was kept.", "clock", "standard", "kind", "covers", "due_at"),
        _type("ClockCancelled", "A promise no longer applies.", "clock", "standard", "why"),
        _type("JourneyBegun", "A journey began.", "run", "journey", "definition_hash", "parent", "parent_step", "service", "service_hash", "pins"),
        _type("StepBegun", "A step began.", "run", "step_run", "step", "kind", "item"),
        _type("StepEnded", "A step ended.", "run", "step_run", "step", "outcome", "cost", "count", "undo"),
        _type("StepCancelled", "A step is no longer needed.", "run", "step_run", "step"),
        _type("WaitBegun", "A step waits for an instant, or for an event.", "run", "step_run", "event", "until"),
        _type("SignalReceived", "Word came that something has happened a journey may wait for.", "signal", "event", "source"),
        _type("BranchChosen", "One of several ways was chosen; why is not kept.", "run", "step", "to", "count"),
        _type("ItemsCounted", "A step is done once for each of so many items.", "run", "step", "count"),
        _type("JoinReached", "A way reached a join.", "run", "step", "came_from", "count"),
        _type("JoinCleared", "What had reached a join is no longer counted.", "run", "step"),
        _type("JourneyStopped", "A journey is no longer needed; what was done is taken back.", "run"),
        _type("JourneyEnded", "A journey ended.", "run", "outcome"),
        _type(
            "CaseMoved",
            "It goes on by another version of its journey.",
            "run",
            "journey",
            "move",
            "from_hash",
            "to_hash",
            "mapping_hash",
            "before",
            "state",
            "steps",
            "tasks",
            "service_from",
            "service_hash",
            "ended",
            "anew",
            "starts",
            "pins_from",
            "pins",
        ),
        _type(
            "MoveUndone",
            "It goes on by the version it was moved from.",
            "run",
            "journey",
            "move",
            "from_hash",
            "to_hash",
            "before",
            "state",
            "steps",
            "service_hash",
        ),
        _type("TaskQueued", "Work waits for a person.", "task", "kind", "queue", "team", "step_run", "due_at"),
        _type("TaskClaimed", "A caseworker took it.", "task", "holder"),
        _type("TaskReleased", "A caseworker gave it back.", "task"),
        _type("TaskCompleted", "A caseworker finished it.", "task", "kind", "step_run", "outcome", "service", "decision"),
        _type("TaskCancelled", "It is no longer needed.", "task", "why"),
        _type("NoteAdded", "A caseworker noted something.", "task", "item", "commitment"),
        _type("DeliveryPlaced", "A handover to an agency waits to leave.", "delivery", "step_run", "action", "key"),
        _type("DeliverySent", "An agency took a handover.", "delivery", "step_run", "attempts", "remote_id"),
        _type("DeliveryParked", "A handover cannot leave by itself; people look at it.", "delivery", "step_run", "attempts", "refusal"),
        _type("DeliveryRetried", "People sent a parked handover again.", "delivery", "step_run"),
        _type("AgencyWrote", "An agency wrote about a handover what a person reads.", "delivery", "step_run", "kind", "item", "commitment"),
        _type("AgencySilent", "An agency was asked time after time what became of a handover, and said nothing new.", "delivery", "step_run", "asked", "heard"),
        _type("AgencyReported", "An agency reported back.", "message", "step_run", "status", "remote_id", "rank", "outcome"),
        _type("NoticePromised", "A party is to be told.", "notice", "party", "channel", "template"),
        _type("PartyNotified", "A party was told.", "notice", "channel", "attempts"),
        _type("NoticeParked", "A party could not be told.", "notice", "channel", "refusal"),
        _type("FeeDue", "A fee is owed.", "fee", "step_run", "amount", "currency", "pay_by"),
        _type("FeePaid", "It was paid.", "fee", "payment", "step_run", "way", "amount", "currency", "receipt"),
        _type("PaymentBegun", "A page for a card payment was asked for.", "payment", "fee", "provider", "amount", "currency"),
        _type("PaymentFailed", "A card payment will not be made.", "payment", "fee", "why"),
        _type("PaymentUnwanted", "Money came that settles no fee; it goes back.", "payment", "fee", "amount", "currency", "why"),
        _type("FeeWaived", "An official waived it.", "fee", "step_run", "amount", "currency", "law", "official", "second", "words", "proposal"),
        _type("FeeCancelled", "It is owed no more.", "fee", "step_run", "why"),
        _type(
            "RefundDecided",
            "What was paid is to go back.",
            "fee",
            "payment",
            "of",
            "way",
            "amount",
            "currency",
            "why",
            "official",
            "second",
            "words",
            "proposal",
        ),
        _type("FeeRefunded", "It went back.", "fee", "payment", "way", "amount", "currency", "receipt", "why"),
        _type("RefundFailed", "It could not go back by the way it came.", "fee", "payment", "why"),
        _type(
            "FeeProposed",
            "An official proposes what a second one has to confirm.",
            "proposal",
            "fee",
            "kind",
            "amount",
            "currency",
            "law",
            "official",
            "words",
            "expires_at",
        ),
        _type("FeeProposalEnded", "A proposal was confirmed, refused, or has expired.", "proposal", "fee", "kind", "status", "official"),
        _type("CashDayOpened", "A desk took its first cash since it was counted.", "desk"),
        _type("CashDayCounted", "A till was counted; nothing is added to its day any more.", "desk", "expected", "counted", "words", "official"),
        _type("CashDayClosed", "A second person closed the day.", "desk", "expected", "counted", "difference", "official"),
        _type("AccessGranted", "An agency may see the case.", "agency", "why"),
        _type("AccessBarred", "The case is closed to one of the staff.", "official", "why"),
    )
)


def checked(name: str, data: dict[str, Any]) -> EventType:
    """The type; KeyError for an unknown one, ValueError where `data` has a key the type does not declare."""
    kind = TYPES[name]
    if not kind.keys.issuperset(data):
        raise ValueError(f"{name} does not declare {sorted(set(data) - kind.keys)}; add the key to portal/events/types.py if it can never hold personal data")
    return kind
