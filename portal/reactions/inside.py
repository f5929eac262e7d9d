"""What follows from journeys inside journeys: a step begins one and ends with it; a part of a life event has promises of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from portal.cases import registry
from portal.catalogue.definitions import Service, Step
from portal.catalogue.inside import WITHDRAWN
from portal.reactions.acts import facts, go_on, holder, service_in, start_clock
from portal.runs import ledger
from portal.standards import changes, clocks
from portal.unit_of_work import Event, Row, Work
from portal.workflow import journeys


def begin(work: Work, case: Row, run: Row, step: Step, step_run: UUID) -> None:
    """The journey inside a step begins, and with a part the promises of its service. Nothing where the step was passed over."""
    row = ledger.step_run(work, case["case_id"], step_run)
    if row["status"] != "begun":
        return
    service = service_in(work, case, run)
    assert service is not None
    if step.service is not None:
        promise(work, case, run, step, step_run)
    journeys.begin_inside(work, run, step, row, service, holder=holder(work, case, run), facts=facts(work, case))


def promise(work: Work, case: Row, run: Row, step: Step, step_run: UUID) -> None:
    """What the part's service promises of a whole case, it promises of the part, from where it begins: its clocks cover the step."""
    part = work.portal.pinned(work, journeys.pin(work, run, "service", str(step.service)))
    for standard in part.standards:
        if standard.covers == "case" and standard.starts_on is None:
            own = replace(standard, id=f"{part.id}/{standard.id}", covers=step.id)
            start_clock(work, case, own, started_at=work.now, step_run=step_run, agency_id=part.agency)


def ended(work: Work, run: Row, outcome: str | None) -> None:
    """A journey inside a step ended: the step ends with its outcome. Nothing where the step was ended or is no longer needed itself."""
    step_run = ledger.step_run(work, run["case_id"], run["parent_step_id"])
    if step_run["status"] == "begun":
        go_on(work, registry.case_of(work, run["case_id"]), step_run["id"], outcome)


def stop(work: Work, case_id: UUID, step_run: UUID) -> None:
    """The step is no longer needed, and so is what it began."""
    if ledger.step_run(work, case_id, step_run)["kind"] != "journey":
        return
    run = ledger.inside(work, case_id, step_run)
    if run is not None and run["status"] == "running":
        journeys.stop(work, run, holder=holder(work, registry.case_of(work, case_id), run))


def withdrawn(work: Work, events: list[Event]) -> None:
    """The party took back one part: what runs in it is stopped, its promises no longer apply, and the rest goes on."""
    for event in events:
        step_run = UUID(event.data["step_run"])
        clocks.cancel(work, event.case_id, lambda clock, step_run=step_run: clock["step_run_id"] == step_run, why="withdrawn")  # type: ignore[misc]
        stop(work, event.case_id, step_run)
        go_on(work, registry.case_of(work, event.case_id), step_run, WITHDRAWN)


def pause(work: Work, case: Row, run: Row, event: Event, step_run: UUID) -> None:
    """Another agency has a step: promises stand still that say so, those of the case or those of the part the step is in."""
    part = ledger.part_of(work, run)
    holder = run["service_hash"] and work.portal.pinned(work, run["service_hash"]).agency
    if event.agency == (holder or case["agency"]):
        return
    meant = clocks_of(work, event.case_id, part)
    for clock in clocks.of_case(work, event.case_id):
        if meant(clock):
            changes.pause(work, event.case_id, awaits="agency", key=step_run, at=work.now, step=event.step, only=clock["id"])


def part_of(work: Work, event: Event) -> UUID | None:
    """The part of a life event in which something happened: the step run that began it. None where it is about the whole case, or does not say."""
    step_run, run = event.data.get("step_run"), event.data.get("part")
    if run is not None:
        return ledger.part_of(work, ledger.run_of(work, event.case_id, UUID(run)))
    return ledger.part_of(work, ledger.run_of_step(work, event.case_id, UUID(step_run))) if step_run else None


def service_of(work: Work, case_id: UUID, part: UUID) -> Service | None:
    """The service of a part, as it was pinned."""
    run = ledger.inside(work, case_id, part)
    return journeys.service_of(work, run) if run else None


def clocks_of(work: Work, case_id: UUID, part: UUID | None) -> Callable[[Row], bool]:
    """Which clocks are about that part of a life event; None: about the rest of the case."""
    if not any(run["service_hash"] for run in ledger.of_case(work, case_id)):
        return lambda _: True
    return lambda clock: _part(work, clock) == part


def _part(work: Work, clock: Row) -> UUID | None:
    """The part of a life event a clock is about: it covers the step that began it, or one inside."""
    if clock["step_run_id"] is None:
        return None
    step_run = ledger.step_run(work, clock["case_id"], clock["step_run_id"])
    inside = ledger.inside(work, clock["case_id"], step_run["id"])
    if inside is not None and inside["service_hash"]:
        return ledger.part_of(work, inside)
    return ledger.part_of(work, ledger.run_of_step(work, clock["case_id"], step_run["id"]))
