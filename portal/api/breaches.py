"""`/breaches`: promises that were missed and are still owed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import fields

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.paging import Page, after, instant, page
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.views import breaches as views

resource = Resource("breaches", __name__, description="Promises that were missed and are still owed.")


class BreachShown(Schema):
    """One promise past its date."""

    id = fields.UUID(required=True, metadata={"description": "Of the clock."})
    reference = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, metadata={"description": "Of the case."})
    standard = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["law", "promise", "agreement"]})
    covers = fields.String(required=True)
    agency = fields.String(required=True)
    due_at = fields.DateTime(required=True)
    original_due_at = fields.DateTime(required=True)
    missed_at = fields.DateTime(required=True)
    assigned = fields.Boolean(required=True, metadata={"description": "Somebody holds a task of the case."})
    escalated_to = fields.String(required=True, allow_none=True, metadata={"description": "Whom it was put before last."})
    consequence = fields.String(required=True, allow_none=True, metadata={"enum": ["arisen", "confirmed", "declined", "took-effect", "moot", None]})
    law = fields.String(required=True, allow_none=True)


class Breaches(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(BreachShown), required=True)
    next = fields.String(required=True, allow_none=True)


@resource.route("/breaches")
@allowed("breach.list")
@resource.arguments(Page, location="query")
@resource.response(200, Breaches)
def list_breaches(query: dict[str, Any]) -> Any:
    """Missed and still owed: cases nobody holds first, then the longest overdue"""
    key = after(query["after"], bool, instant, UUID)
    with the_portal().work(principal()) as work:
        found = views.breaches(work, limit=query["limit"] + 1, after=key and (key[0], key[1], key[2]))
    return page(found, query["limit"], lambda row: (row["assigned"], row["due_at"], row["id"]))
