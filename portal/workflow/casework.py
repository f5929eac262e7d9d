"""What caseworkers do with a task: the verbs behind the worklist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.cases import asks, registry
from portal.catalogue.definitions import Service, Step
from portal.catalogue.journey_rules import SENT, ends
from portal.catalogue.syntax import bad_term
from portal.errors import IllegalMove, Invalid, NotAllowed
from portal.queues import worklist
from portal.runs import ledger
from portal.standards import changes, clocks
from portal.unit_of_work import Row, Work
from portal.vault import items
from portal.workflow import answers, deciding, journeys, objecting, referring, revoking, sharing, waiting
from portal.workflow.deciding import Draft
from portal.workflow.words import short

#: A party is given at most so long to reply.
LONGEST_REPLY = timedelta(days=366)
#: Why a door is offered what triage found to be its own, where nobody says it better.
FOUND = "Found by the people who find doors."
#: Kinds of task that end by another door than `complete`, and by which.
ELSEWHERE = {
    "letter": "Post the letter or hand it over, then say how and when: POST /api/v1/decisions/{id}/service.",
    "stray": "Say which case it means (POST /api/v1/tasks/{{id}}/attach), or that nothing follows (POST /api/v1/tasks/{{id}}/dismiss).",
    "referral": "Accept or decline what is offered: POST /api/v1/referrals/{id}/accept or /decline.",
}
#: What an official says of a consequence.
SETTLED = ("confirmed", "declined")


def demand_team(work: Work, task: Row) -> None:
    """Colleagues of other teams may look at a task; work on it is for its own team. People without a team work for all of their agency."""
    teams = work.principal.teams
    if teams and task["team"] not in teams:
        raise NotAllowed(f"This task waits for the team {task['team']} of your agency. Only its people work on it.")


def complete(
    work: Work,
    task: Row,
    *,
    version: int | None,
    outcome: str | None = None,
    reasons: str | None = None,
    service: str | None = None,
    conditions: Sequence[str] = (),
    instead: Mapping[str, Any] | None = None,
) -> None:
    """Finishes a task. A `decide` step wants one of its outcomes, a `send` step done by hand may have one; triage wants the service the request belongs to.

    A door triage found that asks to be asked is offered the request; the task waits until it is taken.
    """
    holder = str(work.principal.subject)
    step = _step(work, task)
    if task["kind"] == "triage":
        service = _known_service(work, service)
        if not referring.found(work, task, service):
            referring.refer(work, task, version=version, words=reasons or FOUND, service=service)
            return
    else:
        outcome = _ended(task, step, outcome, service)
    sharing.demand_checked(work, task)
    drafted = _draft(work, task, step, outcome, reasons, conditions)
    replaces = objecting.weigh(work, task, drafted, instead) if drafted else None
    worklist.complete(work, task, holder=holder, version=version, outcome=outcome, service=service)
    if drafted is not None:
        _decide(work, task, drafted)
    if drafted is not None and replaces is not None:
        objecting.settle(work, replaces, drafted.sought.outcome)


def _ended(task: Row, step: Step | None, outcome: str | None, service: str | None) -> str | None:
    """How it ended, as its kind of task takes it."""
    if service is not None:
        raise Invalid(errors=[{"pointer": "/service", "detail": "Only triage gives a request its service; at a wrong door, use /refer."}])
    if task["kind"] == "consequence" and outcome not in SETTLED:
        raise Invalid(errors=[{"pointer": "/outcome", "detail": f"Send one of {', '.join(SETTLED)}."}])
    if step is not None and (step.outcomes or (outcome is not None and ends(step))):
        _outcome(step, outcome)
    elif task["kind"] in ELSEWHERE:
        raise IllegalMove(ELSEWHERE[task["kind"]].format(id=task["step"]))
    elif step is not None and step.kind == "send":
        return SENT[0]
    return outcome


def preview(work: Work, task: Row, *, outcome: str, reasons: str | None = None, conditions: Sequence[str] = ()) -> Draft:
    """The decision as it would go, with its letter and its dates. Nothing is written."""
    step = _step(work, task)
    if step is None or step.kind != "decide":
        raise IllegalMove("This task decides nothing, so no letter goes out with it.")
    _outcome(step, outcome)
    drafted = _draft(work, task, step, outcome, reasons, conditions)
    assert drafted is not None
    return drafted


def ask(
    work: Work,
    task: Row,
    *,
    version: int | None,
    fields: Sequence[str] = (),
    words: str | None = None,
    reply_by: datetime | None = None,
    reply_within: str | None = None,
) -> list[str]:
    """Asks the party for answers or in words. Promises whose law says so stand still until the answer, or the date to reply by; without one nothing does.

    The fields that were answered before: of them a correction is asked.
    """
    case = registry.case_of(work, task["case_id"])
    known = answers.facts(work, case)
    errors = _not_asked(work, case, fields, known)
    if not fields and not words:
        errors.append({"pointer": "/words", "detail": "Say what you need: name fields of the service, or write it in words."})
    if reply_by is not None and reply_within is not None:
        errors.append({"pointer": "/reply_within", "detail": "Give a date to reply by or a time to reply in, not both."})
    if reply_within is not None and (message := bad_term(reply_within)):
        errors.append({"pointer": "/reply_within", "detail": message})
    if not errors:
        by = reply_by if reply_within is None else waiting.reply_date(work, task["agency"], reply_within)
        if by is not None and not work.now < by <= work.now + LONGEST_REPLY:
            errors.append({"pointer": "/reply_by", "detail": "Choose a date from now on, within a year."})
    if errors:
        raise Invalid(errors=errors)
    worklist.claim(work, task, holder=str(work.principal.subject), version=version)
    item, commitment = items.put(work, task["case_id"], "message", short(words)) if words else (None, None)
    asked: dict[str, Any] = {"agency": task["agency"], "fields": tuple(dict.fromkeys(fields)), "words": item, "commitment": commitment, "step": task["step"]}
    asks.ask(work, task["case_id"], reply_by=by, task_id=task["id"], **asked)
    return [name for name in asked["fields"] if name in known["answers"]]


def _not_asked(work: Work, case: Row, fields: Sequence[str], known: Mapping[str, Any]) -> list[dict[str, str]]:
    """Faults of the fields a party is to be asked: unknown to the service, or not asked after its other answers, so that the answer would be refused."""
    service: Service | None = work.portal.pinned(work, case["service_hash"]) if case["service_hash"] else None
    own = {field.id for field in service.fields} if service else set()
    never = answers.never_asked(service, fields, known) if service else {}
    errors = []
    for place, name in enumerate(fields):
        if name not in own:
            errors.append({"pointer": f"/fields/{place}", "detail": "The service asks no question of that name."})
        elif name in never:
            says = f"`{name}` is asked only where `{never[name]}`, which does not hold after the party's other answers: its answer would be refused."
            errors.append({"pointer": f"/fields/{place}", "detail": f"{says} Ask for those first, or in words."})
    return errors


def extend(work: Work, task: Row, *, version: int | None, standard: str, words: str) -> None:
    """Gives one promise of the case the single extension its law allows; the party is told why, and the new date."""
    row = next((row for row in clocks.of_case(work, task["case_id"]) if row["standard"] == standard and row["stopped_at"] is None), None)
    if row is None:
        raise Invalid(
            errors=[{"pointer": "/standard", "detail": "No promise of that name runs on this case; GET /api/v1/cases/{reference}/clocks lists them."}]
        )
    if row["agency"] != task["agency"]:
        raise IllegalMove("Only the agency that made a promise may extend it.")
    worklist.claim(work, task, holder=str(work.principal.subject), version=version)
    item, commitment = items.put(work, task["case_id"], "reasons", short(words))
    changes.extend(work, row, words=item, commitment=commitment)


def note(work: Work, task: Row, words: str) -> UUID:
    """Keeps a note of staff; parties do not see it."""
    item, commitment = items.put(work, task["case_id"], "note", short(words))
    worklist.note(work, task, item=item, commitment=commitment)
    return item


def _draft(work: Work, task: Row, step: Step | None, outcome: str | None, reasons: str | None, conditions: Sequence[str]) -> Draft | None:
    if step is None or step.kind != "decide" or outcome is None:
        if conditions:
            raise Invalid(errors=[{"pointer": "/conditions", "detail": "Only a decision has conditions; leave them out."}])
        return None
    case = registry.case_of(work, task["case_id"])
    if task["kind"] == "decision":
        service, _ = revoking.anew(work, task)
    else:
        run = ledger.run_of_step(work, task["case_id"], task["step_run_id"])
        service = work.portal.pinned(work, run["service_hash"] or case["service_hash"])
    sought = deciding.sought(work, task, outcome=outcome, reasons=reasons, conditions=conditions)
    return deciding.draft(work, case, service, step, sought)


def _decide(work: Work, task: Row, drafted: Draft) -> None:
    """Takes the decision: of the case, of a part of a life event, or anew in the place of what was taken back."""
    case = registry.case_of(work, task["case_id"])
    if task["kind"] == "decision":
        deciding.decide(work, case, drafted, supersedes=revoking.pending(work, task)["id"])
        return
    run = ledger.run_of_step(work, task["case_id"], task["step_run_id"])
    deciding.decide(work, case, drafted, part=run["id"] if run["service_hash"] else None)


def _step(work: Work, task: Row) -> Step | None:
    if task["kind"] == "decision":
        return revoking.anew(work, task)[1]
    return journeys.step_of(work, task["case_id"], task["step_run_id"]) if task["step_run_id"] else None


def _outcome(step: Step, outcome: str | None) -> None:
    if outcome not in ends(step):
        raise Invalid(errors=[{"pointer": "/outcome", "detail": f"Send one of {', '.join(ends(step))}."}])


def _known_service(work: Work, service: str | None) -> str:
    known = work.catalogue.services.get(service or "")
    if known is None or known.triage:
        raise Invalid(errors=[{"pointer": "/service", "detail": "Name the service the request belongs to; GET /api/v1/services lists them."}])
    return known.id
