"""What the law makes of a breach."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from uuid import UUID

from portal.cases import decisions, registry
from portal.cases.moves import ENDED
from portal.queues import worklist
from portal.reactions.acts import go_on, put_task, service_in, service_of, start_clock, tell
from portal.runs import ledger
from portal.standards import clocks, overdue
from portal.unit_of_work import Event, Row, Work
from portal.workflow import journeys, revoking


def consequence(work: Work, events: list[Event]) -> None:
    """The law makes something of a breach: a named official confirms it, unless what it would replace is there by now."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        if event.data["kind"] == "tacit-approval" and case["status"] in (*ENDED, "decided"):
            moot(work, event.case_id, "tacit-approval")
            continue
        agency = work.catalogue.agencies[event.agency or case["agency"]]
        put_task(work, case, agency, kind="consequence", step=event.data["standard"], step_run=None, queue=event.data["official"])


def consequence_settled(work: Work, events: list[Event]) -> None:
    """It holds: a tacit approval is the decision; of a right to appeal or to redress the party is told."""
    for event in events:
        case, data = registry.case_of(work, event.case_id), event.data
        if data["outcome"] not in overdue.HOLDS:
            continue
        if data["kind"] != "tacit-approval":
            tell(work, case, data["kind"])
        elif case["status"] not in (*ENDED, "decided"):
            approve(work, case, clocks.clock_of(work, event.case_id, UUID(data["clock"])), official=data["official"] or "portal")


def took_effect(work: Work, timer: Row) -> None:
    """Nobody declined in time: what the law says took effect."""
    for clock in overdue.arisen(work, timer["case_id"]):
        if clock["id"] == timer["subject"]:
            cancel_consequence(work, clock, why="took effect")
            overdue.settle(work, clock, outcome="took-effect", official=None)


def approve(work: Work, case: Row, clock: Row, *, official: str) -> None:
    """What the law takes as decided, is decided; the journey has nothing left to find out."""
    consequence = clock["rule"]["consequence"]
    law, outcome = consequence["law"].get("article"), consequence["outcome"]
    decided = partial(
        registry.decide, work, case["case_id"], outcome=outcome, official=official, agency=clock["agency"], law=law, reasons=None, commitment=None
    )
    part = ledger.inside(work, case["case_id"], clock["step_run_id"]) if clock["step_run_id"] else None
    if part is not None:
        if part["status"] == "running":
            decided(part=part["id"])
            journeys.stop(work, part, holder=case["agency"], undo=False)
            go_on(work, case, clock["step_run_id"], outcome)
        return
    decided()
    for run in ledger.running(work, case["case_id"]):
        journeys.stop(work, run, holder=case["agency"], undo=False)
    registry.close(work, case["case_id"], outcome=outcome)


def revoked(work: Work, events: list[Event]) -> None:
    """A tacit approval was taken back: an official decides anew, in the time the law gave at first; silence approves nothing a second time."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        clock = clocks.clock_of(work, event.case_id, UUID(event.data["clock"]))
        tacit = decisions.decision_of(work, event.case_id, UUID(event.data["decision"]))
        part = ledger.run_of(work, event.case_id, tacit["run_id"]) if tacit["run_id"] else None
        service = service_in(work, case, part) if part else service_of(work, case)
        standard = next((one for one in service.standards if one.id == clock["standard"]), None) if service else None
        step = str(event.step)
        if standard is not None:
            start_clock(work, case, replace(standard, covers=step, consequence=None), started_at=work.now, agency_id=clock["agency"])
        agency, official = work.catalogue.agencies[clock["agency"]], clock["rule"]["consequence"]["official"]
        put_task(work, case, agency, kind="decision", step=step, step_run=None, queue=official, service=revoking.service_of(work, tacit))


def replaced(work: Work, events: list[Event]) -> None:
    """Another decision stands in the place of a revocation, after an objection to it for example: nobody needs to decide anew any more."""
    for event in events:
        before = decisions.decision_of(work, event.case_id, UUID(event.data["supersedes"])) if event.data.get("supersedes") else None
        if before is None or before["outcome"] != revoking.REVOKED:
            continue
        for task in worklist.waiting_of(work, event.case_id, "decision"):
            if task["service"] == revoking.service_of(work, before):
                worklist.cancel(work, event.case_id, why="decided otherwise", only=task["id"])
                clocks.cancel(work, event.case_id, partial(anew, task), why="decided otherwise")


def decided_anew(work: Work, case_id: UUID, task_id: UUID) -> None:
    """There is a decision in the place of the one that was taken back: what was promised of it is measured now."""
    clocks.stop(work, case_id, partial(anew, worklist.task_of(work, case_id, task_id)))


def anew(task: Row, clock: Row) -> bool:
    """The clock measures how long a task of kind `decision` takes."""
    return bool((clock["covers"], clock["agency"], clock["step_run_id"]) == (task["step"], task["agency"], None))


def moot(work: Work, case_id: UUID, *kinds: str) -> None:
    """Nobody needs to confirm these any more."""
    for clock in overdue.arisen(work, case_id):
        if clock["rule"]["consequence"]["kind"] in kinds:
            cancel_consequence(work, clock, why="moot")
            overdue.settle(work, clock, outcome="moot", official=None)


def cancel_consequence(work: Work, clock: Row, *, why: str) -> None:
    task = worklist.of_kind(work, clock["case_id"], "consequence", clock["standard"])
    if task is not None:
        worklist.cancel(work, clock["case_id"], why=why, only=task["id"])
