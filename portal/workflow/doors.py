"""Which doors a request may be offered to, and what may be offered at all."""

from __future__ import annotations

from portal.cases import registry
from portal.cases.moves import ENDED
from portal.catalogue.definitions import Agency, Referrals
from portal.clock import local_date
from portal.errors import Conflict, IllegalMove, Invalid, Refusal
from portal.fees import ledger as fees
from portal.queues import worklist
from portal.runs import ledger
from portal.unit_of_work import Row, Work
from portal.workflow import journeys


class DoorClosed(Refusal):
    """This agency takes no referrals. Name another door, or none: then people who find doors look at it."""

    status, slug = 409, "door-closed"


class AtThisDoor(Refusal):
    """The request is at this door already; name another one, or none."""

    status, slug = 409, "at-this-door"


def goes_at_once(work: Work, from_agency: str, to_agency: str, *, finding_door: bool = False) -> bool:
    """Nobody is asked within one agency, on the way to people who find doors, and where the receiving agency has said so."""
    return finding_door or from_agency == to_agency or from_agency in rules(work.catalogue.agencies[to_agency]).at_once


def rules(agency: Agency) -> Referrals:
    """How an agency takes referrals; an agency that says nothing is asked each time."""
    return agency.referrals or Referrals()


def demand_takes(work: Work, from_agency: str, to_agency: str) -> None:
    """DoorClosed where the agency takes no referrals, or none from some day on."""
    agency = work.catalogue.agencies[to_agency]
    said, today = rules(agency), local_date(work.now, agency.calendars[0].zone)
    if to_agency != from_agency and (said.takes == "nothing" or (said.closed_from and said.closed_from <= today)):
        raise DoorClosed


def target(work: Work, task: Row, service: str | None, agency: str | None, scope: str) -> tuple[str, str | None]:
    """Agency and service it is offered to; to the people who find doors where none is named."""
    if task["kind"] == "stray":
        raise IllegalMove("This belongs to no case yet: say which (POST /api/v1/tasks/{id}/attach), or that nothing follows (/dismiss).")
    if scope == "step":
        if service is not None or agency is None:
            raise Invalid(errors=[{"pointer": "/agency", "detail": "The work of one step goes to an agency: name it in `agency`, and no service."}])
        return _other(work, task, agency), None
    if service is not None:
        to = known(work, service)
        if agency not in (None, to):
            raise Invalid(errors=[{"pointer": "/agency", "detail": f"That service is one of `{to}`: leave `agency` out, or name that one."}])
        if service == registry.case_of(work, task["case_id"])["service"]:
            raise AtThisDoor
        return to, service
    if agency is not None:
        return _other(work, task, agency), None
    if task["kind"] == "triage":
        raise IllegalMove("This is the door-finding queue itself: complete the task with the service the request belongs to, or name a door.")
    return work.catalogue.triage.agency, None


def _other(work: Work, task: Row, agency: str) -> str:
    if agency not in work.catalogue.agencies:
        raise Invalid(errors=[{"pointer": "/agency", "detail": "There is no agency of that name; GET /api/v1/services lists services with theirs."}])
    if agency == task["agency"]:
        raise AtThisDoor
    return agency


def known(work: Work, service: str) -> str:
    """The agency of a service that may be named."""
    known = work.catalogue.services.get(service)
    if known is None or known.triage:
        raise Invalid(errors=[{"pointer": "/service", "detail": "Name the service the request belongs to; GET /api/v1/services lists them."}])
    return known.agency


def demand_movable(work: Work, task: Row, scope: str, to_agency: str) -> None:
    """Refuses what cannot be passed on."""
    case = registry.case_of(work, task["case_id"])
    if task["kind"] == "referral":
        raise IllegalMove("This was offered to you: accept or decline it. POST /api/v1/referrals/{id}/accept or /decline.")
    if task["kind"] == "decision":
        raise IllegalMove("This request is decided here: what was taken back is decided anew by the same agency.")
    if case["status"] in (*ENDED, "decided"):
        raise IllegalMove("What is decided or ended is at no wrong door any more: it cannot be referred.")
    if case["sealed"]:
        raise IllegalMove("This case is sealed: it stays with the people who may see it.")
    demand_takes(work, task["agency"], to_agency)
    if scope == "step":
        step = journeys.step_of(work, task["case_id"], task["step_run_id"]) if task["step_run_id"] and task["kind"] == "step" else None
        if step is None or step.kind != "work":
            raise IllegalMove("Only the work of a step can be done elsewhere; who decides is fixed by law. Refer the whole request instead.")
        return
    if task["step_run_id"] and ledger.run_of_step(work, task["case_id"], task["step_run_id"])["service_hash"]:
        raise IllegalMove("This is one part of a larger request, whose other parts stay where they are: complete it, or write to the party.")
    if any(fee["paid"] > fee["refunded"] for fee in fees.of_case(work, task["case_id"])):
        raise IllegalMove("A fee was paid for this service: pay it back first (POST /api/v1/fees/{id}/refund), or decide here.")


def demand_free(work: Work, row: Row) -> None:
    """Conflict where a colleague looks at the offer."""
    task = worklist.of_kind(work, row["case_id"], "referral", str(row["id"]))
    if task is not None and worklist.held_by_other(work, task, str(work.principal.subject)):
        raise Conflict("A colleague has taken this offer to look at it.", held_until=task["held_until"].isoformat())


def demand_open(work: Work, row: Row) -> None:
    """IllegalMove where nothing is left to take over."""
    if registry.case_of(work, row["case_id"])["status"] in (*ENDED, "decided"):
        raise IllegalMove("The request was decided or ended meanwhile: nothing is left to take over.")


def taken_into(work: Work, row: Row, agency: str, service: str | None) -> str | None:
    """Which service of the agency takes it; none for the work of a step."""
    if row["scope"] == "step":
        if service is not None:
            raise Invalid(errors=[{"pointer": "/service", "detail": "You are offered the work of one step: leave `service` out."}])
        return None
    service = service or row["to_service"]
    if service is None or known(work, service) != agency:
        own = sorted(one.id for one in work.catalogue.services.values() if one.agency == agency and not one.triage)
        raise Invalid(errors=[{"pointer": "/service", "detail": f"Say which of your services takes it: {', '.join(own) or 'you have none'}."}])
    return service
