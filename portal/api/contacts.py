"""`/cases/{reference}/contacts`: who turned to whom about a case, by which channel, why; and whether that could have been avoided (NI14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.access import grants
from portal.api.allowed import allowed
from portal.api.asking import language, principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.cases import contacts
from portal.catalogue.demand import REASONS
from portal.unit_of_work import Work
from portal.views import contacts as views
from portal.views import entry

resource = Resource("contacts", __name__, description="Contacts on a case: channel, direction, reason, and whether it was value or avoidable.")

_REASON: dict[str, Any] = {"validate": validate.OneOf(list(REASONS))}


class ContactShown(Schema):
    """One contact. `proposed`: nobody has said yet whether that is why."""

    number = fields.Integer(required=True, metadata={"description": "Of its event in the case's history."})
    at = fields.DateTime(required=True)
    channel = fields.String(required=True, allow_none=True)
    direction = fields.String(required=True, metadata={"enum": ["in", "out"]})
    reason = fields.String(required=True, allow_none=True, metadata={"enum": [*REASONS, None]})
    says = fields.String(required=True, allow_none=True, metadata={"description": "The reason in the reader's language."})
    demand = fields.String(required=True, allow_none=True, metadata={"enum": ["value", "avoidable", None]})
    proposed = fields.Boolean(required=True)


class Contacts(Schema):
    """All of them, oldest first."""

    items = fields.List(fields.Nested(ContactShown), required=True)


class Keep(Schema):
    """What staff heard or said."""

    channel = fields.String(required=True, validate=validate.OneOf(contacts.CHANNELS))
    direction = fields.String(load_default="in", validate=validate.OneOf(["in", "out"]))
    reason = fields.String(required=True, **_REASON)


class Judge(Schema):
    """Why somebody turned to us, put right."""

    reason = fields.String(required=True, **_REASON)


class Judged(Schema):
    """What it counts as."""

    reason = fields.String(required=True, metadata={"enum": list(REASONS)})
    demand = fields.String(required=True, metadata={"enum": ["value", "avoidable"]})


@resource.route("/cases/<reference>/contacts")
@allowed("contact.read")
@resource.response(200, Contacts)
def list_contacts(reference: str) -> dict[str, Any]:
    """Every contact on the case"""
    with the_portal().work(principal()) as work:
        return {"items": views.of_case(work, entry.find(work, reference), language=language())}


@resource.route("/cases/<reference>/contacts", methods=["POST"])
@allowed("contact.keep", headers=("Idempotency-Key",))
@resource.arguments(Keep)
@resource.answer(201, Judged)
def keep_contact(body: dict[str, Any], reference: str) -> Response:
    """Write down that somebody called, came by, or was called"""
    return _act(reference, "contact.keep", 201, body["reason"], lambda work, case_id: contacts.keep(work, case_id, **body))


@resource.route("/cases/<reference>/contacts/<int:number>/reason", methods=["POST"])
@allowed("contact.keep", headers=("Idempotency-Key",))
@resource.arguments(Judge)
@resource.answer(200, Judged)
def judge_contact(body: dict[str, Any], reference: str, number: int) -> Response:
    """Put right why somebody turned to us"""
    return _act(reference, "contact.judge", 200, body["reason"], lambda work, case_id: views.judge(work, case_id, number=number, **body))


def _act(reference: str, action: str, status: int, reason: str, act: Callable[[Work, UUID], None]) -> Response:
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        case_id = entry.find(work, reference)
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([case_id])
        grants.demand_open(work, case_id, who.subject)
        act(work, case_id)
        work.settle()
        given = answer(status, {"reason": reason, "demand": REASONS[reason].demand})
        work.keep(given)
    return respond(given)
