"""`/referrals`: what is offered between doors, and its answers. A referral's ETag is its own version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.access import grants
from portal.access.scoping import visible
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.paging import Page, after, instant, page
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema, words
from portal.api.spec import Resource
from portal.api.versions import etag, if_match
from portal.errors import NotAllowed
from portal.referrals import offers
from portal.unit_of_work import Row, Work
from portal.views import referrals as views
from portal.workflow import referring

resource = Resource("referrals", __name__, description="Handing over between doors: offered, accepted, declined, lapsed; until then it is owned where it is.")

_WRITES = ("Idempotency-Key", "If-Match")
STATUSES = ("offered", "disputed", "accepted", "declined", "lapsed", "ended")


class Which(Page):
    """Query of the list."""

    box = fields.String(validate=validate.OneOf(["in", "out"]), load_default=None, metadata={"description": "`in`: offered to my agency; `out`: by it."})
    status = fields.String(validate=validate.OneOf(STATUSES), load_default=None)


class ReferralShown(Schema):
    """A referral."""

    id = fields.UUID(required=True)
    reference = fields.String(required=True)
    scope = fields.String(required=True, metadata={"enum": ["case", "step"]})
    status = fields.String(required=True, metadata={"enum": list(STATUSES)})
    from_agency = fields.String(required=True)
    from_service = fields.String(required=True, allow_none=True)
    to_agency = fields.String(required=True)
    to_service = fields.String(required=True, allow_none=True, metadata={"description": "None: who accepts says which."})
    number = fields.Integer(required=True, metadata={"description": "Which of the case's referrals it is, from 1."})
    at_once = fields.Boolean(required=True, metadata={"description": "Nobody was asked: the other door takes these at once."})
    offered_at = fields.DateTime(required=True)
    answer_by = fields.DateTime(required=True, allow_none=True, metadata={"description": "Then it lapses, and stays where it is."})
    answered_at = fields.DateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class OfferedRequest(Schema):
    """What the request says, for the door that is to answer: enough to know whose it is."""

    service = fields.String(required=True, allow_none=True)
    received_at = fields.DateTime(required=True)
    language = fields.String(required=True)
    text = fields.String(required=True, allow_none=True)
    answers = fields.Dict(keys=fields.String(), required=True)
    location = fields.Dict(keys=fields.String(), required=True)


class ReferralTold(ReferralShown):
    """A referral with its reason, as far as the reader may know it."""

    words = fields.String(required=True, allow_none=True)
    evidence = fields.List(fields.String(), required=True)
    answer = fields.String(required=True, allow_none=True, metadata={"description": "Why it was declined, or how a champion reasoned."})
    request = fields.Nested(OfferedRequest, required=True, allow_none=True)


class Referrals(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(ReferralShown), required=True)
    next = fields.String(required=True, allow_none=True)


class Acceptance(Schema):
    """Into which of one's services, where the offer names none."""

    service = fields.String(validate=validate.Length(1, 100))


class Reason(Schema):
    """Why not here."""

    words = fields.String(required=True, validate=words(10_000))


class Settlement(Schema):
    """Which service takes it, and why; without one it stays where it is."""

    words = fields.String(required=True, validate=words(10_000))
    service = fields.String(validate=validate.Length(1, 100))


@resource.route("/referrals")
@allowed("referral.list")
@resource.arguments(Which, location="query")
@resource.response(200, Referrals)
def list_referrals(query: dict[str, Any]) -> Any:
    """What is offered between doors, oldest first: of my agency, for champions of all"""
    key, who = after(query["after"], instant, UUID), principal()
    statuses = (query["status"],) if query["status"] else ()
    with the_portal().work(who) as work:
        wanted = offers.listed(agencies=who.agencies, box=query["box"], statuses=statuses, after=key and (key[0], key[1]), limit=query["limit"] + 1)
        found = [{**views.shown(row), "offered_at": row["offered_at"]} for row in work.run(visible(work, wanted))]
    return page(found, query["limit"], lambda row: (row["offered_at"], row["id"]))


@resource.route("/referrals/<uuid:id>")
@allowed("referral.list")
@resource.response(200, ReferralTold)
def show_referral(id: UUID) -> Any:
    """One referral with its reason; what the request says, for the door that is to answer"""
    with the_portal().work(principal()) as work:
        row = views.seen(work, id)
        return views.detail(work, row), {"ETag": etag(row["version"])}


@resource.route("/referrals/<uuid:id>/accept", methods=["POST"])
@allowed("referral.answer", headers=_WRITES)
@resource.arguments(Acceptance)
@resource.response(200, ReferralShown)
def accept(body: dict[str, Any], id: UUID) -> Response:
    """Take it: clocks, answers and documents come along, and the party is asked nothing again"""
    return _act(id, "referral.accept", "to_agency", lambda work, row: referring.accept(work, row, version=if_match(), **body))


@resource.route("/referrals/<uuid:id>/decline", methods=["POST"])
@allowed("referral.answer", headers=_WRITES)
@resource.arguments(Reason)
@resource.response(200, ReferralShown)
def decline(body: dict[str, Any], id: UUID) -> Response:
    """Say why it is not here; it stays where it is"""
    return _act(id, "referral.decline", "to_agency", lambda work, row: referring.decline(work, row, version=if_match(), **body))


@resource.route("/referrals/<uuid:id>/recall", methods=["POST"])
@allowed("referral.answer", headers=_WRITES)
@resource.response(200, ReferralShown)
def recall(id: UUID) -> Response:
    """Take an offer of one's own agency back"""
    return _act(id, "referral.recall", "from_agency", lambda work, row: referring.recall(work, row, version=if_match()))


@resource.route("/referrals/<uuid:id>/settle", methods=["POST"])
@allowed("referral.settle", headers=_WRITES)
@resource.arguments(Settlement)
@resource.response(200, ReferralShown)
def settle(body: dict[str, Any], id: UUID) -> Response:
    """End a dispute: the service named takes it; without one it stays where it is"""
    return _act(id, "referral.settle", None, lambda work, row: referring.settle(work, row, version=if_match(), **body))


def _act(id: UUID, action: str, side: str | None, act: Callable[[Work, Row], None]) -> Response:
    """One answer, by the `side` whose it is: read as who asks, then written with the case's head locked."""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        seen = views.seen(work, id)
        if work.answer:
            return respond(work.answer, replayed=True)
        if side is not None and seen[side] not in who.agencies:
            raise NotAllowed("That is for the other door to say.")
        work.narrow([seen["case_id"]])
        grants.demand_open(work, seen["case_id"], who.subject)
        row = offers.find(work, seen["case_id"], id)
        act(work, row)
        work.settle()
        given = answer(200, views.shown(row))
        work.keep(given)
    return respond(given, headers={"ETag": etag(row["version"])})
