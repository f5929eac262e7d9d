"""Acts that several reactions share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.cases import registry
from portal.catalogue.definitions import Agency, Service, Standard
from portal.catalogue.versions import in_force
from portal.outbox import kinds, notices, quiet
from portal.parties import register, ways
from portal.queues import worklist
from portal.runs import ledger
from portal.standards import clocks
from portal.unit_of_work import Event, Row, Work
from portal.workflow import journeys, waiting
from portal.workflow.answers import facts as facts


def of_cases(work: Work, events: Iterable[Event]) -> list[Event]:
    """Those of cases: tasks about what strayed lead to nothing more."""
    return [event for event in events if registry.is_case(work, event.case_id)]


def service_of(work: Work, case: Row) -> Service | None:
    """The service of a case as it was pinned; the triage service where none was found yet; None for a service outside the catalogue (replay)."""
    if case["service_hash"]:
        service: Service = work.portal.pinned(work, case["service_hash"])
        return service
    return None if case["service"] else work.catalogue.triage


def tell(work: Work, case: Row, template: str, *, due_at: str | None = None, **more: str | int | None) -> bool:
    """Promises every party that has a channel a notice, False where none has; `more`: further references for its words."""
    refs = {name: value for name, value in {"due_at": due_at, **more}.items() if value is not None and value != ""}
    told = register.told(work, case["case_id"])
    for party in told:
        _told(work, case, party, template, refs)
    return bool(told)


def tell_followers(work: Work, case: Row) -> None:
    """Promises everybody who follows the case a notice that it has ended, in words that say no more than everybody may see."""
    for party in register.followers(work, case["case_id"]):
        _told(work, case, party, "followed", {})


def _told(work: Work, case: Row, party: Row, template: str, refs: Mapping[str, str | int | None]) -> None:
    """A courtesy waits for its hour where its party wishes one message a day."""
    case_id = case["case_id"]
    daily = kinds.kind(template).weight == "courtesy" and "one-a-day" in ways.of(work, case_id, party["party_id"]).needs
    at = quiet.next_daily(work.now, ZoneInfo(case["zone"])) if daily else None
    to, by, language = party["party_id"], party["channel"], party["language"]
    notices.promise(work, case_id, party_id=to, channel=by, template=template, language=language, refs=refs, next_at=at, daily=daily)


def promise(work: Work, case: Row, service: Service) -> None:
    """Starts the promises of the whole case. Where there is danger none counts working time."""
    for standard in _owed(work, case, service):
        if standard.covers in ("case", "first-answer") and standard.starts_on is None and counts(case, standard):
            start_clock(work, case, standard, started_at=case["received_at"] if standard.starts == "receipt" else work.now)


def _owed(work: Work, case: Row, service: Service) -> list[Standard]:
    """What is promised of a case that comes to a service: from receipt, what the law of that day said, wherever the request has been since."""
    if case["received_at"] >= work.now:
        return list(service.standards)
    found = work.run(in_force("service", service.id, case["received_at"]))
    then: Service = work.portal.pinned(work, found[0]["hash"]) if found else service
    owed = [one for one in then.standards if one.starts == "receipt"]
    known = {one.id for one in owed}
    return owed + [one for one in service.standards if one.starts != "receipt" and one.id not in known]


def counts(case: Row, standard: Standard) -> bool:
    """False for a promise in working time where there is danger."""
    return not (case["danger"] and standard.within.endswith(("business_days", "business_hours")))


def service_in(work: Work, case: Row, run: Row) -> Service | None:
    """The service a run is on: that of its part of a life event, else that of the case."""
    return journeys.service_of(work, run) or service_of(work, case)


def start_clock(work: Work, case: Row, standard: Standard, *, started_at: Any, step_run: UUID | None = None, agency_id: str | None = None) -> None:
    """Starts a promise on its own calendar. `agency_id`: whose promise it is, where not that of who holds the case."""
    agency = work.catalogue.agencies[agency_id or case["agency"]]
    usual = f"{agency.id}/{agency.calendars[0].id}"
    name = standard.calendar or usual
    key = name if "/" in name else f"{agency.id}/{name}"
    # An older law may name a calendar that is kept no more.
    hash = work.catalogue.hashes.get(("calendar", key)) or work.catalogue.hashes["calendar", usual]
    clock = clocks.start(work, case["case_id"], standard, agency=agency.id, started_at=started_at, calendar_hash=hash, step_run_id=step_run)
    if any(rule.retroactive for rule in standard.pauses) and started_at < work.now:
        waiting.catch_up(work, clock)


def put_task(
    work: Work,
    case: Row,
    agency: Agency,
    *,
    kind: str,
    step: str,
    step_run: UUID | None,
    queue: str | None,
    service: str | None = None,
    item: int | None = None,
    due_at: datetime | None = None,
) -> None:
    """A task in a queue of the agency, sorted by the soonest promise, or by a date of its own."""
    found = worklist.queue_of(agency, queue)
    worklist.queue(
        work,
        case["case_id"],
        kind=kind,
        step=step,
        step_run_id=step_run,
        item=item,
        agency=agency.id,
        queue=found.id,
        team=found.team,
        service=service or case["service"],
        reference=case["reference"],
        due_at=due_at or clocks.soonest(work, case["case_id"]) or work.now,
    )


def go_on(work: Work, case: Row, step_run_id: UUID, outcome: str | None) -> None:
    """A step run ended; its journey goes on."""
    step_run = ledger.step_run(work, case["case_id"], step_run_id)
    run = ledger.run_of(work, case["case_id"], step_run["run_id"])
    service = service_in(work, case, run)
    assert service is not None
    journeys.end_step(work, run, service, step_run_id, outcome=outcome, holder=holder(work, case, run), facts=facts(work, case))


def holder(work: Work, case: Row, run: Row, *, held_by: str | None = None) -> str:
    """The agency that does the steps of a run which name none: that of its part of a life event, else that of the case (or the one that held it before)."""
    part = journeys.service_of(work, run)
    return part.agency if part is not None else held_by or str(case["agency"])


def give(work: Work, case: Row, service_id: str, *, why: str) -> None:
    """The request goes to the service it belongs to."""
    service = work.catalogue.services[service_id]
    registry.route(work, case["case_id"], service=service.id, service_hash=work.catalogue.hashes["service", service.id], agency=service.agency, why=why)


def stop(work: Work, case: Row, *, why: str, held_by: str | None = None) -> None:
    """What runs for the case is stopped, and what was done is taken back by those who did it, or by the agency that held the case (`held_by`)."""
    undoing = {run["id"] for run in ledger.running(work, case["case_id"]) if journeys.is_stopping(run)}
    for run in ledger.running(work, case["case_id"]):
        journeys.stop(work, run, holder=holder(work, case, run, held_by=held_by))
    kept = {row["id"] for row in ledger.step_runs_of(work, case["case_id"]) if row["run_id"] in undoing}
    clocks.cancel(work, case["case_id"], lambda clock: clock["step_run_id"] not in kept, why=why)
    worklist.cancel(work, case["case_id"], why=why, keep=("undo",))
