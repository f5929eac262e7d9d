"""`/tasks/{id}/...`: what a caseworker does on a task beside finishing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.on_task import WRITES, TaskShown, act_on
from portal.api.referrals import ReferralShown
from portal.api.schemas import Schema, words
from portal.api.spec import Resource
from portal.queues.sharing import PRIORITIES
from portal.unit_of_work import Row, Work
from portal.views import at_hand, entry, referrals
from portal.workflow import casework, referring, sharing

resource = Resource("casework", __name__, description="Work that waits for people: ask the party, offer it to another door, note something.")


class Referral(Schema):
    """Why it is at the wrong door, and to which service or agency it is offered; to the people who find doors where neither is named."""

    words = fields.String(required=True, validate=words(10_000))
    service = fields.String(validate=validate.Length(1, 100))
    agency = fields.String(validate=validate.Length(1, 100), metadata={"description": "Where the service is not known: who accepts says which."})
    scope = fields.String(
        validate=validate.OneOf(["case", "step"]), metadata={"description": "`step`: the work of this step alone; the case and its decision stay."}
    )
    evidence = fields.List(fields.String(validate=validate.Length(1, 2_000)), validate=validate.Length(1, 20), metadata={"description": "What it rests on."})


class TaskReferred(TaskShown):
    """The task, and its offer. Until that is taken, the task stays where it is."""

    referral = fields.Nested(ReferralShown, required=True)


class Ask(Schema):
    """What is asked of the party: fields of the service, words, or both. Without a date to reply by, no promise stands still."""

    fields_ = fields.List(fields.String(validate=validate.Length(1, 100)), data_key="fields", attribute="fields", validate=validate.Length(1, 200))
    words = fields.String(validate=words(10_000))
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
    words = fields.String(required=True, validate=words(10_000))


class Note(Schema):
    """A note of staff; parties do not see it."""

    words = fields.String(required=True, validate=words(10_000))


@resource.route("/tasks/<uuid:id>/refer", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.arguments(Referral)
@resource.response(200, TaskReferred)
def refer(body: dict[str, Any], id: UUID) -> Response:
    """Offer a request at the wrong door to another one; answers and receipt time travel, and it is owned here until it is taken"""

    def act(work: Work, task: Row, version: int | None) -> dict[str, Any]:
        row = referring.refer(work, task, version=version, **body)
        work.settle()
        return {"referral": referrals.shown(row)}

    return act_on(id, "task.refer", act)


@resource.route("/tasks/<uuid:id>/ask", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.arguments(Ask)
@resource.response(200, TaskAsked)
def ask(body: dict[str, Any], id: UUID) -> Response:
    """Ask the party; promises whose law says so stand still until it replies, or the date to reply by"""
    return act_on(id, "task.ask", lambda work, task, version: {"corrects": casework.ask(work, task, version=version, **body)})


@resource.route("/tasks/<uuid:id>/extension", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.arguments(Extension)
@resource.response(200, TaskShown)
def extend(body: dict[str, Any], id: UUID) -> Response:
    """Extend a promise of the case, once and by its law"""
    return act_on(id, "task.extend", lambda work, task, version: casework.extend(work, task, version=version, **body))


@resource.route("/tasks/<uuid:id>/note", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.arguments(Note)
@resource.response(200, TaskShown)
def note(body: dict[str, Any], id: UUID) -> Response:
    """Note something for colleagues"""

    def act(work: Work, task: Row, version: int | None) -> None:
        casework.note(work, task, body["words"])

    return act_on(id, "task.note", act)


class HandOver(Schema):
    """To whom, by pseudonym (`GET /colleagues` lists them; without the issuer is enough), and a word to them."""

    to = fields.String(required=True, validate=validate.Length(1, 600))
    words = fields.String(validate=validate.Length(1, 10_000))


class Priority(Schema):
    """How urgent it is, and why."""

    priority = fields.String(required=True, validate=validate.OneOf(list(PRIORITIES)))
    words = fields.String(required=True, validate=validate.Length(1, 10_000))


class Ticks(Schema):
    """Entries of the checklist: ticked or not."""

    ticks = fields.Dict(keys=fields.String(validate=validate.Length(1, 100)), values=fields.Boolean(), required=True, validate=validate.Length(1, 100))


class Language(Schema):
    """In which language; that of the party where none is named."""

    language = fields.String(load_default=None, validate=validate.Regexp(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="Write a language code such as `en`."))


class ReplyShown(Schema):
    """A reply to start from."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    language = fields.String(required=True)
    text = fields.String(required=True)


class Replies(Schema):
    """All there are for the task."""

    items = fields.List(fields.Nested(ReplyShown), required=True)
    next = fields.String(required=True, allow_none=True)


@resource.route("/tasks/<uuid:id>/hand-over", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.arguments(HandOver)
@resource.response(200, TaskShown)
def hand_over(body: dict[str, Any], id: UUID) -> Response:
    """Hand it to a colleague who is there"""
    return act_on(id, "task.hand-over", lambda work, task, version: sharing.hand_over(work, task, version=version, **body))


@resource.route("/tasks/<uuid:id>/priority", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.arguments(Priority)
@resource.response(200, TaskShown)
def prioritise(body: dict[str, Any], id: UUID) -> Response:
    """Say how urgent it is, and why"""
    return act_on(id, "task.priority", lambda work, task, version: sharing.prioritise(work, task, version=version, **body))


@resource.route("/tasks/<uuid:id>/checklist", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.arguments(Ticks)
@resource.response(200, TaskShown)
def tick(body: dict[str, Any], id: UUID) -> Response:
    """Tick entries of the checklist off, or back on"""
    return act_on(id, "task.checklist", lambda work, task, version: sharing.tick(work, task, version=version, **body))


@resource.route("/tasks/<uuid:id>/undo", methods=["POST"])
@allowed("task.work", headers=WRITES)
@resource.response(200, TaskShown)
def undo(id: UUID) -> Response:
    """Take the last thing you did to it back: a claim, a release, a hand-over or a priority of the last five minutes"""
    return act_on(id, "task.undo", lambda work, task, version: sharing.undo(work, task, version=version))


@resource.route("/tasks/<uuid:id>/replies")
@allowed("task.list")
@resource.arguments(Language, location="query")
@resource.response(200, Replies)
def list_replies(query: dict[str, Any], id: UUID) -> Any:
    """Replies to start from, in the party's language, filled in"""
    with the_portal().work(principal()) as work:
        found = at_hand.replies(work, entry.task(work, id), language=query["language"])
    return {"items": found, "next": None}
