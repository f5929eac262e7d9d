"""`/tasks`: the worklist. A task's ETag is its own version."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.access import grants
from portal.api.allowed import allowed
from portal.api.asking import language, principal, the_portal
from portal.api.on_task import KINDS, WRITES, TaskGuided, TaskShown, act_on, holder, shown
from portal.api.paging import Page, after, instant, page
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema, words
from portal.api.spec import Resource
from portal.api.versions import etag
from portal.cases import duty
from portal.queues import people, reading, worklist
from portal.queues.reading import Wanted
from portal.queues.sharing import PRIORITIES
from portal.unit_of_work import Principal, Row, Work
from portal.views import at_hand, decisions, entry, guidance
from portal.views import worklist as views
from portal.workflow import casework, sharing

resource = Resource("tasks", __name__, description="Work that waits for people: list it, take it, finish it.")


class Which(Page):
    """Query of the worklist."""

    queue = fields.String(load_default=None, validate=validate.Length(1, 100))
    kind = fields.String(load_default=None, validate=validate.OneOf(KINDS))
    service = fields.String(load_default=None, validate=validate.Length(1, 100))
    priority = fields.String(load_default=None, validate=validate.OneOf(list(PRIORITIES)))
    mine = fields.Boolean(load_default=False, metadata={"description": "Only what I hold."})
    free = fields.Boolean(load_default=False, metadata={"description": "Only what nobody holds."})
    sort = fields.String(load_default="due", validate=validate.OneOf(["due"]), metadata={"description": "Soonest due first."})


class Tasks(Schema):
    """A page of the worklist."""

    items = fields.List(fields.Nested(TaskShown), required=True)
    next = fields.String(required=True, allow_none=True)


CONDITION = fields.String(validate=validate.Length(1, 2_000))


class Instead(Schema):
    """The decision that is to stand in the place of the one objected to; without `reasons`, with those of the decision on the objection."""

    outcome = fields.String(required=True, validate=validate.Length(1, 100))
    reasons = fields.String(validate=words(10_000))
    conditions = fields.List(CONDITION, validate=validate.Length(1, 50))


class Completion(Schema):
    """How a task ended: an `outcome` for a decision (`confirmed` or `declined` for a consequence), the `service` for triage."""

    outcome = fields.String(validate=validate.Length(1, 100))
    reasons = fields.String(validate=words(10_000), metadata={"description": "Told to the party with a decision; a refusal needs them."})
    conditions = fields.List(CONDITION, validate=validate.Length(1, 50), metadata={"description": "Of a grant."})
    instead = fields.Nested(Instead, metadata={"description": "With the decision on an objection that is upheld or amended."})
    service = fields.String(validate=validate.Length(1, 100))


class SoughtDecision(Schema):
    """What is to be decided."""

    outcome = fields.String(required=True, validate=validate.Length(1, 100))
    reasons = fields.String(validate=words(10_000))
    conditions = fields.List(CONDITION, validate=validate.Length(1, 50))


class LetterPreview(Schema):
    """The letter as it would go now. Nothing was written."""

    outcome = fields.String(required=True)
    title = fields.String(required=True)
    gives = fields.String(required=True, metadata={"enum": ["all", "part", "nothing"]})
    language = fields.String(required=True, allow_none=True)
    fell_back = fields.Boolean(required=True, metadata={"description": "There is no letter in the language the party reads."})
    subject = fields.String(required=True, allow_none=True)
    text = fields.String(required=True, allow_none=True)
    html = fields.String(required=True, allow_none=True)
    remedy = fields.String(required=True, allow_none=True, metadata={"enum": ["objection", "appeal", "none", None]})
    last_day = fields.Date(required=True, allow_none=True, metadata={"description": "Of the remedy, if the decision is served now."})
    no_letter = fields.String(required=True, allow_none=True, metadata={"description": "Why none goes out."})


class Next(Schema):
    """From which queue; any of one's teams where none is named."""

    queue = fields.String(validate=validate.Length(1, 100))


def wanted(query: dict[str, Any], who: Principal) -> Wanted:
    """Which tasks a query of the worklist asks for."""
    priority = PRIORITIES[query["priority"]] if query["priority"] else None
    mine = str(who.subject) if query["mine"] else None
    return Wanted(queue=query["queue"], kind=query["kind"], service=query["service"], priority=priority, holder=mine, free=query["free"])


@resource.route("/tasks")
@allowed("task.list")
@resource.arguments(Which, location="query")
@resource.response(200, Tasks)
def list_tasks(query: dict[str, Any]) -> Response:
    """My teams' worklist: what is urgent first, then fresh answers, then the least time left"""
    key = after(query["after"], int, int, instant, UUID)
    who = principal()
    with the_portal().work(who) as work:
        found = views.page(work, who, wanted(query, who), after=key and (key[0], key[1], key[2], key[3]), limit=query["limit"] + 1)
    told = page(found, query["limit"], reading.place)
    return respond(answer(200, told | {"items": [shown(row) for row in told["items"]]}))


@resource.route("/tasks/<uuid:id>")
@allowed("task.list")
@resource.response(200, TaskGuided)
def show_task(id: UUID) -> Any:
    """One task, how it is done and how it may end"""
    with the_portal().work(principal()) as work:
        row = entry.task(work, id)
        told = guidance.of_task(work, row, language=language())
        told["checklist"] = at_hand.checklist(work, row, language=language())
    return shown(row) | told, {"ETag": etag(row["version"])}


@resource.route("/tasks/claim-next", methods=["POST"])
@allowed("task.work", headers=("Idempotency-Key",))
@resource.arguments(Next)
@resource.response(200, TaskShown)
@resource.alt_response(204, description="Nothing waits that you could take.")
def claim_next(body: dict[str, Any]) -> Response:
    """Be given the next one nobody holds, among what you know how to do; 204 where there is none"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "task.claim-next")) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        task = sharing.claim_next(work, who, queue=body.get("queue"))
        work.settle()
        if task is None:
            return Response(status=204)
        given = answer(200, shown(task))
        work.keep(given)
    return respond(given, headers={"ETag": etag(task["version"])})


@resource.route("/tasks/<uuid:id>/claim", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.response(200, TaskShown)
def claim(id: UUID) -> Response:
    """Take it: one wins, the others are told"""

    def act(work: Work, task: Row, version: int | None) -> None:
        people.known(work, principal())
        worklist.claim(work, task, holder=holder(), version=version, away=people.away(work, task["agency"]))

    return act_on(id, "task.claim", act)


@resource.route("/tasks/<uuid:id>/release", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.response(200, TaskShown)
def release(id: UUID) -> Response:
    """Give it back"""
    return act_on(id, "task.release", lambda work, task, version: worklist.release(work, task, holder=holder(), version=version))


@resource.route("/tasks/<uuid:id>/complete", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.arguments(Completion)
@resource.response(200, TaskShown)
def complete(body: dict[str, Any], id: UUID) -> Response:
    """Finish it; the journey goes on by itself"""
    return act_on(id, "task.complete", lambda work, task, version: casework.complete(work, task, version=version, **body))


@resource.route("/tasks/<uuid:id>/letter", methods=["POST"])
@allowed("task.work")
@resource.arguments(SoughtDecision)
@resource.response(200, LetterPreview)
def preview(body: dict[str, Any], id: UUID) -> Any:
    """See the letter of a decision before it is taken, with its dates"""
    with the_portal().work(principal()) as work:
        case_id = entry.task(work, id)["case_id"]
        work.narrow([case_id])
        grants.demand_open(work, case_id, principal().subject)
        casework.demand_team(work, worklist.task_of(work, case_id, id))
        return decisions.previewed(work, casework.preview(work, worklist.task_of(work, case_id, id), **body))


@resource.route("/cases/<reference>/acknowledgement", methods=["POST"])
@allowed("duty.acknowledge", headers=("Idempotency-Key",))
@resource.response(204)
def acknowledge(reference: str) -> Any:
    """Answer a page for danger: nobody else is paged"""
    with the_portal().work(principal()) as work:
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        duty.acknowledge(work, case_id, by=holder())
    return Response(status=204)
