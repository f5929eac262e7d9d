"""`/tasks/{id}/stray`: what came in from an agency and belongs to no case we know; attached to a case, or dismissed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.access import grants
from portal.access.scoping import visible
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema, words
from portal.api.spec import Resource
from portal.api.versions import etag, if_match
from portal.errors import NotFound
from portal.intake import strays as verbs
from portal.outbox import strays
from portal.queues import reading, worklist
from portal.unit_of_work import Work
from portal.views import entry

resource = Resource("strays", __name__, description="Reports and files of agencies that belong to no case: seen, attached, dismissed.")

_WRITES = ("Idempotency-Key", "If-Match")


class StrayShown(Schema):
    """What came in. Of a report: what it says; of a file: why it was not taken."""

    agency = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["report", "file", "mail", "automatic"]})
    name = fields.String(required=True, metadata={"description": "The reference it names, or the name of the file."})
    known = fields.Dict(keys=fields.String(), values=fields.Raw(), required=True)
    found_at = fields.DateTime(required=True)
    settled_at = fields.DateTime(required=True, allow_none=True)
    settled = fields.String(required=True, allow_none=True, metadata={"enum": ["attached", "dismissed", None]})


class Attachment(Schema):
    """The case a report means; the step, where several of its steps were handed to the agency."""

    reference = fields.String(required=True, validate=validate.Length(1, 100))
    step = fields.String(validate=validate.Length(1, 100))


class Dismissal(Schema):
    """Why nothing is to follow."""

    words = fields.String(required=True, validate=words(10_000))


class Settled(Schema):
    """How it ended. `report`: `applied`, or `stale` where more was known of the handover."""

    task = fields.UUID(required=True)
    settled = fields.String(required=True)
    report = fields.String(required=True, allow_none=True)


def _seen(work: Work, id: UUID) -> UUID:
    """The stream of a task the reader may see."""
    found = work.run(visible(work, reading.one(id)))
    if not found or found[0]["kind"] != strays.TASK:
        raise NotFound
    case_id: UUID = found[0]["case_id"]
    return case_id


@resource.route("/tasks/<uuid:id>/stray")
@allowed("task.list")
@resource.response(200, StrayShown)
def show(id: UUID) -> Any:
    """What is known of what came in"""
    with the_portal().work(principal()) as work:
        found = work.run(visible(work, strays.one(_seen(work, id))))
        if not found:
            raise NotFound
        return found[0]


@resource.route("/tasks/<uuid:id>/attach", methods=["POST"])
@allowed("task.work", headers=_WRITES)
@resource.arguments(Attachment)
@resource.answer(200, Settled)
def attach(body: dict[str, Any], id: UUID) -> Response:
    """It means this case: it is taken as if it had named it"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "task.attach")) as work:
        stream, case_id = _seen(work, id), entry.find(work, body["reference"])
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([stream, case_id])
        grants.demand_open(work, case_id, who.subject)
        task = worklist.task_of(work, stream, id)
        became = verbs.attach(work, task, case_id, version=if_match(), step=body.get("step"))
        work.settle()
        given = answer(200, {"task": id, "settled": "attached", "report": became})
        work.keep(given)
    return respond(given, headers={"ETag": etag(task["version"])})


@resource.route("/tasks/<uuid:id>/dismiss", methods=["POST"])
@allowed("task.work", headers=_WRITES)
@resource.arguments(Dismissal)
@resource.answer(200, Settled)
def dismiss(body: dict[str, Any], id: UUID) -> Response:
    """Nothing follows of it"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "task.dismiss")) as work:
        stream = _seen(work, id)
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([stream])
        task = worklist.task_of(work, stream, id)
        verbs.dismiss(work, task, version=if_match(), words=body["words"])
        work.settle()
        given = answer(200, {"task": id, "settled": "dismissed", "report": None})
        work.keep(given)
    return respond(given, headers={"ETag": etag(task["version"])})
