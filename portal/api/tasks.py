"""`/tasks`: the worklist. A task's ETag is its own version."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.access import grants
from portal.access.scoping import visible
from portal.api.allowed import allowed
from portal.api.asking import language, principal, the_portal
from portal.api.on_task import WRITES, TaskGuided, TaskShown, act_on, holder
from portal.api.paging import Page, after, instant, page
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.api.versions import etag
from portal.cases import duty
from portal.queues import worklist
from portal.views import decisions, entry, guidance
from portal.workflow import casework

resource = Resource("tasks", __name__, description="Work that waits for people: list it, take it, finish it.")


class Which(Page):
    """Query of the worklist."""

    queue = fields.String(load_default=None, validate=validate.Length(1, 100))
    sort = fields.String(load_default="due", validate=validate.OneOf(["due"]), metadata={"description": "Soonest due first."})


class Tasks(Schema):
    """A page of the worklist."""

    items = fields.List(fields.Nested(TaskShown), required=True)
    next = fields.String(required=True, allow_none=True)


CONDITION = fields.String(validate=validate.Length(1, 2_000))


class Instead(Schema):
    """The decision that is to stand in the place of the one objected to; without `reasons`, with those of the decision on the objection."""

    outcome = fields.String(required=True, validate=validate.Length(1, 100))
    reasons = fields.String(validate=validate.Length(1, 10_000))
    conditions = fields.List(CONDITION, validate=validate.Length(1, 50))


class Completion(Schema):
    """How a task ended: an `outcome` for a decision (`confirmed` or `declined` for a consequence), the `service` for triage."""

    outcome = fields.String(validate=validate.Length(1, 100))
    reasons = fields.String(validate=validate.Length(1, 10_000), metadata={"description": "Told to the party with a decision; a refusal needs them."})
    conditions = fields.List(CONDITION, validate=validate.Length(1, 50), metadata={"description": "Of a grant."})
    instead = fields.Nested(Instead, metadata={"description": "With the decision on an objection that is upheld or amended."})
    service = fields.String(validate=validate.Length(1, 100))


class SoughtDecision(Schema):
    """What is to be decided."""

    outcome = fields.String(required=True, validate=validate.Length(1, 100))
    reasons = fields.String(validate=validate.Length(1, 10_000))
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


@resource.route("/tasks")
@allowed("task.list")
@resource.arguments(Which, location="query")
@resource.response(200, Tasks)
def list_tasks(query: dict[str, Any]) -> Any:
    """My agency's worklist: fresh answers first, then soonest due"""
    key = after(query["after"], int, instant, UUID)
    who = principal()
    with the_portal().work(who) as work:
        statement = worklist.waiting(queue=query["queue"], teams=who.teams, after=key and (key[0], key[1], key[2]), limit=query["limit"] + 1)
        found = work.run(visible(work, statement))
    return page(found, query["limit"], lambda row: (row["turn"], row["due_at"], row["id"]))


@resource.route("/tasks/<uuid:id>")
@allowed("task.list")
@resource.response(200, TaskGuided)
def show_task(id: UUID) -> Any:
    """One task, how it is done and how it may end"""
    with the_portal().work(principal()) as work:
        row = entry.task(work, id)
        told = guidance.of_task(work, row, language=language())
    return row | told, {"ETag": etag(row["version"])}


@resource.route("/tasks/<uuid:id>/claim", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.response(200, TaskShown)
def claim(id: UUID) -> Response:
    """Take it: one wins, the others are told"""
    return act_on(id, "task.claim", lambda work, task, version: worklist.claim(work, task, holder=holder(), version=version))


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
