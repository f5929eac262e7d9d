"""`/tasks`: the caseworker's side. A task's ETag is its own version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import fields, validate

from portal.access import grants
from portal.access.scoping import visible
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.paging import Page, after, instant, page
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.api.versions import etag, if_match
from portal.cases import duty
from portal.errors import NotFound
from portal.queues import worklist
from portal.unit_of_work import Row, Work
from portal.views import decisions, entry, guidance
from portal.workflow import casework

resource = Resource("tasks", __name__, description="Work that waits for people: list it, take it, finish it, pass it on.")

_WRITES = ("Idempotency-Key", "If-Match")


class Which(Page):
    """Query of the worklist."""

    queue = fields.String(load_default=None, validate=validate.Length(1, 100))
    sort = fields.String(load_default="due", validate=validate.OneOf(["due"]), metadata={"description": "Soonest due first."})


class TaskShown(Schema):
    """A task."""

    id = fields.UUID(required=True)
    reference = fields.String(required=True)
    kind = fields.String(
        required=True,
        metadata={
            "enum": [
                "step",
                "triage",
                "parked",
                "unheard",
                "reply",
                "consequence",
                "decision",
                "wait",
                "letter",
                "undo",
                "fee",
                "refund",
                "contradiction",
                "stray",
            ]
        },
    )
    step = fields.String(required=True)
    item = fields.Integer(required=True, allow_none=True, metadata={"description": "Of a step done for each item of a list: which, from 1."})
    service = fields.String(required=True, allow_none=True)
    agency = fields.String(required=True)
    queue = fields.String(required=True)
    team = fields.String(required=True)
    status = fields.String(required=True)
    holder = fields.String(required=True, allow_none=True)
    held_until = fields.DateTime(required=True, allow_none=True)
    due_at = fields.DateTime(required=True)
    turn = fields.Integer(required=True, metadata={"description": "0: an answer has come; 1: in its turn; 2: the party was asked."})
    asked_until = fields.DateTime(required=True, allow_none=True, metadata={"description": "The party was asked and has until then to reply."})
    queued_at = fields.DateTime(required=True)
    version = fields.Integer(required=True)


_SHOWN = tuple(TaskShown._declared_fields)


class TaskGuided(TaskShown):
    """A task, and what its step says to who does it."""

    title = fields.String(required=True, allow_none=True)
    guidance = fields.String(required=True, allow_none=True, metadata={"description": "How it is done, as its journey says."})
    outcomes = fields.List(fields.String(), required=True, metadata={"description": "What `complete` may send as `outcome`; none: nothing is sent."})


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


class Referral(Schema):
    """Why it is at the wrong door, and which service it belongs to if that is known."""

    words = fields.String(required=True, validate=validate.Length(1, 10_000))
    service = fields.String(validate=validate.Length(1, 100))


class Ask(Schema):
    """What is asked of the party: fields of the service, words, or both. Without a date to reply by, no promise stands still."""

    fields_ = fields.List(fields.String(validate=validate.Length(1, 100)), data_key="fields", attribute="fields", validate=validate.Length(1, 200))
    words = fields.String(validate=validate.Length(1, 10_000))
    reply_by = fields.AwareDateTime(metadata={"description": "RFC 3339, with a zone."})
    reply_within = fields.String(validate=validate.Length(1, 40), metadata={"description": "A term such as `14 calendar_days`, counted from now."})


class TaskAsked(TaskShown):
    """The task, and what its question is to the party."""

    corrects = fields.List(
        fields.String(), required=True, metadata={"description": "Of the fields asked, those answered before: the party is asked for a correction."}
    )


class Extension(Schema):
    """Which promise is extended, and why. Its standard says by how much and by which law; it can be done once."""

    standard = fields.String(required=True, validate=validate.Length(1, 100))
    words = fields.String(required=True, validate=validate.Length(1, 10_000))


class Note(Schema):
    """A note of staff; parties do not see it."""

    words = fields.String(required=True, validate=validate.Length(1, 10_000))


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
    language = request.accept_languages.best_match(("en", "fr")) or the_portal().settings.default_language
    with the_portal().work(principal()) as work:
        row = _seen(work, id)
        told = guidance.of_task(work, row, language=language)
    return row | told, {"ETag": etag(row["version"])}


def _act(id: UUID, action: str, act: Callable[[Work, Row, int | None], dict[str, Any] | None]) -> Response:
    """One change of a task: read as the caseworker, then written with the case's head locked. What `act` returns is told beside the task."""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        case_id = _seen(work, id)["case_id"]
        work.narrow([case_id])
        grants.demand_open(work, case_id, who.subject)
        task = worklist.task_of(work, case_id, id)
        more = act(work, task, if_match())
        work.settle()
        given = answer(200, {name: task[name] for name in _SHOWN} | (more or {}))
        work.keep(given)
    return respond(given, headers={"ETag": etag(task["version"])})


def _seen(work: Work, id: UUID) -> dict[str, Any]:
    found = work.run(visible(work, worklist.one(id)))
    if not found:
        raise NotFound
    return found[0]


def _holder() -> str:
    return str(principal().subject)


@resource.route("/tasks/<uuid:id>/claim", methods=["POST"])
@allowed("task.work", headers=_WRITES)
@resource.response(200, TaskShown)
def claim(id: UUID) -> Response:
    """Take it: one wins, the others are told"""
    return _act(id, "task.claim", lambda work, task, version: worklist.claim(work, task, holder=_holder(), version=version))


@resource.route("/tasks/<uuid:id>/release", methods=["POST"])
@allowed("task.work", headers=_WRITES)
@resource.response(200, TaskShown)
def release(id: UUID) -> Response:
    """Give it back"""
    return _act(id, "task.release", lambda work, task, version: worklist.release(work, task, holder=_holder(), version=version))


@resource.route("/tasks/<uuid:id>/complete", methods=["POST"])
@allowed("task.work", headers=_WRITES)
@resource.arguments(Completion)
@resource.response(200, TaskShown)
def complete(body: dict[str, Any], id: UUID) -> Response:
    """Finish it; the journey goes on by itself"""
    return _act(id, "task.complete", lambda work, task, version: casework.complete(work, task, version=version, **body))


@resource.route("/tasks/<uuid:id>/letter", methods=["POST"])
@allowed("task.work")
@resource.arguments(SoughtDecision)
@resource.response(200, LetterPreview)
def preview(body: dict[str, Any], id: UUID) -> Any:
    """See the letter of a decision before it is taken, with its dates"""
    with the_portal().work(principal()) as work:
        case_id = _seen(work, id)["case_id"]
        work.narrow([case_id])
        grants.demand_open(work, case_id, principal().subject)
        return decisions.previewed(work, casework.preview(work, worklist.task_of(work, case_id, id), **body))


@resource.route("/tasks/<uuid:id>/refer", methods=["POST"])
@allowed("task.work", headers=_WRITES)
@resource.arguments(Referral)
@resource.response(200, TaskShown)
def refer(body: dict[str, Any], id: UUID) -> Response:
    """Pass a request at the wrong door on; answers and receipt time stay"""
    return _act(id, "task.refer", lambda work, task, version: casework.refer(work, task, version=version, **body))


@resource.route("/tasks/<uuid:id>/ask", methods=["POST"])
@allowed("task.work", headers=_WRITES)
@resource.arguments(Ask)
@resource.response(200, TaskAsked)
def ask(body: dict[str, Any], id: UUID) -> Response:
    """Ask the party; promises whose law says so stand still until it replies, or the date to reply by"""
    return _act(id, "task.ask", lambda work, task, version: {"corrects": casework.ask(work, task, version=version, **body)})


@resource.route("/tasks/<uuid:id>/extension", methods=["POST"])
@allowed("task.work", headers=_WRITES)
@resource.arguments(Extension)
@resource.response(200, TaskShown)
def extend(body: dict[str, Any], id: UUID) -> Response:
    """Extend a promise of the case, once and by its law"""
    return _act(id, "task.extend", lambda work, task, version: casework.extend(work, task, version=version, **body))


@resource.route("/tasks/<uuid:id>/note", methods=["POST"])
@allowed("task.work", headers=_WRITES)
@resource.arguments(Note)
@resource.response(200, TaskShown)
def note(body: dict[str, Any], id: UUID) -> Response:
    """Note something for colleagues"""

    def act(work: Work, task: Row, version: int | None) -> None:
        casework.note(work, task, body["words"])

    return _act(id, "task.note", act)


@resource.route("/cases/<reference>/acknowledgement", methods=["POST"])
@allowed("duty.acknowledge", headers=("Idempotency-Key",))
@resource.response(204)
def acknowledge(reference: str) -> Any:
    """Answer a page for danger: nobody else is paged"""
    with the_portal().work(principal()) as work:
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        duty.acknowledge(work, case_id, by=_holder())
    return Response(status=204)
