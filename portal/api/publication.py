"""`/cases/{reference}/publication`: what a caseworker lets everybody see of a request for a public service."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.intake import publishing
from portal.views import entry

resource = Resource("publication", __name__, description="What everybody may see of requests for public services.")


class Approved(Schema):
    """What may be seen. What is left out, or false, stays hidden; nothing at all takes back what was shown."""

    description = fields.Boolean(load_default=False, metadata={"description": "What the citizen wrote, as it stands."})
    words = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 4000),
        metadata={"description": "Instead of the citizen's words: the same without names, numbers and whatever else is nobody's business."},
    )
    address = fields.Boolean(load_default=False, metadata={"description": "The place in words."})
    point = fields.Boolean(load_default=False, metadata={"description": "The exact point; until then it is told to about a kilometre."})
    media = fields.Boolean(
        load_default=False,
        metadata={
            "description": "The picture: the address that was given, else the first JPEG or PNG file its party sent, without place, time and names inside."
        },
    )


class Shown(Schema):
    """What everybody sees now."""

    reference = fields.String(required=True)
    shown = fields.List(fields.String(), required=True)


@resource.route("/cases/<reference>/publication", methods=["POST"])
@allowed("case.publish", headers=("Idempotency-Key",))
@resource.arguments(Approved)
@resource.answer(200, Shown)
def publish(body: dict[str, Any], reference: str) -> Response:
    """Say what everybody may see of a request for a public service"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "case.publish")) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        told = publishing.approve(work, case_id, official=str(who.subject), **body)
        given = answer(200, told)
        work.keep(given)
    return respond(given)
