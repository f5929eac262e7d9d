"""Taking a tacit approval back once it holds: a decision in its place, for a time only, and the task to decide anew. The case stays as closed as it is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.cases import decisions, registry
from portal.catalogue.definitions import Journey, Law, Service, Step
from portal.catalogue.languages import day_in_words
from portal.catalogue.publish import rebuilt
from portal.errors import Conflict, IllegalMove, Invalid, NotAllowed
from portal.runs import ledger
from portal.standards import clocks, overdue
from portal.standards.clockwork import period
from portal.standards.terms import due, due_date
from portal.unit_of_work import Row, Work
from portal.workflow import deciding
from portal.workflow.deciding import Sought

#: Outcome of the decision that takes an approval back.
REVOKED = "revoked"
_TITLE = {"en": "Revoked", "fr": "Retiré", "es": "Revocado", "ar": "مُلغى"}
#: The day from which the approval no longer holds lies at most so far ahead.
FURTHEST = timedelta(days=366)
_LEFT = "What is left against a decision is an objection, which its party may make: POST /api/v1/cases/{reference}/objections."


def revoke(work: Work, case_id: UUID, *, words: str, effective_on: date) -> UUID:
    """An official of the agency takes a tacit approval back, for reasons; the id of the decision that says so. `CaseDecided`, `DecisionRevoked`.

    IllegalMove where there is none, its law names no way back, or the time for that is over; Conflict where another decision stands in its place.
    """
    case = registry.case_of(work, case_id)
    clock, tacit = _held(work, case_id)
    law = _demand(work, clock, tacit)
    today = work.now.astimezone(ZoneInfo(case["zone"])).date()
    if not today <= effective_on <= today + FURTHEST:
        says = f"Choose a day from today ({today.isoformat()}) on, within a year: nothing is taken back for the time before."
        raise Invalid(errors=[{"pointer": "/effective_on", "detail": says}])
    service, step = _decided_at(work, tacit)
    place = {"agency": clock["agency"], "queue": _queue(work, clock)}
    sought = Sought(outcome=REVOKED, reasons=words, function=deciding.official_of(work, place), law=law, title=_TITLE, gives="nothing", **place)
    drafted = deciding.draft(work, case, service, step, sought)
    drafted.terms["effective_on"] = effective_on.isoformat()
    new = deciding.decide(work, case, drafted, supersedes=tacit["id"])
    said: dict[str, Any] = {"clock": clock["id"], "standard": clock["standard"], "step": step.id, "law": law.article}
    decisions.revoke(work, tacit, by=new, effective_on=effective_on, **said)
    return new


def pending(work: Work, task: Row) -> Row:
    """The revocation after which the holder of a task of kind `decision` decides anew; IllegalMove where another decision stands in its place."""
    for row in reversed(decisions.of_case(work, task["case_id"])):
        if row["outcome"] == REVOKED and not decisions.superseded(work, row) and service_of(work, row) == task["service"]:
            return row
    raise IllegalMove("Another decision stands in the place of what was taken back; nothing is left to decide.")


def anew(work: Work, task: Row) -> tuple[Service, Step]:
    """Service and step of such a task."""
    return _decided_at(work, pending(work, task), named=task["step"])


def service_of(work: Work, decision: Row) -> str | None:
    """Id of the service a decision is on: that of its part of a life event, else that of the case."""
    run = ledger.run_of(work, decision["case_id"], decision["run_id"]) if decision["run_id"] else None
    id: str | None = run["service"] if run else registry.case_of(work, decision["case_id"])["service"]
    return id


def _decided_at(work: Work, decision: Row, *, named: str | None = None) -> tuple[Service, Step]:
    """The service as it was pinned, and the step at which it is decided: the one of that name, or with the decision's outcome."""
    case, found = registry.case_of(work, decision["case_id"]), []
    for run in ledger.of_case(work, decision["case_id"]):
        if decision["run_id"] not in (run["id"], None) or (decision["run_id"] is None and run["service_hash"]):
            continue
        journey: Journey = work.portal.pinned(work, run["definition_hash"])
        service: Service = work.portal.pinned(work, run["service_hash"] or case["service_hash"])
        found += [(service, step) for step in journey.steps if step.kind == "decide"]
    if not found:
        raise IllegalMove("The journey of this request decides nothing, so nothing could be decided anew.")
    return next(((service, step) for service, step in found if step.id == named or decision["outcome"] in step.outcomes), found[-1])


def _held(work: Work, case_id: UUID) -> tuple[Row, Row]:
    """The clock that was missed, and the decision that counts as taken for it: of several, one that can still be revoked."""
    held = [row for row in clocks.of_case(work, case_id) if row["consequence"] in overdue.HOLDS and row["rule"]["consequence"]["kind"] == "tacit-approval"]
    found = [(clock, _tacit(work, clock)) for clock in held]
    if not found:
        raise IllegalMove(f"Nothing counts as approved by silence on this case, so there is nothing to revoke. {_LEFT}")
    own = [one for one in found if one[0]["agency"] in work.principal.agencies] or found
    return next((one for one in own if not decisions.superseded(work, one[1])), own[-1])


def _tacit(work: Work, clock: Row) -> Row:
    part = ledger.inside(work, clock["case_id"], clock["step_run_id"]) if clock["step_run_id"] else None
    of, outcome = part["id"] if part else None, clock["rule"]["consequence"]["outcome"]
    rows = decisions.of_case(work, clock["case_id"])
    return next(row for row in reversed(rows) if row["supersedes"] is None and (row["run_id"], row["outcome"]) == (of, outcome))


def _demand(work: Work, clock: Row, tacit: Row) -> Law:
    """The law by which it may be taken back now."""
    if clock["agency"] not in work.principal.agencies:
        raise NotAllowed("Only the agency whose silence it was may revoke this approval.")
    if decisions.superseded(work, tacit):
        raise Conflict("Another decision stands in the place of this approval already; nothing is left to revoke.")
    way = clock["rule"]["consequence"].get("revoke")
    if way is None:
        raise IllegalMove(f"No law names a way to revoke this approval now that it holds. {_LEFT}")
    hours = clocks.calendar(work, clock["calendar_hash"])
    ends = due(period(way["within"]), hours, tacit["served_at"] or tacit["decided_at"])
    if work.now >= ends:
        day = day_in_words(due_date(hours, ends), "en")
        raise IllegalMove(f"The time in which this approval could be revoked ended with {day} ({way['law'].get('article')}). {_LEFT}")
    law: Law = rebuilt(Law, way["law"])
    return law


def _queue(work: Work, clock: Row) -> str:
    """Id of the queue of the official whom the standard names."""
    queues, official = work.catalogue.agencies[clock["agency"]].queues, clock["rule"]["consequence"]["official"]
    return next((one.id for one in queues if official in (one.id, one.team)), queues[0].id)
