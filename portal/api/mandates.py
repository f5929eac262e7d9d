"""`/cases/{reference}/mandates`: somebody stands on a case for its party."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g
from marshmallow import fields, validate

from portal.access.scoping import visible
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.parties import mandates
from portal.views import entry

resource = Resource("mandates", __name__, description="Representatives: who may stand on a case for its party, for what and until when.")

_ONCE = ("Idempotency-Key",)
SCOPES = ("read", "act", "all")


class Mandate(Schema):
    """What somebody may do: `read`; `act`: answer, write and pay too; `all`: take back and object too."""

    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    until = fields.AwareDateTime(required=True, metadata={"description": "RFC 3339, with a zone; at most two years from now."})


class MandateShown(Schema):
    """A mandate."""

    id = fields.UUID(required=True)
    scope = fields.String(required=True, metadata={"enum": list(SCOPES)})
    state = fields.String(required=True, metadata={"enum": ["offered", "held", "ended"]})
    given_at = fields.DateTime(required=True)
    accepted_at = fields.DateTime(required=True, allow_none=True)
    until = fields.DateTime(required=True)


class MandateGiven(MandateShown):
    """The mandate, and the code the representative takes it up with. It is shown this once."""

    code = fields.String(required=True)


class Mandates(Schema):
    """All mandates of a case."""

    items = fields.List(fields.Nested(MandateShown), required=True)


class MandateCode(Schema):
    """The reference of the case, and the code its party has given you."""

    reference = fields.String(required=True, validate=validate.Length(1, 50))
    code = fields.String(required=True, validate=validate.Length(1, 100))


class MandateTaken(Schema):
    """What you may do on the case from now on."""

    reference = fields.String(required=True)
    scope = fields.String(required=True, metadata={"enum": list(SCOPES)})
    until = fields.DateTime(required=True)


@resource.route("/cases/<reference>/mandates")
@allowed("mandate.read")
@resource.response(200, Mandates)
def list_mandates(reference: str) -> Any:
    """Who may stand on the case for its party"""
    with the_portal().work(principal()) as work:
        rows = work.run(visible(work, mandates.of(entry.find(work, reference))))
        return {"items": [row | {"state": mandates.state(row, work.now)} for row in rows]}


@resource.route("/cases/<reference>/mandates", methods=["POST"])
@allowed("mandate.give", headers=_ONCE)
@resource.arguments(Mandate)
@resource.response(201, MandateGiven)
def give(body: dict[str, Any], reference: str) -> Response:
    """Let somebody stand on the case for you; give them the code"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "mandate.give")) as work:
        case_id = entry.find(work, reference)
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([case_id])
        row, code = mandates.give(work, case_id, **body)
        given = answer(201, MandateGiven().dump(row | {"code": code, "state": "offered"}))
        work.settle()
        work.keep(given)
    return respond(given)


@resource.route("/mandates", methods=["POST"])
@allowed("mandate.accept")
@resource.arguments(MandateCode)
@resource.response(200, MandateTaken)
def accept(body: dict[str, Any]) -> Any:
    """Take up a mandate with the code its party has given you; sending it again changes nothing"""
    return entry.represent(the_portal(), principal(), body["reference"], body["code"], sender=g.get("sender", ""))


@resource.route("/cases/<reference>/mandates/<uuid:id>/end", methods=["POST"])
@allowed("mandate.end")
@resource.response(200, MandateShown)
def end(reference: str, id: UUID) -> Any:
    """End a mandate, from now on"""
    who = principal()
    with the_portal().work(who) as work:
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        row = mandates.end(work, case_id, id, subject=who.subject, itself=who.mandate is None)
        return row | {"state": mandates.state(row, work.now)}
