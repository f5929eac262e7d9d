"""WHAT HAPPENS NEXT: event -> reactions, one table; the only place that joins rooms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.access import grants
from portal.cases import asks, duty, registry
from portal.cases.moves import ENDED
from portal.catalogue.definitions import Agency, Service, Standard
from portal.events.chain import stamp
from portal.outbox import deliveries, notices, pages
from portal.parties import register
from portal.queues import worklist
from portal.runs import ledger
from portal.standards import changes, clocks, overdue, timers
from portal.standards import sweep as sweeping
from portal.standards.moments import MOMENTS
from portal.unit_of_work import Event, Portal, Reaction, Row, Work
from portal.vault import items
from portal.workflow import journeys, waiting

#: How long a duty person has to acknowledge before the next one is paged.
PAGE_AGAIN = timedelta(minutes=5)


def take_up(work: Work, events: list[Event]) -> None:
    """A request was taken: who holds it may see it, its promises run, its journey begins, its party is told."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        service = service_of(work, case)
        if service is None:
            continue
        grants.grant(work, event.case_id, case["agency"], "holder" if case["service"] else "triage")
        if case["danger"]:
            _page(work, case)
        _promise(work, case, service)
        _tell(work, case, "received")
        journeys.begin(work, event.case_id, service, holder=case["agency"], facts=_facts(work, case))


def route(work: Work, events: list[Event]) -> None:
    """The request found its service: its promises run from when each standard says, and its journey begins."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        service = service_of(work, case)
        assert service is not None
        clocks.stop(work, event.case_id, lambda clock: clock["step_run_id"] is None)
        grants.grant(work, event.case_id, case["agency"], "holder")
        _promise(work, case, service)
        _tell(work, case, "routed")
        journeys.begin(work, event.case_id, service, holder=case["agency"], facts=_facts(work, case))


def refer(work: Work, events: list[Event]) -> None:
    """A wrong door: what runs there is stopped, and the next door takes over; nothing is asked again."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        _stop(work, case, why="referred")
        target = event.data["to_service"]
        if target:
            _give(work, case, target, why="referred")
            continue
        grants.grant(work, event.case_id, case["agency"], "triage")
        _promise(work, case, work.catalogue.triage)
        journeys.begin(work, event.case_id, work.catalogue.triage, holder=case["agency"], facts=_facts(work, case))


def begin_step(work: Work, events: list[Event]) -> None:
    """A step began: its promises run, and it goes to people, to an agency or to the party."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        service = service_of(work, case)
        assert service is not None
        assert event.agency is not None
        run = ledger.run_of(work, event.case_id, UUID(event.data["run"]))
        step = work.portal.pinned(work, run["definition_hash"]).step(event.step)
        grants.grant(work, event.case_id, event.agency, "step")
        step_run = UUID(event.data["step_run"])
        for standard in service.standards:
            if standard.covers == event.step:
                _start(work, case, standard, started_at=work.now, step_run=step_run)
        if event.agency != case["agency"]:
            changes.pause(work, event.case_id, awaits="agency", key=step_run, at=work.now, step=event.step)
        if step.kind == "send" and work.catalogue.agencies[event.agency].adapter != "staff":
            deliveries.place(
                work,
                event.case_id,
                agency=event.agency,
                step_run_id=UUID(event.data["step_run"]),
                step=step.id,
                action=step.action or step.id,
                answers=None,
                service=service.id,
            )
        elif step.kind == "notify":
            _tell(work, case, step.template or "message")
        elif step.kind == "ask":
            if not waiting.ask_step(work, case, step, step_run, agency=event.agency, answers=_facts(work, case)["answers"]):
                _go_on(work, case, step_run, "answered")
        else:
            _queue(work, case, service, event, step.queue)


def end_step(work: Work, events: list[Event]) -> None:
    """A step ended: its promises stop, nobody needs to work on it any more."""
    for event in events:
        step_run = UUID(event.data["step_run"])
        clocks.stop(work, event.case_id, lambda clock, step_run=step_run: clock["step_run_id"] == step_run)  # type: ignore[misc]
        worklist.cancel(work, event.case_id, why="step ended", step_run_id=step_run)
        changes.resume(work, event.case_id, step_run, at=work.now, why="reported")


def cancel_step(work: Work, events: list[Event]) -> None:
    """A step is no longer needed, and so are its promises and its tasks."""
    for event in events:
        step_run = UUID(event.data["step_run"])
        clocks.cancel(work, event.case_id, lambda clock, step_run=step_run: clock["step_run_id"] == step_run, why="step cancelled")  # type: ignore[misc]
        worklist.cancel(work, event.case_id, why="step cancelled", step_run_id=step_run)
        deliveries.cancel(work, event.case_id, step_run)
        changes.resume(work, event.case_id, step_run, at=work.now, why="cancelled")
        if registry.case_of(work, event.case_id)["status"] == "waiting":
            asks.cancel(work, event.case_id, step_run_id=step_run)


def work_begun(work: Work, events: list[Event]) -> None:
    """Somebody works on it now."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        if case["status"] == "received" and case["service"]:
            registry.begin(work, event.case_id)


def task_done(work: Work, events: list[Event]) -> None:
    """A task is finished: the journey goes on, or the request goes to the service that was found."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        if case["status"] == "waiting":
            asks.cancel(work, event.case_id, task_id=UUID(event.data["task"]))
        if event.data["kind"] == "consequence":
            for clock in overdue.arisen(work, event.case_id, event.step):
                overdue.settle(work, clock, outcome=event.data["outcome"], official=event.actor.removeprefix("staff:"))
        if event.data["step_run"]:
            _go_on(work, case, UUID(event.data["step_run"]), event.data["outcome"])
        if event.data["service"]:
            _give(work, case, event.data["service"], why="triage")


def agency_reported(work: Work, events: list[Event]) -> None:
    """An agency reported: done and refused end the step, accepted only shows that work has begun."""
    work_begun(work, events)
    for event in events:
        if event.data["status"] == "accepted":
            continue
        step_run = UUID(event.data["step_run"])
        if ledger.step_run(work, event.case_id, step_run)["status"] == "begun":
            _go_on(work, registry.case_of(work, event.case_id), step_run, event.data["status"])


def end_journey(work: Work, events: list[Event]) -> None:
    """The journey of the case's own service ended, and so does the case. The search for a door, and what was cancelled, end nothing."""
    for event in events:
        run = ledger.run_of(work, event.case_id, UUID(event.data["run"]))
        case = registry.case_of(work, event.case_id)
        if run["status"] == "ended" and run["journey"] != work.catalogue.triage.journey and case["service"]:
            registry.close(work, event.case_id, outcome=event.data["outcome"])


def decided(work: Work, events: list[Event]) -> None:
    """The party is told of a decision; a first answer has been given."""
    for event in events:
        clocks.stop(work, event.case_id, lambda clock: clock["covers"] == "first-answer")
        _tell(work, registry.case_of(work, event.case_id), "decided")


def closed(work: Work, events: list[Event]) -> None:
    """What was promised of the case is measured at the instant it ended; the party is told and asked how it was."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        clocks.stop(work, event.case_id, lambda _: True, at=event.occurred_at)
        worklist.cancel(work, event.case_id, why="case closed", keep="consequence")
        _moot(work, event.case_id, "tacit-approval")
        _tell(work, case, "closed")


def withdrawn(work: Work, events: list[Event]) -> None:
    """What runs anywhere for the case is stopped."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        _stop(work, case, why="withdrawn")
        _moot(work, event.case_id, "tacit-approval", "right-of-appeal", "redress")
        _tell(work, case, "withdrawn")


def page(work: Work, events: list[Event]) -> None:
    """A duty person is paged, and the next one when nobody acknowledges in time."""
    for event in events:
        call = UUID(event.data["call"])
        assert event.agency is not None
        pages.place(work, event.case_id, call_id=call, agency=event.agency, person=event.data["person"])
        if event.data["page"] == 1:
            timers.arm(work, event.case_id, kind="duty", subject=call, due_at=work.now + PAGE_AGAIN)
        else:
            timers.move(work, event.case_id, call, kind="duty", due_at=work.now + PAGE_AGAIN)


def page_answered(work: Work, events: list[Event]) -> None:
    """Nobody else needs to be paged."""
    for event in events:
        timers.disarm(work, event.case_id, UUID(event.data["call"]))


def parked(work: Work, events: list[Event]) -> None:
    """A handover cannot leave by itself: people of the agency it was for do the step by hand, or those of the agency that holds the case."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        known = [work.catalogue.agencies[id] for id in (event.agency, case["agency"]) if id in work.catalogue.agencies]
        agency = next((one for one in known if one.queues), None)
        if agency:
            _task(work, case, agency, kind="parked", step=event.step or "delivery", step_run=UUID(event.data["step_run"]), queue=None)


def asked(work: Work, events: list[Event]) -> None:
    """The party was asked: what the law lets stand still does so until the date to reply by, and the party is told that date."""
    for event in events:
        waiting.begin(work, event)
        by = event.data["reply_by"]
        _tell(work, registry.case_of(work, event.case_id), "asked" if by else "message", due_at=by)


def ask_ended(work: Work, events: list[Event]) -> None:
    """An answer came, or its date lapsed: what stood still runs again, and who asked goes on."""
    for event in events:
        waiting.end(work, event)
        if event.data["step_run"] and event.data["why"] != "cancelled":
            _go_on(work, registry.case_of(work, event.case_id), UUID(event.data["step_run"]), event.data["why"])


def redate(work: Work, events: list[Event]) -> None:
    """Dates of a case have moved: worklists are sorted by the new ones."""
    due = {event.case_id: clocks.soonest(work, event.case_id) for event in events}
    worklist.redue(work, {case_id: at for case_id, at in due.items() if at is not None})


def tell_date(work: Work, events: list[Event]) -> None:
    """The party is told the new date of what it was promised: once a case, and not where there is an outcome already."""
    cases = list(dict.fromkeys(event.case_id for event in events))
    registry.load(work, cases)
    register.load(work, cases)
    for case_id in cases:
        case = registry.case_of(work, case_id)
        moved = {event.data["clock"]: event.data["due_at"] for event in events if event.case_id == case_id}
        row = waiting.promised(clock for clock in clocks.of_case(work, case_id) if str(clock["id"]) in moved)
        if row is not None and case["status"] not in (*ENDED, "decided"):
            _tell(work, case, "new-date", due_at=moved[str(row["id"])])


def happened(work: Work, events: list[Event]) -> None:
    """A moment a standard may name: its clocks start, stop, are cancelled or reset by it."""
    for event in events:
        case, moment = registry.case_of(work, event.case_id), MOMENTS[event.type]
        service = service_of(work, case)
        for standard in service.standards if service else ():
            if standard.starts_on == moment and not any(clock["standard"] == standard.id for clock in clocks.of_case(work, event.case_id)):
                _start(work, case, standard, started_at=event.occurred_at)
        if service and any(moment in (*one.stops_on, *one.cancels_on, *one.resets_on) for one in service.standards):
            changes.happened(work, event.case_id, moment, at=event.occurred_at)


def consequence(work: Work, events: list[Event]) -> None:
    """The law makes something of a breach: a named official confirms it, unless what it would replace is there by now."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        if event.data["kind"] == "tacit-approval" and case["status"] in (*ENDED, "decided"):
            _moot(work, event.case_id, "tacit-approval")
            continue
        agency = work.catalogue.agencies[event.agency or case["agency"]]
        _task(work, case, agency, kind="consequence", step=event.data["standard"], step_run=None, queue=event.data["official"])


def consequence_settled(work: Work, events: list[Event]) -> None:
    """It holds: a tacit approval is the decision; of a right to appeal or to redress the party is told."""
    for event in events:
        case, data = registry.case_of(work, event.case_id), event.data
        if data["outcome"] not in overdue.HOLDS:
            continue
        if data["kind"] != "tacit-approval":
            _tell(work, case, data["kind"])
        elif case["status"] not in (*ENDED, "decided"):
            _approve(work, case, clocks.clock_of(work, event.case_id, UUID(data["clock"])), official=data["official"] or "portal")


REACTIONS: dict[str, tuple[Reaction, ...]] = {
    "CaseOpened": (take_up,),
    "CaseRouted": (route,),
    "CaseReferred": (refer,),
    "StepBegun": (begin_step,),
    "StepEnded": (end_step,),
    "StepCancelled": (cancel_step,),
    "TaskClaimed": (work_begun, happened),
    "TaskCompleted": (task_done,),
    "DeliverySent": (work_begun, happened),
    "AgencyReported": (happened, agency_reported),
    "JourneyEnded": (end_journey,),
    "CaseDecided": (decided, happened),
    "CaseClosed": (closed,),
    "CaseWithdrawn": (withdrawn,),
    "DutyPaged": (page,),
    "DutyAcknowledged": (page_answered,),
    "DeliveryParked": (parked,),
    "PartyAsked": (asked,),
    "AskEnded": (ask_ended,),
    "AnswersGiven": (happened,),
    "ClockPaused": (redate,),
    "ClockResumed": (redate, tell_date),
    "ClockMoved": (redate, tell_date),
    "ClockReset": (redate, tell_date),
    "ConsequenceArisen": (consequence,),
    "ConsequenceSettled": (consequence_settled,),
}

#: Facts nothing follows from: they are told, counted and explained.
QUIET = frozenset(
    {
        "AccessGranted", "BranchChosen", "CaseReplanned", "ClockCancelled", "ClockStarted", "ClockStopped", "DeliveryPlaced", "StandardEscalated",
        "DeliveryRetried", "FeedbackGiven", "JoinReached", "JourneyBegun", "MessageReceived", "NoteAdded", "NoticeParked", "NoticePromised", "PartyNotified",
        "StandardMet", "StandardMissed", "StandardWarned", "TaskCancelled", "TaskQueued", "TaskReleased",
    }
)  # fmt: skip


def _breach(work: Work, timer: Row) -> None:
    clocks.miss(work, timer["case_id"], timer["subject"])


def _warning(work: Work, timer: Row) -> None:
    clocks.warn(work, timer["case_id"], timer["subject"], share=timer["share"])


def _duty(work: Work, timer: Row) -> None:
    case = registry.case_of(work, timer["case_id"])
    duty.call_next(work, timer["case_id"], timer["subject"], people=len(_duty_agency(work, case).duty))


def _lapse(work: Work, timer: Row) -> None:
    ask = asks.find(work, timer["case_id"], timer["subject"])
    if ask is None:
        changes.lapse(work, timer["case_id"], timer["subject"], at=timer["due_at"])
    elif ask["ended_at"] is None:
        asks.end(work, ask, why="lapsed", at=timer["due_at"])


def _reminder(work: Work, timer: Row) -> None:
    ask = asks.find(work, timer["case_id"], timer["subject"])
    if ask is not None and ask["ended_at"] is None:
        _tell(work, registry.case_of(work, timer["case_id"]), "reminder", due_at=stamp(ask["reply_by"]))


def _escalation(work: Work, timer: Row) -> None:
    overdue.escalate(work, timer["case_id"], timer["subject"], timer["share"])


def _took_effect(work: Work, timer: Row) -> None:
    for clock in overdue.arisen(work, timer["case_id"]):
        if clock["id"] == timer["subject"]:
            _cancel_consequence(work, clock, why="took effect")
            overdue.settle(work, clock, outcome="took-effect", official=None)


#: Kind of timer -> what firing it means.
FIRES: dict[str, sweeping.Fire] = {
    "breach": _breach,
    "warning": _warning,
    "duty": _duty,
    "lapse": _lapse,
    "reminder": _reminder,
    "escalation": _escalation,
    "consequence": _took_effect,
}


def sweep(portal: Portal, *, limit: int = 1000, at: Any = None) -> int:
    """Fires up to `limit` due timers; returns how many (portal/standards/sweep.py)."""
    return sweeping.sweep(portal, FIRES, limit=limit, at=at)


def service_of(work: Work, case: Row) -> Service | None:
    """The service of a case as it was pinned; the triage service where none was found yet; None for a service outside the catalogue (replay)."""
    if case["service_hash"]:
        service: Service = work.portal.pinned(work, case["service_hash"])
        return service
    return None if case["service"] else work.catalogue.triage


def _promise(work: Work, case: Row, service: Service) -> None:
    for standard in service.standards:
        in_working_time = standard.within.endswith(("business_days", "business_hours"))
        if standard.covers in ("case", "first-answer") and standard.starts_on is None and not (case["danger"] and in_working_time):
            _start(work, case, standard, started_at=case["received_at"] if standard.starts == "receipt" else work.now)


def _start(work: Work, case: Row, standard: Standard, *, started_at: Any, step_run: UUID | None = None) -> None:
    agency = work.catalogue.agencies[case["agency"]]
    name = standard.calendar or agency.calendars[0].id
    key = name if "/" in name else f"{agency.id}/{name}"
    hash = work.catalogue.hashes["calendar", key]
    clock = clocks.start(work, case["case_id"], standard, agency=agency.id, started_at=started_at, calendar_hash=hash, step_run_id=step_run)
    if any(rule.retroactive for rule in standard.pauses) and started_at < work.now:
        waiting.catch_up(work, clock)


def _facts(work: Work, case: Row) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for given in items.of_kind(work, case["case_id"], "answers"):
        answers |= given
    return {"answers": answers, "channel": case["channel"], "area": case["area"], "language": case["language"]}


def _tell(work: Work, case: Row, template: str, *, due_at: str | None = None) -> None:
    refs = {"due_at": due_at} if due_at else {}
    for party in register.told(work, case["case_id"]):
        notices.promise(work, case["case_id"], party_id=party["party_id"], channel=party["channel"], template=template, language=party["language"], refs=refs)


def _queue(work: Work, case: Row, service: Service, event: Event, queue: str | None) -> None:
    assert event.agency is not None
    assert event.step is not None
    kind = "triage" if service.triage else "step"
    _task(work, case, work.catalogue.agencies[event.agency], kind=kind, step=event.step, step_run=UUID(event.data["step_run"]), queue=queue)


def _task(work: Work, case: Row, agency: Agency, *, kind: str, step: str, step_run: UUID | None, queue: str | None) -> None:
    found = next((one for one in agency.queues if queue in (one.id, one.team)), agency.queues[0])
    worklist.queue(
        work,
        case["case_id"],
        kind=kind,
        step=step,
        step_run_id=step_run,
        agency=agency.id,
        queue=found.id,
        team=found.team,
        service=case["service"],
        reference=case["reference"],
        due_at=clocks.soonest(work, case["case_id"]) or work.now,
    )


def _go_on(work: Work, case: Row, step_run_id: UUID, outcome: str | None) -> None:
    step_run = ledger.step_run(work, case["case_id"], step_run_id)
    run = ledger.run_of(work, case["case_id"], step_run["run_id"])
    service = service_of(work, case)
    assert service is not None
    journeys.end_step(work, run, service, step_run_id, outcome=outcome, holder=case["agency"], facts=_facts(work, case))


def _give(work: Work, case: Row, service_id: str, *, why: str) -> None:
    service = work.catalogue.services[service_id]
    registry.route(work, case["case_id"], service=service.id, service_hash=work.catalogue.hashes["service", service.id], agency=service.agency, why=why)


def _stop(work: Work, case: Row, *, why: str) -> None:
    for run in ledger.running(work, case["case_id"]):
        journeys.stop(work, run)
    clocks.cancel(work, case["case_id"], lambda _: True, why=why)
    worklist.cancel(work, case["case_id"], why=why)


def _approve(work: Work, case: Row, clock: Row, *, official: str) -> None:
    """What the law takes as decided, is decided; the journey has nothing left to find out."""
    consequence = clock["rule"]["consequence"]
    law, outcome = consequence["law"].get("article"), consequence["outcome"]
    registry.decide(work, case["case_id"], outcome=outcome, official=official, agency=clock["agency"], law=law, reasons=None, commitment=None)
    for run in ledger.running(work, case["case_id"]):
        journeys.stop(work, run)
    registry.close(work, case["case_id"], outcome=outcome)


def _moot(work: Work, case_id: UUID, *kinds: str) -> None:
    """Nobody needs to confirm these any more."""
    for clock in overdue.arisen(work, case_id):
        if clock["rule"]["consequence"]["kind"] in kinds:
            _cancel_consequence(work, clock, why="moot")
            overdue.settle(work, clock, outcome="moot", official=None)


def _cancel_consequence(work: Work, clock: Row, *, why: str) -> None:
    task = worklist.of_kind(work, clock["case_id"], "consequence", clock["standard"])
    if task is not None:
        worklist.cancel(work, clock["case_id"], why=why, only=task["id"])


def _duty_agency(work: Work, case: Row) -> Agency:
    agency = work.catalogue.agencies[case["agency"]]
    return agency if agency.duty else work.catalogue.agencies[work.catalogue.triage.agency]


def _page(work: Work, case: Row) -> None:
    duty.call(work, case["case_id"], agency=_duty_agency(work, case).id)
