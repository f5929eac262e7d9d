"""`/cases/{reference}/presence`: a caseworker with the party at the counter or on the telephone, who reads, answers and takes back for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, g
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.cases import CaseShown
from portal.api.party import Answers, Withdrawal, Written
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import LANGUAGE, Schema
from portal.api.spec import Resource
from portal.api.versions import demand_version, etag
from portal.cases import registry
from portal.intake import party, presence
from portal.unit_of_work import Work
from portal.views import presence as views

resource = Resource("presence", __name__, description="On behalf of a party that is there: its status read aloud, answers, taking back.")

_WRITES = ("Idempotency-Key", "If-Match")


class Present(Schema):
    """How the party is there, and how it agreed."""

    channel = fields.String(required=True, validate=validate.OneOf(presence.CHANNELS))
    how = fields.String(
        required=True,
        validate=validate.OneOf(presence.HOW),
        metadata={"description": "They said so, signed, or gave their secret code; with that one it is done at any counter, whoever the case belongs to."},
    )
    secret = fields.String(validate=validate.Length(1, 100), metadata={"description": "With `how` `secret` only."})
    language = fields.String(validate=LANGUAGE, metadata={"description": "In which it is read aloud; absent: the case's own."})


class PresentUntil(Schema):
    """How long that holds for the official who said so."""

    reference = fields.String(required=True)
    until = fields.DateTime(required=True)


class Aloud(CaseShown):
    """Where the request stands, as its party sees it."""

    language = fields.String(required=True, metadata={"description": "In which all `says` are, to be read aloud."})


@resource.route("/cases/<reference>/presence", methods=["POST"])
@allowed("case.speak-for", headers=("Idempotency-Key",), limit="prove")
@resource.arguments(Present)
@resource.answer(201, PresentUntil)
def begin(body: dict[str, Any], reference: str) -> Response:
    """Say that its party is there and agreed"""
    who, portal = principal(), the_portal()
    proved = views.proved(portal, reference, body["how"], body.get("secret"), sender=g.get("sender", ""))
    with portal.work(who, repeatable=repeatable(who, "case.speak-for")) as work:
        case_id = views.find(work, reference, proved)
        if work.answer:
            return respond(work.answer, replayed=True)
        until = presence.begin(work, case_id, channel=body["channel"], how=body["how"], language=body.get("language"))
        work.settle()
        given = answer(201, {"reference": registry.case_of(work, case_id)["reference"], "until": until.isoformat()})
        work.keep(given)
    return respond(given)


@resource.route("/cases/<reference>/presence")
@allowed("case.speak-for")
@resource.response(200, Aloud)
@resource.alt_response(409, "CONFLICT")
def read_aloud(reference: str) -> Any:
    """Where it stands, to be read aloud in the party's language"""
    told = views.told(the_portal(), principal(), reference)
    return told, {"ETag": etag(told["version"])}


@resource.route("/cases/<reference>/presence/answers", methods=["POST"])
@allowed("case.speak-for", headers=_WRITES)
@resource.arguments(Answers)
@resource.response(201, Written)
@resource.alt_response(409, "CONFLICT")
def give_answers(body: dict[str, Any], reference: str) -> Response:
    """Answer for the party what was asked of it"""
    return _act(reference, "case.speak-for.answers", lambda work, case_id: {"missing": party.answer(work, case_id, body["answers"])})


@resource.route("/cases/<reference>/presence/withdrawal", methods=["POST"])
@allowed("case.speak-for", headers=_WRITES)
@resource.arguments(Withdrawal)
@resource.response(201, Written)
@resource.alt_response(409, "CONFLICT")
def withdraw(body: dict[str, Any], reference: str) -> Response:
    """Take the request back for the party, or one part of it"""

    def act(work: Work, case_id: UUID) -> dict[str, Any]:
        party.take_back(work, case_id, body.get("words"), part=body.get("part"))
        return {}

    return _act(reference, "case.speak-for.withdrawal", act)


def _act(reference: str, action: str, act: Callable[[Work, UUID], dict[str, Any]]) -> Response:
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        case_id, _ = views.speak_for(work, reference)
        if work.answer:
            return respond(work.answer, replayed=True)
        demand_version(work.version(case_id))
        told = act(work, case_id)
        work.settle()
        case = registry.case_of(work, case_id)
        given = answer(201, {"reference": case["reference"], "status": case["status"], **told})
        work.keep(given)
    return respond(given)
