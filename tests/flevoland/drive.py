"""One case after another through the real engine: a plan says what people, the citizen and the agency do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from portal.cases import asks
from portal.db import new_id
from portal.events import log
from portal.fees import ledger as fees
from portal.intake import party
from portal.intake.receive import Submission, receive
from portal.outbox import deliveries
from portal.outbox.tables import outbox
from portal.queues import worklist
from portal.queues.tables import tasks
from portal.reactions import sweep
from portal.runs.tables import step_runs
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal, Principal, Work
from portal.workflow import casework, counter, feework
from portal.workflow.history import MOVES, told
from portal.workflow.runner import Run, apply
from tests.flevoland.paths import Path, seen

CLERK = Principal("staff", "tests|clerk", agencies=("province",), teams=("desk", "case-workers"), roles=("caseworker",))
#: More steps than any path has.
ENOUGH = 20


@dataclass(frozen=True)
class Plan:
    """What is asked for, and how each step ends."""

    service: str
    answers: Mapping[str, Any]
    #: Step -> how it ends; an `ask` by the answers given then, or None: the citizen does not reply.
    ends: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Driven:
    """What became of it: journey -> path of its run, and the case's outcome."""

    case_id: UUID
    paths: Mapping[str, Path]


def drive(portal: Portal, plan: Plan) -> Driven:
    """A case from its intake to the end of its journey."""
    case_id = new_id()
    with portal.work(ANONYMOUS, new_cases=[case_id]) as work:
        receive(work, Submission(service=plan.service, answers=dict(plan.answers), contact={"email": "ann@example.org"}), case_id=case_id)
    for _ in range(ENOUGH):
        step = under_way(portal, case_id)
        if step is None:
            return Driven(case_id, recorded(portal, case_id))
        DOES[step["kind"]](portal, case_id, step["step"], plan.ends.get(step["step"]))
    raise AssertionError(f"{plan} does not come to its end")


def under_way(portal: Portal, case_id: UUID) -> Mapping[str, Any] | None:
    """The step of the case somebody is to do now."""
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        (step,) = [row for row in work.rows(step_runs, case_id) if row["status"] == "begun" and row["kind"] != "journey"] or [None]
        return step


def recorded(portal: Portal, case_id: UUID) -> dict[str, Path]:
    """The path of each run of a case, out of its events alone."""
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        events = list(work.run(log.history(case_id, limit=1000).execution_options(visible=True)))
    runs: dict[UUID, Run] = {}
    journeys: dict[UUID, str] = {}
    kinds: dict[str, str] = {}
    paths: dict[str, Path] = {}
    for event in events:
        if event["type"] == "JourneyBegun":
            id = UUID(event["data"]["run"])
            runs[id], journeys[id] = Run(), event["data"]["journey"]
        elif event["type"] in MOVES:
            id = UUID(event["data"]["run"])
            kinds |= {event["data"]["step_run"]: event["data"]["kind"]} if event["type"] == "StepBegun" else {}
            step = told(id, runs[id], event, kinds)
            runs[id] = apply(runs[id], step)
            paths[journeys[id]] = (*paths.get(journeys[id], ()), seen(step))
    assert all(run.ended for run in runs.values())
    return paths


def waiting(work: Work, case_id: UUID, step: str) -> Any:
    """The task of that step."""
    work.narrow([case_id])
    return next(row for row in work.rows(tasks, case_id) if row["step"] == step and row["status"] in worklist.WAITING)


def do(portal: Portal, case_id: UUID, step: str, outcome: str | None) -> None:
    """Somebody takes the task and finishes it; what has one outcome only ends with that."""
    with portal.work(CLERK) as work:
        worklist.claim(work, waiting(work, case_id, step), holder="tests|clerk", version=None)
    finish(portal, case_id, step, outcome)


def finish(portal: Portal, case_id: UUID, step: str, outcome: str | None) -> None:
    """Whoever holds the task finishes it."""
    known = next(one for journey in portal.catalogue.journeys.values() for one in journey.steps if one.id == step).outcomes
    with portal.work(CLERK) as work:
        given = outcome or (known[0] if len(known) == 1 else None)
        casework.complete(work, waiting(work, case_id, step), version=None, outcome=given, reasons="By the by-law.")


def reply(portal: Portal, case_id: UUID, step: str, answers: Mapping[str, Any] | None) -> None:
    """The citizen answers, or the time to is over."""
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        by = asks.still_open(work, case_id)[0]["reply_by"]
        if answers is not None:
            party.answer(work, case_id, answers)
    if answers is None:
        assert sweep(portal, at=by)


def settle(portal: Portal, case_id: UUID, step: str, how: str | None) -> None:
    """The fee is paid in cash, waived, or left unpaid."""
    with portal.work(CLERK) as work:
        work.narrow([case_id])
        fee = fees.of_case(work, case_id)[0]
        if how == "waived":
            feework.waive(work, case_id, fee["id"], law="Awb 4:94a", words="He cannot pay.")
    if how == "paid":
        with portal.work(CLERK) as work:
            counter.take(work, case_id, fee["id"], counter.open_till(work, "province", "desk", case_id), amount=fee["amount"])
    elif how == "lapsed":
        assert sweep(portal, at=fee["pay_by"])


def hand_over(portal: Portal, case_id: UUID, step: str, how: str | None) -> None:
    """The agency reports, or cannot be reached."""
    with portal.work(ENGINE) as work:
        work.narrow([case_id])
        (row,) = [row for row in work.rows(outbox, case_id) if row["kind"] == "delivery"]
        if how == "failed":
            deliveries.parked(work, row, reason="nobody answers", code="timeout")
        else:
            deliveries.reported(work, row, message="m1", status=str(how), rank=3, remote_id="R-1", outcome=None)


DOES: Mapping[str, Any] = {"work": do, "decide": do, "ask": reply, "fee": settle, "send": hand_over}
