"""`GET /cases`: the requests of somebody who signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import fields

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.paging import Page, after, page
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.views.mine import mine

resource = Resource("mine", __name__, description="One's own requests.")


class OwnCase(Schema):
    """One request; `GET /cases/{reference}` tells the rest."""

    reference = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    agency = fields.String(required=True)
    status = fields.String(required=True)
    role = fields.String(required=True, metadata={"description": "As what one stands on it: `applicant`, `representative`, ..."})
    received_at = fields.DateTime(required=True)
    closed_at = fields.DateTime(required=True, allow_none=True)


class OwnCases(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(OwnCase), required=True)
    next = fields.String(required=True, allow_none=True)


@resource.route("/cases")
@allowed("case.list-own")
@resource.arguments(Page, location="query")
@resource.response(200, OwnCases)
def list_own(query: dict[str, Any]) -> Any:
    """One's own, and those one may stand on for others; the newest first"""
    key = after(query["after"], UUID)
    with the_portal().work(principal()) as work:
        found = mine(work, after=key[0] if key else None, limit=query["limit"] + 1)
    return page(found, query["limit"], lambda row: (row["id"],))
