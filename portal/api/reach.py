"""`/cases/{reference}/reach`, `/reach`: how somebody wants to be reached, and what became of what was sent to them."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields, validate

from portal.access import grants
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.intake import reaching
from portal.parties import ways
from portal.unit_of_work import Work
from portal.views import entry, notices
from portal.views import reach as views

resource = Resource("reach", __name__, description="How people want to be reached, what they need, and what became of each notice.")

_WRITES = ("Idempotency-Key",)
_NAME = validate.Regexp(r"[a-z][a-z0-9-]{0,29}\Z")


class ReachContact(Schema):
    """Addresses; empty text takes one away, one that is not named stays."""

    email = fields.String(validate=validate.Length(max=254))
    phone = fields.String(validate=validate.Length(max=50))
    address = fields.String(validate=validate.Length(max=500))


class Reach(Schema):
    """How somebody wants to be reached."""

    channels = fields.List(
        fields.String(validate=_NAME),
        required=True,
        validate=validate.Length(max=10),
        metadata={"description": "Channels, the first choice first; none: one looks one's requests up. What the law demands then comes by post."},
    )
    needs = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 40)),
        values=fields.String(allow_none=True, validate=validate.Length(max=40)),
        load_default=dict,
        validate=validate.Length(max=20),
        metadata={"description": f"Any of {', '.join(ways.NEEDS)}; `interpreter` with the code of its language."},
    )
    contact = fields.Nested(ReachContact, load_default=dict)
    again = fields.List(
        fields.String(validate=_NAME),
        load_default=list,
        validate=validate.Length(max=10),
        metadata={"description": "Channels that failed, or were stopped, whose address is good after all."},
    )


class ReachWay(Schema):
    """A channel somebody may choose."""

    channel = fields.String(required=True)
    reaches = fields.String(required=True, metadata={"description": "What of a contact it goes to."})
    quiet = fields.List(fields.String(), required=True, allow_none=True, metadata={"description": "Local times between which nothing leaves by it."})


class ReachLost(Schema):
    """A channel nothing more is sent by."""

    channel = fields.String(required=True)
    why = fields.String(required=True, metadata={"enum": ["failed", "stopped"]})


class ReachAddresses(Schema):
    """How a party is addressed."""

    email = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)


class ReachShown(Schema):
    """How somebody wants to be reached."""

    channels = fields.List(fields.String(), required=True)
    told_by = fields.String(required=True, allow_none=True, metadata={"description": "By which notices leave now."})
    needs = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True), required=True)
    contact = fields.Nested(ReachAddresses, required=True)
    lost = fields.List(fields.Nested(ReachLost), required=True)
    may = fields.List(fields.Nested(ReachWay), required=True)
    language = fields.String(required=True, allow_none=True)


class OwnReach(ReachShown):
    """The same for all requests of who signed in; the version is raised by every change."""

    version = fields.Integer(required=True)
    cases = fields.Integer(metadata={"description": "On how many requests it was taken just now."})


class NoticeShown(Schema):
    """What became of one notice."""

    id = fields.String(required=True)
    template = fields.String(required=True)
    channel = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, metadata={"enum": ["waiting", "sent", "delivered", "failed", "joined"]})
    promised_at = fields.DateTime(required=True)
    sent_at = fields.DateTime(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    attempts = fields.Integer(required=True)
    why = fields.String(required=True, allow_none=True, metadata={"description": "Code of what went wrong."})
    instead_of = fields.String(required=True, allow_none=True, metadata={"description": "The notice that did not arrive."})


class Notices(Schema):
    """Notices of a case, the newest first."""

    items = fields.List(fields.Nested(NoticeShown), required=True)


@resource.route("/cases/<reference>/reach")
@allowed("reach.read")
@resource.response(200, ReachShown)
def of_case(reference: str) -> Any:
    """How the party wants to be reached"""
    with the_portal().work(principal()) as work:
        return views.of_case(work, entry.find(work, reference))


@resource.route("/cases/<reference>/reach", methods=["PUT"])
@allowed("reach.change", headers=_WRITES)
@resource.arguments(Reach)
@resource.response(200, ReachShown)
def change(body: dict[str, Any], reference: str) -> Response:
    """Say how you want to be reached; as staff: how the party told you to. What was chosen before is replaced"""
    who, said = principal(), reaching.wish(body["channels"], body["needs"], body["contact"], body["again"])
    with the_portal().work(who, repeatable=repeatable(who, "reach.change")) as work:
        case_id = entry.find(work, reference)
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([case_id])
        if who.scope == "staff":
            grants.demand_open(work, case_id, who.subject)
        party = reaching.party_of(work, case_id)
        reaching.choose(work, party, said, by="staff" if who.scope == "staff" else "party")
        work.settle()
        reach = ways.of(work, case_id, party["party_id"])
        told = views.shown(reach, reaching.contact_now(work, party), party["language"], party["channel"])
        given = answer(200, ReachShown().dump(told))
        work.keep(given)
    return respond(given)


@resource.route("/cases/<reference>/notices")
@allowed("reach.read")
@resource.response(200, Notices)
def list_notices(reference: str) -> Any:
    """What became of each notice"""
    with the_portal().work(principal()) as work:
        return {"items": notices.of_case(work, entry.find(work, reference))}


@resource.route("/reach")
@allowed("reach.own")
@resource.response(200, OwnReach)
def own() -> Any:
    """How you want to be reached, on all your requests"""
    with the_portal().work(principal()) as work:
        return _own(work)


@resource.route("/reach", methods=["PUT"])
@allowed("reach.own", headers=_WRITES)
@resource.arguments(Reach)
@resource.response(200, OwnReach)
def change_own(body: dict[str, Any]) -> Response:
    """Say it once for all your requests, those to come too"""
    who, said = principal(), reaching.wish(body["channels"], body["needs"], body["contact"], body["again"])
    with the_portal().work(who, repeatable=repeatable(who, "reach.own")) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        taken = reaching.for_all(work, said, version=None)
        work.settle()
        given = answer(200, OwnReach().dump(_own(work) | {"cases": taken}))
        work.keep(given)
    return respond(given)


def _own(work: Work) -> dict[str, Any]:
    found, version = views.of_person(work)
    return found | {"version": version}
