"""`/mails`: mail that became no request: what machines wrote, and what nobody could read by machine; seen by people, as it came."""

from __future__ import annotations

from base64 import b64decode
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.access.scoping import visible
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.paging import Page
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.errors import NotFound
from portal.outbox import strays
from portal.vault import items

resource = Resource("mails", __name__, description="Mail that became no request.")
MOST = 200


class Which(Page):
    """Which of it."""

    kind = fields.String(load_default=None, validate=validate.OneOf(["automatic", "mail"]))


class MailShown(Schema):
    """One mail."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, metadata={"enum": ["automatic", "mail"], "description": "`mail` could not be read, and is a task `stray` too."})
    why = fields.String(required=True)
    found_at = fields.DateTime(required=True)
    settled = fields.String(required=True, allow_none=True)


class Mails(Schema):
    """The newest first."""

    items = fields.List(fields.Nested(MailShown), required=True)


@resource.route("/mails")
@allowed("task.list")
@resource.arguments(Which, location="query")
@resource.response(200, Mails)
def listed(query: dict[str, Any]) -> Any:
    """Mail that became no request, the newest first"""
    with the_portal().work(principal()) as work:
        rows = work.run(visible(work, strays.mails(query["kind"], limit=min(query["limit"], MOST))))
    return {"items": [{"id": row["case_id"], "why": row["name"], **{name: row[name] for name in ("kind", "found_at", "settled")}} for row in rows]}


@resource.route("/mails/<uuid:id>")
@allowed("task.list")
def raw(id: UUID) -> Response:
    """The message as it came, to be saved and not to be opened here"""
    with the_portal().work(principal()) as work:
        rows = work.run(visible(work, strays.one(id)))
        kept = [one["value"] for one in work.run(visible(work, items.kept(id))) if one["kind"] == "mail"] if rows else []
    if not kept:
        raise NotFound
    headers = {"Content-Disposition": f'attachment; filename="{id}.eml"'}
    return Response(b64decode(kept[0]["base64"]), 200, headers, content_type="message/rfc822")
