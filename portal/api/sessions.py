"""`/sessions`: with which browsers one is signed in, and an end to each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields

from portal.access import sessions
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.errors import NotFound

resource = Resource("sessions", __name__, description="With which browsers one is signed in.")


class SessionShown(Schema):
    """One browser."""

    id = fields.UUID(required=True)
    provider = fields.String(required=True, metadata={"description": "Who vouched: a provider's id, or `code`."})
    device = fields.String(required=True, metadata={"description": "Browser and system, coarsely; empty where they are not known."})
    since = fields.DateTime(required=True)
    seen_at = fields.DateTime(required=True, metadata={"description": "To the minute."})
    until = fields.DateTime(required=True, metadata={"description": "When it ends, if nothing more is asked with it."})


class Sessions(Schema):
    """All of them."""

    items = fields.List(fields.Nested(SessionShown), required=True)


class Ended(Schema):
    """What was ended."""

    ended = fields.Integer(required=True)


@resource.route("/sessions")
@allowed("session.read")
@resource.response(200, Sessions)
def list_sessions() -> Any:
    """One's own, the one used last first"""
    with the_portal().work(principal()) as work:
        return {"items": sessions.of(work, str(principal().subject))}


@resource.route("/sessions", methods=["DELETE"])
@allowed("session.end")
@resource.response(200, Ended)
def end_all() -> Any:
    """All of them end, at once and everywhere; bearer tokens are the provider's and end with it"""
    with the_portal().work(principal()) as work:
        return {"ended": sessions.end_all(work, str(principal().subject))}


@resource.route("/sessions/<uuid:session>", methods=["DELETE"])
@allowed("session.end")
@resource.response(204)
@resource.alt_response(404, "NOT_FOUND")
def end(session: UUID) -> Response:
    """One ends, at once and everywhere"""
    with the_portal().work(principal()) as work:
        if not sessions.end(work, str(principal().subject), session):
            raise NotFound
    return Response(status=204)
