"""What follows from referrals: the other door is asked, what was offered moves once it is taken, and comes to the fore again where it is not."""

from __future__ import annotations

from uuid import UUID

from portal.access import grants
from portal.cases import registry
from portal.queues import worklist
from portal.reactions.acts import put_task
from portal.referrals import offers
from portal.standards import clocks, timers
from portal.unit_of_work import Event, Row, Work
from portal.workflow import doors

#: Kind of task in which a door finds what it is offered; its `step` is the referral's id.
KIND = "referral"


def offered(work: Work, events: list[Event]) -> None:
    """The other door finds it in its worklist; at the offering one the task steps back while the answer is waited for."""
    for event in events:
        row = _row(work, event)
        if row["at_once"]:
            continue
        worklist.turn(work, event.case_id, row["task_id"], 2)
        if row["status"] == "disputed":
            continue
        agency, case = work.catalogue.agencies[row["to_agency"]], registry.case_of(work, event.case_id)
        put_task(
            work,
            case,
            agency,
            kind=KIND,
            step=str(row["id"]),
            step_run=None,
            queue=doors.rules(agency).queue,
            service=row["to_service"],
            due_at=row["answer_by"],
        )


def accepted(work: Work, events: list[Event]) -> None:
    """The other door takes it: the case moves there with all that was said on it, or the work of the step does."""
    for event in events:
        row = _row(work, event)
        _answered(work, row, "accepted")
        task = worklist.task_of(work, event.case_id, row["task_id"])
        if row["scope"] == "step":
            _hand_over(work, row, task)
        elif task["kind"] == "triage" and row["to_service"]:
            worklist.settle(work, task, outcome=None, service=row["to_service"])
        else:
            registry.refer(work, event.case_id, to_agency=row["to_agency"], to_service=row["to_service"], words=row["words"])


def declined(work: Work, events: list[Event]) -> None:
    """It stays where it is, and comes to the fore there."""
    for event in events:
        row = _row(work, event)
        _answered(work, row, "declined")
        worklist.turn(work, event.case_id, row["task_id"], 0)


def lapsed(work: Work, events: list[Event]) -> None:
    """No answer came: the promise to answer is missed, and it stays where it is."""
    for event in events:
        row = _row(work, event)
        clocks.stop(work, event.case_id, lambda clock, of=row: clock["id"] == of["clock_id"])  # type: ignore[misc]
        _no_longer_asked(work, row, "lapsed")
        worklist.turn(work, event.case_id, row["task_id"], 0)


def ended(work: Work, events: list[Event]) -> None:
    """The offer is no longer there."""
    for event in events:
        row = _row(work, event)
        clocks.cancel(work, event.case_id, lambda clock, of=row: clock["id"] == of["clock_id"], why="offer ended")  # type: ignore[misc]
        _no_longer_asked(work, row, "offer ended")
        worklist.turn(work, event.case_id, row["task_id"], 1)


def task_over(work: Work, events: list[Event]) -> None:
    """What was on offer was done, or is no longer needed: the offer ends with it."""
    for event in events:
        for row in offers.still_open(work, event.case_id, UUID(event.data["task"])):
            offers.end(work, row, why="done here" if event.type == "TaskCompleted" else "not needed")


def lapse(work: Work, timer: Row) -> None:
    """The time to answer is over."""
    row = offers.find(work, timer["case_id"], timer["subject"])
    if row["status"] == "offered":
        offers.lapse(work, row)


def _row(work: Work, event: Event) -> Row:
    return offers.find(work, event.case_id, UUID(event.data["referral"]))


def _answered(work: Work, row: Row, outcome: str) -> None:
    clocks.stop(work, row["case_id"], lambda clock: clock["id"] == row["clock_id"])
    timers.disarm(work, row["case_id"], row["id"])
    task = worklist.of_kind(work, row["case_id"], KIND, str(row["id"]))
    if task is not None:
        worklist.settle(work, task, outcome=outcome)


def _no_longer_asked(work: Work, row: Row, why: str) -> None:
    timers.disarm(work, row["case_id"], row["id"])
    task = worklist.of_kind(work, row["case_id"], KIND, str(row["id"]))
    if task is not None:
        worklist.cancel(work, row["case_id"], why=why, only=task["id"])


def _hand_over(work: Work, row: Row, task: Row) -> None:
    """The step is done elsewhere; the case, its promises and its decision stay."""
    agency = work.catalogue.agencies[row["to_agency"]]
    grants.grant(work, row["case_id"], agency.id, "referral")
    worklist.cancel(work, row["case_id"], why="referred", only=task["id"])
    case = registry.case_of(work, row["case_id"])
    queue = doors.rules(agency).queue
    put_task(work, case, agency, kind="step", step=task["step"], step_run=task["step_run_id"], queue=queue, service=task["service"], item=task["item"])
