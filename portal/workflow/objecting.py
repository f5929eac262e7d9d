"""The end of an objection: the decision it is about stands, or another one takes its place. It is never edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.cases import decisions, links, registry
from portal.catalogue import rulings
from portal.catalogue.definitions import Journey, Service, Step
from portal.errors import Invalid
from portal.runs import ledger
from portal.standards import timers
from portal.unit_of_work import Row, Work
from portal.workflow import deciding
from portal.workflow.deciding import Draft, Sought

#: Outcomes of an objection that put another decision in the place of the first.
REPLACES = ("upheld", "amended")


@dataclass(frozen=True)
class Instead:
    """The decision that is to stand in the place of the one objected to."""

    link: Row
    before: Row
    draft: Draft | None


def weigh(work: Work, task: Row, drafted: Draft, instead: Mapping[str, Any] | None) -> Instead | None:
    """What an objection's decision makes of the first one; both cases are in hand afterwards. None for a case that is no objection.

    Invalid where the outcome needs another decision and none is given, or the other way round.
    """
    link = links.about(work, task["case_id"])
    if link is None:
        if instead is not None:
            raise Invalid(errors=[{"pointer": "/instead", "detail": "Only the decision on an objection puts another one in the place of the first."}])
        return None
    if not work.holds(link["other_id"]):
        work.narrow([link["other_id"]])
    before = decisions.of_case(work, link["other_id"])[-1]
    outcome = drafted.sought.outcome
    if outcome not in REPLACES:
        if instead is not None:
            raise Invalid(errors=[{"pointer": "/instead", "detail": f"An objection that is {outcome} leaves the decision as it is; leave this out."}])
        return Instead(link, before, None)
    case = registry.case_of(work, link["other_id"])
    service, step = _decided_at(work, case, before)
    if instead is None or instead.get("outcome") not in step.outcomes:
        said = f"Say what is decided instead: `outcome` one of {', '.join(step.outcomes)}."
        raise Invalid(errors=[{"pointer": "/instead/outcome" if instead else "/instead", "detail": said}])
    return Instead(link, before, _draft(work, case, service, step, before, drafted, instead))


def settle(work: Work, made: Instead, outcome: str) -> None:
    """The objection was decided: what stands in the place of the first decision is decided too. `ObjectionEnded`."""
    case = registry.case_of(work, made.link["other_id"])
    new = deciding.decide(work, case, made.draft, supersedes=made.before["id"]) if made.draft else None
    links.end(work, made.link, outcome=outcome, in_place=new)


def taken_back(work: Work, case_id: UUID) -> None:
    """An objection was withdrawn: the first decision stands, and is final at the end of its term, or now where that has passed. `ObjectionEnded`."""
    link = links.about(work, case_id)
    if link is None or link["ended"] is not None:
        return
    if not work.holds(link["other_id"]):
        work.narrow([link["other_id"]])
    before = decisions.decision_of(work, link["other_id"], link["decision_id"])
    if before["remedy_until"] and before["final_at"] is None and not decisions.superseded(work, before):
        timers.move(work, before["case_id"], before["id"], kind="remedy", due_at=max(before["remedy_until"], work.now))
    links.end(work, link, outcome="withdrawn")


def _draft(work: Work, case: Row, service: Service, step: Step, before: Row, drafted: Draft, instead: Mapping[str, Any]) -> Draft:
    """The same service decides otherwise; who signs, and what can be done against it, is as with the decision on the objection."""
    ruling = rulings.ruled(instead["outcome"], rulings.said(service, step, work.catalogue.agencies), service.law)
    seeks = Sought(
        outcome=instead["outcome"],
        reasons=instead.get("reasons") or drafted.sought.reasons,
        conditions=tuple(instead.get("conditions", ())),
        agency=drafted.sought.agency,
        queue=drafted.sought.queue,
        function=drafted.sought.function,
        authority=drafted.ruled.authority or ruling.authority,
        mandate=drafted.ruled.mandate,
        remedy=drafted.ruled.remedy,
    )
    try:
        return deciding.draft(work, case, service, step, seeks)
    except Invalid as wrong:
        raise Invalid(errors=[{**one, "pointer": f"/instead{one['pointer']}"} for one in wrong.errors]) from wrong


def _decided_at(work: Work, case: Row, before: Row) -> tuple[Service, Step]:
    """The service as the case pinned it, and the step at which the decision was taken."""
    named, found = (before["terms"] or {}).get("step"), []
    for run in ledger.of_case(work, case["case_id"]):
        journey: Journey = work.portal.pinned(work, run["definition_hash"])
        service: Service = work.portal.pinned(work, run["service_hash"] or case["service_hash"])
        found += [(service, step) for step in journey.steps if step.kind == "decide"]
    return next(((service, step) for service, step in found if step.id == named), found[0])
