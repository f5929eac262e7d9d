"""`/cases/{reference}/signals`: word that something has happened a journey waits for."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.cases import registry
from portal.views import entry
from portal.workflow import waits

resource = Resource("signals", __name__, description="What journeys wait for, told by people.")


class Signal(Schema):
    """What has happened, by the name the journey gives it."""

    event = fields.String(required=True, validate=validate.Regexp(r"[a-z0-9][a-z0-9-]{0,62}\Z"))


class Taken(Schema):
    """The word was taken; where nothing waits for it yet, it is kept until something does."""

    reference = fields.String(required=True)
    event = fields.String(required=True)
    status = fields.String(required=True, metadata={"description": "Of the case."})


@resource.route("/cases/<reference>/signals", methods=["POST"])
@allowed("case.signal", headers=("Idempotency-Key",))
@resource.arguments(Signal)
@resource.answer(201, Taken)
def send_signal(body: dict[str, Any], reference: str) -> Response:
    """Say that something has happened a journey waits for; early word is kept"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "case.signal")) as work:
        case_id = entry.find(work, reference)
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([case_id])
        case = registry.case_of(work, case_id)
        agency = who.agencies[0] if who.agencies else None
        waits.signal(work, case, event=body["event"], source=who.scope, agency=agency)
        work.settle()
        given = answer(201, {"reference": case["reference"], "event": body["event"], "status": case["status"]})
        work.keep(given)
    return respond(given)
