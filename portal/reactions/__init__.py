"""WHAT HAPPENS NEXT: event -> reactions, one table; the only place that joins rooms."""

from __future__ import annotations

from typing import Any

from portal.intake import conversation, saving
from portal.reactions import (
    asking,
    cases,
    consequences,
    danger,
    decisions,
    documents,
    fees,
    inside,
    letters,
    moves,
    objections,
    promises,
    publishing,
    reach,
    referrals,
    steps,
    strays,
    waits,
    words,
)
from portal.standards import sweep as sweeping
from portal.unit_of_work import Portal, Reaction

REACTIONS: dict[str, tuple[Reaction, ...]] = {
    "CaseOpened": (cases.take_up, publishing.shown),
    "CaseRouted": (cases.route, publishing.shown),
    "CaseReferred": (cases.refer, publishing.shown),
    "StepBegun": (steps.begin_step,),
    "StepEnded": (steps.end_step,),
    "StepCancelled": (steps.cancel_step,),
    "TaskClaimed": (steps.work_begun, promises.happened, publishing.shown),
    "TaskQueued": (cases.ask_doors,),
    "TaskCompleted": (referrals.task_over, steps.task_done),
    "TaskCancelled": (referrals.task_over,),
    "ReferralOffered": (referrals.offered,),
    "ReferralAccepted": (referrals.accepted,),
    "ReferralDeclined": (referrals.declined,),
    "ReferralLapsed": (referrals.lapsed,),
    "ReferralEnded": (referrals.ended,),
    "DeliverySent": (steps.work_begun, promises.happened, publishing.shown),
    "AgencyReported": (promises.happened, steps.agency_reported),
    "JourneyEnded": (cases.end_journey,),
    "MessageReceived": (cases.written,),
    "SecretRenewed": (cases.secret_renewed,),
    "CaseDecided": (decisions.decided, consequences.replaced, promises.happened, fees.decided, publishing.shown),
    "PartyNotified": (decisions.notified,),
    "NoticeParked": (reach.not_told, decisions.not_notified),
    "NoticeReturned": (reach.came_back, decisions.came_back, decisions.not_notified),
    "ReachChanged": (reach.chosen,),
    "LetterReturned": (letters.returned,),
    "DecisionServed": (decisions.served,),
    "DocumentReceived": (documents.received,),
    "DocumentScanned": (documents.scanned,),
    "CaseClosed": (cases.closed, publishing.shown),
    "CaseWithdrawn": (cases.withdrawn, objections.withdrawn, fees.withdrawn, publishing.shown),
    "CaseLinked": (objections.linked,),
    "CaseMoved": (moves.moved,),
    "JourneyBegun": (cases.part_begun,),
    "CaseSealed": (cases.sealed, publishing.shown),
    "CaseUnsealed": (cases.unsealed, publishing.shown),
    "PartWithdrawn": (inside.withdrawn, fees.part_withdrawn),
    "DutyPaged": (danger.page,),
    "DutyAcknowledged": (danger.page_answered,),
    "DeliveryParked": (steps.parked,),
    "DeliveryRetried": (steps.retried,),
    "AgencySilent": (steps.silent,),
    "AgencyWrote": (steps.written_to,),
    "AgencyContradicted": (steps.contradicted,),
    "StrayFound": (strays.found,),
    "PartyAsked": (asking.asked, publishing.shown),
    "AskEnded": (asking.ask_ended, publishing.shown),
    "AnswersGiven": (promises.happened, waits.answered, fees.answered),
    "SignalReceived": (waits.signalled,),
    "ClockPaused": (promises.redate, publishing.shown),
    "ClockResumed": (promises.redate, promises.tell_date, publishing.shown),
    "ClockMoved": (promises.redate, promises.tell_date, publishing.shown),
    "ClockReset": (promises.redate, promises.tell_date, publishing.shown),
    "FeeDue": (fees.due,),
    "FeePaid": (promises.happened, fees.paid),
    "PaymentBegun": (fees.payment_begun,),
    "FeeWaived": (promises.happened, fees.waived),
    "FeeCancelled": (fees.cancelled,),
    "RefundDecided": (fees.to_go_back,),
    "FeeRefunded": (fees.paid_back,),
    "RefundFailed": (fees.not_paid_back,),
    "FeeProposed": (fees.proposed,),
    "FeeProposalEnded": (fees.proposal_ended,),
    "ConsequenceArisen": (consequences.consequence,),
    "DecisionRevoked": (consequences.revoked,),
    "ConsequenceSettled": (consequences.consequence_settled,),
    "WordReceived": (words.received,),
}

#: Facts nothing follows from: they are told, counted and explained.
QUIET = frozenset(
    {
        "AbilitySaid", "AbsenceSaid", "ViewDeleted", "ViewKept",
        "CaseFollowed", "CaseUnfollowed", "DecisionNotServed", "NoticeJoined", "NoticeMoved", "ReachLost",
        "AnswersShared", "ConsentGiven", "ConsentWithdrawn", "MatterLookedAt", "MattersShown",
        "AccessBarred", "AccessGranted", "AgencyAmended", "BranchChosen", "CasePublished", "CaseReplanned", "CashDayClosed", "CashDayCounted", "CashDayOpened",
        "CodeAsked", "ContactJudged", "ContactKept", "PartyKnown", "PartyPresent",
        "ClockCancelled", "ClockStarted", "ClockStopped", "DeliveryPlaced", "DialogueBegun", "DialogueEnded",
        "DraftBegun", "DraftChanged", "DraftEnded", "DraftKept", "DraftReminded", "DraftTakenUp",
        "FeedbackGiven", "ItemsCounted", "JoinCleared", "JoinReached", "GlassBroken", "JourneyStopped", "MandateAccepted", "MandateEnded", "MandateGiven",
        "LetterPosted", "LetterQueued", "LetterReceived", "LetterReprinted", "LetterTaken", "MoveUndone", "NoteAdded",
        "NoticePromised", "ObjectionEnded", "ObjectionReceived", "PaymentFailed", "PaymentUnwanted", "PersonKept", "ProposalEnded", "ProposalMade",
        "ReferralDisputed", "RemedyLapsed", "StandardEscalated", "StandardMet", "StandardMissed",
        "StandardWarned", "StraySettled", "TableDecided", "TaskChecked", "TaskHandedOver", "TaskPrioritised", "TaskReleased", "TaskUndone",
        "TextReported", "WaitBegun",
    }
)  # fmt: skip

#: Kind of timer -> what firing it means.
FIRES: dict[str, sweeping.Fire] = {
    "breach": promises.breach,
    "warning": promises.warning,
    "duty": danger.page_next,
    "lapse": asking.lapse,
    "reminder": asking.reminder,
    "escalation": promises.escalation,
    "consequence": consequences.took_effect,
    "fee": fees.lapse,
    "proposal": fees.expire,
    "payment": fees.ask,
    "wait": waits.due,
    "remedy": decisions.lapse,
    conversation.TIMER: conversation.lapse,
    saving.TIMER: saving.due,
    "referral": referrals.lapse,
}


def sweep(portal: Portal, *, limit: int = 1000, at: Any = None) -> int:
    """Fires up to `limit` due timers; returns how many (portal/standards/sweep.py)."""
    return sweeping.sweep(portal, FIRES, limit=limit, at=at, tell=promises.put_before)
