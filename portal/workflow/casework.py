"""What caseworkers do with a task: the verbs behind the worklist."""

from __future__ import annotations

from uuid import UUID

from portal.cases import registry
from portal.catalogue.definitions import Journey, Step
from portal.errors import IllegalMove, Invalid
from portal.queues import worklist
from portal.runs import ledger
from portal.unit_of_work import Row, Work
from portal.vault import items

#: Characters of reasons and notes.
WORDS_LIMIT = 10_000


def complete(work: Work, task: Row, *, version: int | None, outcome: str | None = None, reasons: str | None = None, service: str | None = None) -> None:
    """Finishes a task. A `decide` step wants one of its outcomes; triage wants the service the request belongs to."""
    holder = str(work.principal.subject)
    step = _step(work, task)
    if task["kind"] == "triage":
        _known_service(work, service)
    elif service is not None:
        raise Invalid(errors=[{"pointer": "/service", "detail": "Only triage gives a request its service; at a wrong door, use /refer."}])
    elif step is not None and (step.kind == "decide" or (outcome is not None and step.outcomes)):
        _outcome(step, outcome)
    worklist.complete(work, task, holder=holder, version=version, outcome=outcome, service=service)
    if step is not None and step.kind == "decide" and outcome is not None:
        _decide(work, task, outcome=outcome, reasons=reasons, official=holder)


def refer(work: Work, task: Row, *, version: int | None, words: str, service: str | None = None) -> None:
    """Passes a request that is at the wrong door on: straight to a service, or back to the people who find doors. Answers and receipt time stay."""
    if service is not None:
        _known_service(work, service)
    case = registry.case_of(work, task["case_id"])
    if service is not None and service == case["service"]:
        raise IllegalMove("The request is at this service already; name another one, or none.")
    if task["kind"] == "triage":
        raise IllegalMove("This is the door-finding queue itself: complete the task with the service the request belongs to.")
    worklist.claim(work, task, holder=str(work.principal.subject), version=version)
    item, _ = items.put(work, task["case_id"], "note", _short(words))
    to = work.catalogue.services[service].agency if service else work.catalogue.triage.agency
    registry.refer(work, task["case_id"], to_agency=to, to_service=service, words=item)


def note(work: Work, task: Row, words: str) -> UUID:
    """Keeps a note of staff; parties do not see it."""
    item, commitment = items.put(work, task["case_id"], "note", _short(words))
    worklist.note(work, task, item=item, commitment=commitment)
    return item


def _decide(work: Work, task: Row, *, outcome: str, reasons: str | None, official: str) -> None:
    item, commitment = items.put(work, task["case_id"], "reasons", _short(reasons)) if reasons else (None, None)
    case = registry.case_of(work, task["case_id"])
    service = work.portal.pinned(work, case["service_hash"])
    registry.decide(
        work,
        task["case_id"],
        outcome=outcome,
        official=official,
        agency=task["agency"],
        law=service.law.article,
        reasons=item,
        commitment=commitment,
    )


def _step(work: Work, task: Row) -> Step | None:
    if task["step_run_id"] is None:
        return None
    step_run = ledger.step_run(work, task["case_id"], task["step_run_id"])
    journey: Journey = work.portal.pinned(work, ledger.run_of(work, task["case_id"], step_run["run_id"])["definition_hash"])
    return journey.step(step_run["step"])


def _outcome(step: Step, outcome: str | None) -> None:
    if outcome not in step.outcomes:
        raise Invalid(errors=[{"pointer": "/outcome", "detail": f"Send one of {', '.join(step.outcomes)}."}])


def _known_service(work: Work, service: str | None) -> None:
    known = work.catalogue.services.get(service or "")
    if known is None or known.triage:
        raise Invalid(errors=[{"pointer": "/service", "detail": "Name the service the request belongs to; GET /api/v1/services lists them."}])


def _short(words: str) -> str:
    if len(words) > WORDS_LIMIT:
        raise Invalid(errors=[{"pointer": "/words", "detail": f"This is longer than {WORDS_LIMIT} characters; please shorten it."}])
    return words
