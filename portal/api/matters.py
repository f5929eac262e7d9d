"""One view of somebody's matters: `POST /cases/{reference}/matters` takes a look for a purpose, `GET /looks/{id}` shows it, and who looked is told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.paging import Page, after, instant, page
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema, words
from portal.api.spec import Resource
from portal.catalogue.purposes import PURPOSES
from portal.views import entry
from portal.views import matters as views

resource = Resource("matters", __name__, description="Where the other matters of somebody stand, for who handles one of them: for a purpose, and told to them.")


class LookAsked(Schema):
    """What for, from the list, and in words."""

    purpose = fields.String(required=True, validate=validate.OneOf(tuple(PURPOSES)))
    words = fields.String(required=True, validate=words(10_000))


class LookTaken(Schema):
    """The look; `GET /looks/{id}` shows it for half an hour."""

    id = fields.UUID(required=True)


class Matter(Schema):
    """Where one of them stands. What was said in it is not shown."""

    reference = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    agency = fields.String(required=True)
    status = fields.String(required=True)
    received_at = fields.DateTime(required=True)
    closed_at = fields.DateTime(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)
    decided_at = fields.DateTime(required=True, allow_none=True)


class LookBasis(Schema):
    """What a look was for, and what allowed it."""

    purpose = fields.String(required=True, metadata={"enum": list(PURPOSES)})
    ground = fields.String(required=True, metadata={"enum": ["consent", "law"]})
    law = fields.String(required=True, allow_none=True)
    since = fields.DateTime(required=True)


class LookShown(LookBasis):
    """Other matters of the same person, the newest first; what is sealed is not among them."""

    id = fields.UUID(required=True)
    reference = fields.String(required=True, metadata={"description": "The case it is for."})
    until = fields.DateTime(required=True)
    items = fields.List(fields.Nested(Matter), required=True)


class LookTold(LookBasis):
    """A look, as the party is told of it."""

    agency = fields.String(required=True, allow_none=True)
    role = fields.String(required=True)
    says = fields.String(required=True, metadata={"description": "The purpose in words."})
    shown = fields.Boolean(required=True, metadata={"description": "This case was shown; false: the look was taken for this case, and showed others."})


class LooksTold(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(LookTold), required=True)
    next = fields.String(required=True, allow_none=True)


class LookAudited(LookBasis):
    """A look, as who answers for the case is told of it."""

    look = fields.UUID(required=True)
    reference = fields.String(required=True)
    agency = fields.String(required=True, allow_none=True)
    role = fields.String(required=True)
    official = fields.String(required=True)
    words = fields.String(required=True, allow_none=True)


class LooksAudited(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(LookAudited), required=True)
    next = fields.String(required=True, allow_none=True)


@resource.route("/cases/<reference>/matters", methods=["POST"])
@allowed("case.matters", headers=("Idempotency-Key",))
@resource.arguments(LookAsked)
@resource.response(201, LookTaken)
def look(body: dict[str, Any], reference: str) -> Response:
    """Look at where the other matters of this case's applicant stand, for half an hour; they are told"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "case.matters")) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        id = views.look(work, reference, purpose=body["purpose"], words=body["words"])
        given = answer(201, LookTaken().dump({"id": id}))
        work.settle()
        work.keep(given)
    return respond(given, headers={"Location": f"/api/v1/looks/{id}"})


@resource.route("/looks/<uuid:id>")
@allowed("case.matters")
@resource.response(200, LookShown)
def show_look(id: UUID) -> Any:
    """What your look shows now"""
    with the_portal().work(principal()) as work:
        return views.shown(work, id)


@resource.route("/cases/<reference>/looks")
@allowed("case.reads")
@resource.arguments(Page, location="query")
@resource.response(200, LooksTold)
def list_looks(query: dict[str, Any], reference: str) -> Any:
    """Who handled one of your matters and looked at where the others stand, what for, and what allowed it"""
    key = after(query["after"], instant, UUID)
    with the_portal().work(principal()) as work:
        found = views.at_case(work, entry.find(work, reference), after=key and (key[0], key[1]), limit=query["limit"] + 1)
    return page(found, query["limit"], lambda row: (row["since"], row["look"]))


@resource.route("/looks")
@allowed("look.list")
@resource.arguments(Page, location="query")
@resource.response(200, LooksAudited)
def list_all_looks(query: dict[str, Any]) -> Any:
    """Who looked across, for cases you answer for, and why"""
    key = after(query["after"], instant, UUID)
    with the_portal().work(principal()) as work:
        found = views.audited(work, after=key and (key[0], key[1]), limit=query["limit"] + 1)
    return page(found, query["limit"], lambda row: (row["since"], row["look"]))
