"""What follows from steps and tasks: promises, people, agencies, the next step."""

from __future__ import annotations

from uuid import UUID

from portal.access import grants
from portal.cases import asks, registry
from portal.catalogue.definitions import Journey, Service, Step
from portal.outbox import deliveries
from portal.queues import worklist
from portal.reactions import consequences, fees, inside, waits
from portal.reactions.acts import give, go_on, of_cases, put_task, service_in, start_clock, tell
from portal.runs import ledger
from portal.standards import changes, clocks, overdue
from portal.unit_of_work import Event, Row, Work
from portal.workflow import journeys, waiting


def begin_step(work: Work, events: list[Event]) -> None:
    """A step began: its promises run, and it goes to people, to an agency or to the party."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        run = ledger.run_of(work, event.case_id, UUID(event.data["run"]))
        service = service_in(work, case, run)
        assert service is not None
        assert event.agency is not None
        journey = work.portal.pinned(work, run["definition_hash"])
        step = journey.step(event.step)
        grants.grant(work, event.case_id, event.agency, "step")
        step_run = UUID(event.data["step_run"])
        for standard in service.standards:
            if standard.covers == event.step:
                whose = service.agency if run["service_hash"] else None
                start_clock(work, case, standard, started_at=work.now, step_run=step_run, agency_id=whose)
        inside.pause(work, case, run, event, step_run)
        _take_up(work, case, run, service, event, journey, step)


def _take_up(work: Work, case: Row, run: Row, service: Service, event: Event, journey: Journey, step: Step) -> None:
    """The step goes to whom its kind says."""
    assert event.agency is not None
    step_run = UUID(event.data["step_run"])
    if step.kind == "send" and work.catalogue.agencies[event.agency].adapter != "staff":
        deliveries.place(
            work,
            event.case_id,
            agency=event.agency,
            step_run_id=step_run,
            step=step.id,
            action=step.action or step.id,
            answers=None,
            service=service.id,
            item=event.data.get("item"),
        )
    elif step.kind == "notify":
        tell(work, case, step.template or "message")
    elif step.kind == "ask":
        if not waiting.ask_step(work, case, service, journey, step, step_run, agency=event.agency):
            go_on(work, case, step_run, "answered")
    elif step.kind == "wait":
        waits.begin(work, case, step, step_run)
    elif step.kind == "journey":
        inside.begin(work, case, run, step, step_run)
    elif step.kind == "fee":
        fees.begin(work, case, step, step_run, agency=event.agency)
    else:
        queue_step(work, case, service, event, step.queue, of=run["service"])


def end_step(work: Work, events: list[Event]) -> None:
    """A step ended: its promises stop, nobody needs to work on it any more."""
    for event in events:
        step_run = UUID(event.data["step_run"])
        clocks.stop(work, event.case_id, lambda clock, step_run=step_run: clock["step_run_id"] == step_run)  # type: ignore[misc]
        worklist.cancel(work, event.case_id, why="step ended", step_run_id=step_run)
        if journeys.step_of(work, event.case_id, step_run).kind == "send":
            deliveries.cancel(work, event.case_id, step_run)
        waits.over(work, event.case_id, step_run)
        changes.resume(work, event.case_id, step_run, at=work.now, why="reported")


def cancel_step(work: Work, events: list[Event]) -> None:
    """A step is no longer needed, and so are its promises and its tasks."""
    for event in events:
        step_run = UUID(event.data["step_run"])
        inside.stop(work, event.case_id, step_run)
        clocks.cancel(work, event.case_id, lambda clock, step_run=step_run: clock["step_run_id"] == step_run, why="step cancelled")  # type: ignore[misc]
        worklist.cancel(work, event.case_id, why="step cancelled", step_run_id=step_run)
        deliveries.cancel(work, event.case_id, step_run)
        waits.over(work, event.case_id, step_run)
        fees.over(work, event.case_id, step_run)
        changes.resume(work, event.case_id, step_run, at=work.now, why="cancelled")
        if registry.case_of(work, event.case_id)["status"] == "waiting":
            asks.cancel(work, event.case_id, step_run_id=step_run)


def work_begun(work: Work, events: list[Event]) -> None:
    """Somebody works on it now."""
    for event in of_cases(work, events):
        case = registry.case_of(work, event.case_id)
        if case["status"] == "received" and case["service"] and event.data.get("kind") != "referral":
            registry.begin(work, event.case_id)


def task_done(work: Work, events: list[Event]) -> None:
    """A task is finished: the journey goes on, or the request goes to the service that was found."""
    for event in of_cases(work, events):
        case = registry.case_of(work, event.case_id)
        if case["status"] == "waiting":
            asks.cancel(work, event.case_id, task_id=UUID(event.data["task"]))
        if event.data["kind"] == "consequence":
            for clock in overdue.arisen(work, event.case_id, event.step):
                overdue.settle(work, clock, outcome=event.data["outcome"], official=event.actor.removeprefix("staff:"))
        if event.data["kind"] == "decision":
            consequences.decided_anew(work, event.case_id, UUID(event.data["task"]))
        if event.data["kind"] == fees.BY_HAND:
            fees.by_hand_done(work, event)
        if event.data["kind"] == fees.UNKNOWN:
            fees.priced_anew(work, case, UUID(event.data["step_run"]))
        elif event.data["step_run"]:
            go_on(work, case, UUID(event.data["step_run"]), event.data["outcome"])
        if event.data["service"]:
            give(work, case, event.data["service"], why="triage")


def agency_reported(work: Work, events: list[Event]) -> None:
    """An agency reported: done and refused end the step, accepted only shows that work has begun."""
    work_begun(work, events)
    for event in events:
        if event.data["status"] == "accepted":
            continue
        step_run = UUID(event.data["step_run"])
        if ledger.step_run(work, event.case_id, step_run)["status"] == "begun":
            go_on(work, registry.case_of(work, event.case_id), step_run, event.data["status"])


def parked(work: Work, events: list[Event]) -> None:
    """A handover cannot leave by itself: the journey has a way for that, or people of the agency it was for do the step by hand, or those of the holder."""
    for event in events:
        case, step_run = registry.case_of(work, event.case_id), UUID(event.data["step_run"])
        if _catches(journeys.step_of(work, event.case_id, step_run)) and ledger.step_run(work, event.case_id, step_run)["status"] == "begun":
            deliveries.cancel(work, event.case_id, step_run)
            go_on(work, case, step_run, "failed")
            continue
        known = [work.catalogue.agencies[id] for id in (event.agency, case["agency"]) if id in work.catalogue.agencies]
        agency = next((one for one in known if one.queues), None)
        if agency:
            put_task(work, case, agency, kind="parked", step=event.step or "delivery", step_run=step_run, queue=None)


def retried(work: Work, events: list[Event]) -> None:
    """People sent it again: nobody needs to do it by hand."""
    for event in events:
        for task in worklist.waiting_of(work, event.case_id, "parked"):
            if task["step_run_id"] == UUID(event.data["step_run"]):
                worklist.cancel(work, event.case_id, why="sent again", only=task["id"])


def silent(work: Work, events: list[Event]) -> None:
    """An agency says nothing of what it was given: people find out, and end the step."""
    _to_people(work, events, "unheard")


def written_to(work: Work, events: list[Event]) -> None:
    """An agency wrote what no machine may decide on: people read it, answer, and end the step; of a refusal they only keep the reasons."""
    _to_people(work, [event for event in events if event.data["kind"] != "refusal"], "reply")


def contradicted(work: Work, events: list[Event]) -> None:
    """An agency says two things of one handover: people ask which is true, whatever became of the step meanwhile."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        known = [work.catalogue.agencies[id] for id in (event.agency, case["agency"]) if id in work.catalogue.agencies]
        agency = next((one for one in known if one.queues), None)
        if agency and not worklist.of_kind(work, event.case_id, "contradiction", event.step or "delivery"):
            put_task(work, case, agency, kind="contradiction", step=event.step or "delivery", step_run=None, queue=None)


def _to_people(work: Work, events: list[Event], kind: str) -> None:
    for event in events:
        case, step_run = registry.case_of(work, event.case_id), UUID(event.data["step_run"])
        known = [work.catalogue.agencies[id] for id in (event.agency, case["agency"]) if id in work.catalogue.agencies]
        agency = next((one for one in known if one.queues), None)
        waits = any(task["step_run_id"] == step_run for task in worklist.waiting_of(work, event.case_id, kind))
        if agency and not waits and ledger.step_run(work, event.case_id, step_run)["status"] == "begun":
            put_task(work, case, agency, kind=kind, step=event.step or "delivery", step_run=step_run, queue=None)


def _catches(step: Step) -> bool:
    """Whether the journey says itself where it goes when an agency cannot be reached."""
    return step.on_error is not None or any(arm.outcome == "failed" for arm in step.next.arms)


def queue_step(work: Work, case: Row, service: Service, event: Event, queue: str | None, *, of: str | None = None) -> None:
    """The step waits for people. `of`: the service of the part of a life event it is in."""
    assert event.agency is not None
    assert event.step is not None
    undoing = journeys.is_stopping(ledger.run_of(work, event.case_id, UUID(event.data["run"])))
    kind = "undo" if undoing else "triage" if service.triage else "step"
    agency, step_run = work.catalogue.agencies[event.agency], UUID(event.data["step_run"])
    put_task(work, case, agency, kind=kind, step=event.step, step_run=step_run, queue=queue, service=of, item=event.data.get("item"))
