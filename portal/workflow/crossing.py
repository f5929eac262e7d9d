"""One case goes over to another version of its journey: its runs, tasks and clocks are kept, not made again, and stay as they are where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.cases import registry
from portal.catalogue.conditions import typed_for
from portal.catalogue.definitions import Service, Step
from portal.catalogue.inside import closure, pins
from portal.catalogue.mapping import StepMapping
from portal.queues import worklist
from portal.runs import ledger, moves
from portal.runs.moves import Move
from portal.standards import clocks
from portal.unit_of_work import Row, Work
from portal.workflow.landing import Landing, Plan, Stays
from portal.workflow.runner import Run


@dataclass(frozen=True)
class Date:
    """What becomes of one promise. None: it does not run yet, or no longer."""

    standard: str
    was: datetime | None
    due: datetime | None


@dataclass(frozen=True)
class Line:
    """What becomes of one case."""

    case_id: UUID
    #: Old step, new step, and how: `kept`, `anew`, `ended`.
    steps: tuple[tuple[str, str, str], ...] = ()
    dates: tuple[Date, ...] = ()
    #: Why it stays; None: it moves.
    stays: str | None = None


def bring_over(work: Work, move: Move, plans: Mapping[str, Plan], case_id: UUID) -> Line | None:
    """Moves the runs of one case in hand, or says why it stays; None where none of them is on such a version any more."""
    runs = [row for row in ledger.running(work, case_id) if row["journey"] == move.journey and row["definition_hash"] in move.from_hashes]
    case = registry.case_of(work, case_id)
    steps: list[tuple[str, str, str]] = []
    try:
        landed = [(run, plans[run["definition_hash"]].land(Run.of(run["state"]))) for run in runs]
        after = [(_service(work, move, plans[run["definition_hash"]], case, run), _pins(work, plans[run["definition_hash"]], run)) for run in runs]
        for run, landing in landed:
            _held(work, run, landing)
            steps += _said(landing)
    except Stays as stays:
        standing = tuple((step, step, "kept") for run in runs for step in Run.of(run["state"]).active.values())
        return Line(case_id, standing, stays=str(stays))
    for (run, landing), (service, held) in zip(landed, after, strict=True):
        _go_over(work, move, case, run, landing, plans[run["definition_hash"]].mapping, service=service, held=held)
    return Line(case_id, tuple(steps)) if runs else None


def _said(landing: Landing) -> Iterator[tuple[str, str, str]]:
    for number, (old, new) in sorted(landing.steps.items()):
        yield old.id, new.id, "ended" if number in landing.ended else "anew" if number in landing.anew else "kept"


def _service(work: Work, move: Move, plan: Plan, case: Row, run: Row) -> str | None:
    """Hash of the service the run goes by afterwards: its own where it is a part of a life event. Stays where the newer version does not fit it."""
    id: str | None = run["service"] if run["service_hash"] else case["service"]
    hash: str | None = run["service_hash"] or case["service_hash"]
    catalogue = work.catalogue
    if hash is not None and plan.mapping.service == "present":
        known = catalogue.services.get(id or "")
        inside = closure(catalogue.journeys[known.journey], catalogue.journeys) if known else []
        if known is None or move.journey not in {one.id for one in inside} or catalogue.hashes["journey", move.journey] != move.to_hash:
            raise Stays(f"the present version of its service `{id}` goes by another journey, or another version of it")
        hash = catalogue.hashes["service", known.id]
    service: Service = work.portal.pinned(work, hash) if hash else catalogue.triage
    plan.fits(service, typed_for(service))
    return hash


def _pins(work: Work, plan: Plan, run: Row) -> dict[str, str] | None:
    """What may begin inside it: what was pinned stays, what only the newer version begins is pinned now. Stays where that is not there any more."""
    catalogue = work.catalogue
    try:
        found = pins(plan.newer, catalogue.journeys, catalogue.services, catalogue.hashes)
    except KeyError as gone:
        raise Stays(f"the newer version begins `{gone.args[0]}`, which is not offered any more") from None
    held: dict[str, str] | None = run["pins"]
    return {**found, **(held or {})} if found else held


def _held(work: Work, run: Row, landing: Landing) -> None:
    """Nobody's work is taken from under their hands."""
    for number in (*landing.ended, *landing.anew):
        if worklist.holder_of(work, run["case_id"], ledger.step_run_id(run["id"], number)):
            raise Stays(f"a colleague works on `{landing.steps[number][0].id}`: run the move again when they have finished or given it back")


def _go_over(work: Work, move: Move, case: Row, run: Row, landing: Landing, mapping: StepMapping, *, service: str | None, held: dict[str, str] | None) -> None:
    ids = {number: ledger.step_run_id(run["id"], number) for number in landing.steps}
    were = [one for number, (old, new) in landing.steps.items() for one in _rename(work, case["case_id"], ids[number], old, new)]
    before = run["service_hash"] or case["service_hash"]
    if service is not None and service != before and not run["service_hash"]:
        registry.follow(work, case["case_id"], service)
    moves.go_over(
        work,
        run,
        move,
        state=landing.run.state(),
        steps={number: (new.id, new.kind) for number, (_, new) in landing.steps.items()},
        tasks=were,
        service_from=before,
        service_hash=service,
        pins=held,
        ended={str(ids[number]): outcome for number, outcome in landing.ended.items()},
        anew=[str(ids[number]) for number in landing.anew],
        starts=[[id, "now"] for id in mapping.start_now] + [[id, "receipt"] for id in mapping.start_from_receipt],
    )


def _rename(work: Work, case_id: UUID, step_run: UUID, old: Step, new: Step) -> list[dict[str, str]]:
    """Tasks and clocks of a step run that is kept; the tasks as they were."""
    if (old.id, old.queue) == (new.id, new.queue):
        return []
    were = worklist.rename(work, case_id, step_run, step=new.id)
    clocks.rename(work, case_id, step_run, covers=new.id)
    if old.queue != new.queue:
        agency = work.catalogue.agencies[ledger.step_run(work, case_id, step_run)["agency"]]
        if agency.queues:
            found = worklist.queue_of(agency, new.queue)
            worklist.requeue(work, case_id, step_run, queue=found.id, team=found.team)
    return were


def dates(work: Work, case_id: UUID) -> dict[UUID, tuple[str, datetime | None]]:
    """Clocks by id: standard, and when it is due if it still runs."""
    return {row["id"]: (row["standard"], row["due_at"] if row["stopped_at"] is None else None) for row in clocks.of_case(work, case_id)}


def changed(were: Mapping[UUID, tuple[str, datetime | None]], are: Mapping[UUID, tuple[str, datetime | None]]) -> tuple[Date, ...]:
    """All promises that ran before or run now."""
    found = [Date(are[id][0], were.get(id, ("", None))[1], are[id][1]) for id in are]
    return tuple(sorted((one for one in found if one.was or one.due), key=lambda one: one.standard))
