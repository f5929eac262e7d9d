"""`/tasks/{id}/...`: what a caseworker does on a task beside finishing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.on_task import WRITES, TaskShown, act_on
from portal.api.referrals import ReferralShown
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.unit_of_work import Row, Work
from portal.views import referrals
from portal.workflow import casework, referring

resource = Resource("casework", __name__, description="Work that waits for people: ask the party, offer it to another door, note something.")


class Referral(Schema):
    """Why it is at the wrong door, and to which service or agency it is offered; to the people who find doors where neither is named."""

    words = fields.String(required=True, validate=validate.Length(1, 10_000))
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
