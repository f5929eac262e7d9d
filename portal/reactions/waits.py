"""What follows from waiting: a step ends when its instant or its event has come."""

from __future__ import annotations

from uuid import UUID

from portal.cases import registry
from portal.catalogue.definitions import Step
from portal.queues import worklist
from portal.reactions.acts import facts, go_on, put_task
from portal.runs import ledger
from portal.standards import timers
from portal.unit_of_work import Event, Row, Work
from portal.workflow import waits

#: Kind of the task in which people look at a wait whose date nobody told.
NO_DATE = "wait"


def begin(work: Work, case: Row, step: Step, step_run: UUID) -> None:
    """The step waits, or is over at once. Where the date it waits for was not told (or was erased), people of its agency decide when it goes on."""
    row = ledger.step_run(work, case["case_id"], step_run)
    ended = waits.begin(work, step, row, answers=facts(work, case)["answers"])
    if ended == "unknown":
        put_task(work, case, work.catalogue.agencies[row["agency"]], kind=NO_DATE, step=step.id, step_run=step_run, queue=None)
    elif ended is not None:
        go_on(work, case, step_run, ended)


def answered(work: Work, events: list[Event]) -> None:
    """The date a step waits for was told at last: it waits for that, and nobody needs to look."""
    for event in events:
        for row in ledger.waits_for(work, event.case_id):
            if worklist.of_kind(work, event.case_id, NO_DATE, row["step"]) is None:
                continue
            case = registry.case_of(work, event.case_id)
            run = ledger.run_of(work, event.case_id, row["run_id"])
            step = work.portal.pinned(work, run["definition_hash"]).step(row["step"])
            ended = waits.begin(work, step, row, answers=facts(work, case)["answers"])
            if ended == "unknown":
                continue
            worklist.cancel(work, event.case_id, why="date told", step_run_id=row["id"])
            if ended is not None:
                go_on(work, case, row["id"], ended)


def signalled(work: Work, events: list[Event]) -> None:
    """Something has happened: whoever waits for it goes on; where nobody does yet, the word is kept."""
    for event in events:
        waiting = ledger.waits_for(work, event.case_id, event.data["event"])
        if not waiting or not ledger.take_signal(work, waiting[0]):
            continue
        for row in waiting:
            if row["status"] == "begun":
                go_on(work, registry.case_of(work, event.case_id), row["id"], "happened")


def due(work: Work, timer: Row) -> None:
    """The instant has come."""
    row = ledger.step_run(work, timer["case_id"], timer["subject"])
    if row["status"] == "begun":
        go_on(work, registry.case_of(work, timer["case_id"]), row["id"], waits.ends(row))


def over(work: Work, case_id: UUID, step_run: UUID) -> None:
    """A step run ended or is no longer needed: where it waited, nothing fires for it any more."""
    if ledger.step_run(work, case_id, step_run)["kind"] == "wait":
        timers.disarm(work, case_id, step_run)
