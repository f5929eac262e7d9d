"""What follows when a case goes on by another version of its journey: steps the mapping ends or begins again, promises it starts."""

from __future__ import annotations

from uuid import UUID

from portal.cases import registry
from portal.reactions.acts import counts, go_on, holder, service_in, start_clock
from portal.runs import ledger
from portal.standards import clocks
from portal.unit_of_work import Event, Row, Work
from portal.workflow import journeys


def moved(work: Work, events: list[Event]) -> None:
    """What is kept goes on by itself; the rest is done here, once for each run."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        run = ledger.run_of(work, event.case_id, UUID(event.data["run"]))
        service = service_in(work, case, run)
        assert service is not None
        for standard, since in event.data["starts"]:
            _start(work, case, run, standard, since)
        for step_run in event.data["anew"]:
            journeys.renew(work, run, service, UUID(step_run), holder=holder(work, case, run))
        for step_run, outcome in event.data["ended"].items():
            if ledger.step_run(work, event.case_id, UUID(step_run))["status"] == "begun":
                go_on(work, case, UUID(step_run), outcome)


def _start(work: Work, case: Row, run: Row, id: str, since: str) -> None:
    """A promise of the present version of the service that has no clock on the case yet, `now` or from the `receipt`: of a step, from its begin."""
    service = work.catalogue.services.get(run["service"] or case["service"] or "")
    standard = next((one for one in service.standards if one.id == id), None) if service else None
    if standard is None or not counts(case, standard) or any(clock["standard"] == id for clock in clocks.of_case(work, case["case_id"])):
        return
    whose = service.agency if service and run["service_hash"] else None
    if standard.covers == "case":
        received = case["received_at"] if standard.starts == "receipt" else case["competent_at"] or case["received_at"]
        start_clock(work, case, standard, started_at=received if since == "receipt" else work.now, agency_id=whose)
        return
    for step_run in ledger.under_way(work, run):
        if step_run["step"] == standard.covers:
            start_clock(work, case, standard, started_at=step_run["begun_at"] if since == "receipt" else work.now, step_run=step_run["id"], agency_id=whose)
