"""Who looked: `/cases/{reference}/reads` for the party, and administrators who look into a case they have nothing to do with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.paging import Page, after, instant, page
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.views import entry
from portal.views import reads as views

resource = Resource("reads", __name__, description="Who of the staff looked at a case, and why.")


class ReadShown(Schema):
    """Somebody looked at the case that day, for that purpose."""

    day = fields.Date(required=True)
    first_at = fields.DateTime(required=True)
    role = fields.String(required=True)
    agency = fields.String(required=True, allow_none=True)
    teams = fields.List(fields.String(), required=True, metadata={"description": "Of that agency, where they are known."})
    name = fields.String(required=True, allow_none=True, metadata={"description": "Where an administrator wrote it down."})
    action = fields.String(required=True, metadata={"description": "What for, by the permission table."})
    says = fields.String(required=True, metadata={"description": "The same in words."})
    why = fields.String(required=True, metadata={"description": "Why it could be seen: what its agency has to do with the case, `champion`, or `break-glass`."})


class Reads(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(ReadShown), required=True)
    next = fields.String(required=True, allow_none=True)


class GlassReason(Schema):
    """Why you have to look. Who answers for the case reads it."""

    reason = fields.String(required=True, validate=validate.Length(10, 10_000))


class Glass(Schema):
    """Until when you see the case."""

    reference = fields.String(required=True)
    until = fields.DateTime(required=True)


class GlassShown(Schema):
    """An administrator looked into a case."""

    id = fields.UUID(required=True)
    reference = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    administrator = fields.String(required=True)
    since = fields.DateTime(required=True)
    until = fields.DateTime(required=True)
    reason = fields.String(required=True, allow_none=True)


class Glasses(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(GlassShown), required=True)
    next = fields.String(required=True, allow_none=True)


@resource.route("/cases/<reference>/reads")
@allowed("case.reads")
@resource.arguments(Page, location="query")
@resource.response(200, Reads)
def list_reads(query: dict[str, Any], reference: str) -> Any:
    """Who of the staff looked at your case, and why: the last first, once a person, day and purpose"""
    key = after(query["after"], instant, UUID)
    with the_portal().work(principal()) as work:
        found = views.of_case(work, entry.find(work, reference), after=key and (key[0], key[1]), limit=query["limit"] + 1)
    return page(found, query["limit"], lambda row: (row["first_at"], row["id"]))


@resource.route("/cases/<reference>/glass", methods=["POST"])
@allowed("glass.break", headers=("Idempotency-Key",))
@resource.arguments(GlassReason)
@resource.response(201, Glass)
def break_glass(body: dict[str, Any], reference: str) -> Response:
    """Look into a case for an hour; who answers for it is shown that and why, its party that you did"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "glass.break")) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        given = answer(201, Glass().dump(views.break_glass(work, reference, body["reason"])))
        work.settle()
        work.keep(given)
    return respond(given)


@resource.route("/glasses")
@allowed("glass.list")
@resource.arguments(Page, location="query")
@resource.response(200, Glasses)
def list_glasses(query: dict[str, Any]) -> Any:
    """Who looked into cases you answer for, and why"""
    key = after(query["after"], instant, UUID)
    with the_portal().work(principal()) as work:
        found = views.broken(work, after=key and (key[0], key[1]), limit=query["limit"] + 1)
    return page(found, query["limit"], lambda row: (row["since"], row["id"]))
