"""Runs journeys: asks the runner what follows, and writes it through the ledger of runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from portal.cases import findings
from portal.catalogue.conditions import holds, size, typed_for
from portal.catalogue.definitions import Journey, Service, Step
from portal.catalogue.inside import pins
from portal.catalogue.tabled import Tables
from portal.runs import ledger
from portal.unit_of_work import Row, Work
from portal.workflow import runner


def begin(work: Work, case_id: UUID, service: Service, *, holder: str, facts: Mapping[str, Any]) -> Row:
    """Begins the service's journey; `holder` is the agency that holds the case, `facts` what conditions are judged on."""
    hash = work.catalogue.hashes["journey", service.journey]
    catalogue = work.catalogue
    held = pins(catalogue.journeys[service.journey], catalogue.journeys, catalogue.services, catalogue.hashes)
    row = ledger.begin(work, case_id, journey=service.journey, definition_hash=hash, state=runner.Run().state(), pins=held)
    _follow(work, row, service, runner.Started(), holder=holder, facts=facts)
    return row


def begin_inside(work: Work, run: Row, step: Step, step_run: Row, service: Service, *, holder: str, facts: Mapping[str, Any]) -> Row:
    """Begins the journey inside a step, as it was when the outermost journey began; `service`: what the run that holds the step is on."""
    case_id, of = run["case_id"], (run["service"], run["service_hash"]) if run["service_hash"] else None
    if step.service is not None:
        of = (step.service, pin(work, run, "service", step.service))
        service = work.portal.pinned(work, of[1])
        holder = service.agency
    journey = service.journey if step.service is not None else str(step.journey)
    hash = pin(work, run, "journey", journey)
    row = ledger.begin(work, case_id, journey=journey, definition_hash=hash, state=runner.Run().state(), pins=run["pins"], inside=step_run, service=of)
    _follow(work, row, service, runner.Started(), holder=holder, facts=facts)
    return row


def pin(work: Work, run: Mapping[str, Any], kind: Literal["journey", "service"], id: str) -> str:
    """Hash of what a run may begin, as it was when the outermost run began; of what a version it was moved to since has in addition, as it is now."""
    held: str | None = (run["pins"] or {}).get(f"{kind}/{id}")
    return held or work.catalogue.hashes[kind, id]


def service_of(work: Work, run: Row) -> Service | None:
    """The service of a run that is a part of a life event, as it was pinned; None: that of the case."""
    found: Service | None = work.portal.pinned(work, run["service_hash"]) if run["service_hash"] else None
    return found


def end_step(work: Work, run: Row, service: Service, step_run: UUID, *, outcome: str | None, holder: str, facts: Mapping[str, Any]) -> None:
    """A step run ended; Conflict where it had ended before."""
    number = ledger.number_of(run, step_run) or 0
    _follow(work, run, service, runner.Ended(number, outcome), holder=holder, facts=facts)


def renew(work: Work, run: Row, service: Service, step_run: UUID, *, holder: str) -> None:
    """A step run under way is cancelled and its step begun again, with a task, a promise or a delivery of its own."""
    number = ledger.number_of(run, step_run) or 0
    journey, stands = work.portal.pinned(work, run["definition_hash"]), runner.Run.of(run["state"])
    step, item = stands.active[number], ledger.step_run(work, run["case_id"], step_run)["item"]
    for event in (runner.StepEvent("StepCancelled", step, number), runner.StepEvent("StepBegun", step, stands.count + 1, item=item)):
        stands = runner.apply(stands, event)
        ledger.stand(work, run, stands.state())
        _write(work, run, journey, service, event, holder)


def is_stopping(run: Row) -> bool:
    """Whether a run is no longer needed and what was done in it is being taken back."""
    return bool(run["status"] == "running" and runner.Run.of(run["state"]).stopping)


def step_of(work: Work, case_id: UUID, step_run: UUID) -> Step:
    """The step of a step run, as its case pinned it."""
    row = ledger.step_run(work, case_id, step_run)
    journey: Journey = work.portal.pinned(work, ledger.run_of(work, case_id, row["run_id"])["definition_hash"])
    return journey.step(row["step"])


def stop(work: Work, run: Row, *, holder: str, undo: bool = True) -> None:
    """The run is no longer needed: what is under way is cancelled, and what was done is taken back, unless it stands."""
    _follow(work, run, None, runner.Stopped(undo), holder=holder, facts={})


def _follow(work: Work, row: Row, service: Service | None, happening: runner.Happening, *, holder: str, facts: Mapping[str, Any]) -> None:
    journey = work.portal.pinned(work, row["definition_hash"])
    run = runner.Run.of(row["state"])
    fields, tables = (typed_for(service), Tables(service, facts)) if service else ((), {})
    judged = {**facts, "tables": tables}
    for event in runner.decide(journey, run, happening, lambda when: holds(when, fields, judged), lambda each: size(each, fields, judged)):
        run = runner.apply(run, event)
        ledger.stand(work, row, run.state())
        _write(work, row, journey, service, event, holder)
    for found in tables.found.values() if isinstance(tables, Tables) else ():
        findings.told(work, row["case_id"], found, "condition", agency=holder)


def _write(work: Work, row: Row, journey: Journey, service: Service | None, event: runner.StepEvent, holder: str) -> None:
    if event.step is None:
        if event.type == "JourneyStopped":
            ledger.stop(work, row)
        else:
            ledger.end(work, row, outcome=event.outcome)
    elif event.number is not None:
        _write_step(work, row, journey.step(event.step), service, event, event.number, holder)
    elif event.type == "BranchChosen":
        ledger.branch(work, row, step=event.step, to=event.to or runner.END, count=event.count)
    elif event.type == "JoinReached":
        ledger.join(work, row, step=event.step, came_from=event.to, count=event.count or 0)
    elif event.type == "JoinCleared":
        ledger.clear_join(work, row, step=event.step)
    else:
        ledger.count_items(work, row, step=event.step, count=event.count or 0)


def _write_step(work: Work, row: Row, step: Step, service: Service | None, event: runner.StepEvent, number: int, holder: str) -> None:
    if event.type == "StepBegun":
        agency = work.portal.pinned(work, pin(work, row, "service", step.service)).agency if step.service else step.agency
        ledger.begin_step(work, row, number, step=step.id, kind=step.kind, agency=agency or holder, item=event.item)
    elif event.type == "StepEnded":
        cost = service.costs.get(step.id) if service else None
        ledger.end_step(work, row, number, outcome=event.outcome, cost=cost, count=event.count, undo=event.undo)
    else:
        ledger.cancel_step(work, row, number)
