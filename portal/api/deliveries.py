"""`/deliveries`: handovers to agencies: where they stand, every attempt, and sending one again."""

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
from portal.outbox.deliveries import STATES
from portal.views import deliveries as views
from portal.views import entry

resource = Resource("deliveries", __name__, description="Handovers to agencies: where they stand, every attempt, sending again.")


class Try(Schema):
    """One attempt that came to an end. A number that is missing among them ended with its process, without a word."""

    attempt = fields.Integer(required=True)
    began_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True)
    code = fields.String(required=True, metadata={"description": "`taken`, or a short word for what went wrong."})


class DeliveryShown(Schema):
    """One handover. Nothing of what it carries is shown."""

    id = fields.UUID(required=True)
    reference = fields.String(required=True, allow_none=True, metadata={"description": "Of the case, where the reader may see it."})
    agency = fields.String(required=True)
    step = fields.String(required=True)
    action = fields.String(required=True)
    step_run = fields.UUID(required=True)
    state = fields.String(required=True, metadata={"enum": list(STATES)})
    attempts = fields.Integer(required=True)
    crashes = fields.Integer(required=True, metadata={"description": "Attempts in a row of which nobody ever heard again."})
    refusal = fields.String(required=True, allow_none=True, metadata={"description": "Why the last attempt failed, in plain words."})
    remote_id = fields.String(required=True, allow_none=True, metadata={"description": "The agency's own name for it."})
    placed_at = fields.DateTime(required=True)
    next_at = fields.DateTime(required=True, metadata={"description": "While it waits: the next attempt."})
    sent_at = fields.DateTime(required=True, allow_none=True)
    parked_at = fields.DateTime(required=True, allow_none=True)
    ask_at = fields.DateTime(required=True, allow_none=True, metadata={"description": "When the agency is asked next what became of it."})
    asks = fields.Integer(required=True, allow_none=True, metadata={"description": "Answers in a row that said nothing new."})
    tries = fields.List(fields.Nested(Try), required=True)


class Which(Page):
    """Query of the list."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    agency = fields.String(load_default=None, validate=validate.Length(1, 100))


class Deliveries(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(DeliveryShown), required=True)
    next = fields.String(required=True, allow_none=True)


class OfCase(Schema):
    """All of one case."""

    items = fields.List(fields.Nested(DeliveryShown), required=True)


@resource.route("/deliveries")
@allowed("delivery.list")
@resource.arguments(Which, location="query")
@resource.response(200, Deliveries)
def list_deliveries(query: dict[str, Any]) -> Any:
    """Handovers, the oldest first; `state=parked` are those that wait for people"""
    key = after(query["after"], instant, UUID)
    with the_portal().work(principal()) as work:
        limit = query["limit"] + 1
        found = views.listed(work, state=query["state"], agency=query["agency"], limit=limit, after=key and (key[0], key[1]))
    return page(found, query["limit"], lambda row: (row["placed_at"], row["id"]))


@resource.route("/cases/<reference>/deliveries")
@allowed("delivery.read")
@resource.response(200, OfCase)
def of_case(reference: str) -> Any:
    """Handovers of one case, with every attempt"""
    with the_portal().work(principal()) as work:
        return {"items": views.of_case(work, entry.find(work, reference))}


@resource.route("/deliveries/<uuid:id>/retry", methods=["POST"])
@allowed("delivery.retry", headers=("Idempotency-Key",))
@resource.answer(200, DeliveryShown)
def retry(id: UUID) -> Response:
    """Send a parked handover again, with the same key and fresh patience; its task goes away"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "delivery.retry")) as work:
        case_id = views.found(work, id)
        if work.answer:
            return respond(work.answer, replayed=True)
        views.retry(work, case_id, id)
        work.settle()
        given = answer(200, DeliveryShown().dump(views.in_hand(work, case_id, id)))
        work.keep(given)
    return respond(given)
