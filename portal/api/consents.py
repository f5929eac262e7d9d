"""Once only, and consents: what is known already, what one agreed to, and taking that back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, g
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import language, principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.errors import Invalid, NotFound, Refusal
from portal.intake import known as rules
from portal.unit_of_work import ANONYMOUS, Work
from portal.views import consents as views
from portal.views import entry

resource = Resource("consents", __name__, description="Answers given once, used again by consent; consents as objects, listed and taken back.")

_ONCE = ("Idempotency-Key",)


class ReuseAsked(Schema):
    """Answers taken over from one of one's own requests, by field of the new one: naming them is the consent, which becomes an object."""

    reference = fields.String(required=True, validate=validate.Length(1, 50))
    secret = fields.String(validate=validate.Length(1, 100), metadata={"description": "Of that request, where signing in does not prove it."})
    fields_ = fields.List(fields.String(validate=validate.Length(1, 100)), required=True, data_key="fields", validate=validate.Length(1, 200))
    until = fields.AwareDateTime(metadata={"description": "Until when the consent holds, at most two years; 180 days where nothing is said."})


class KnownFor(Schema):
    """Which service it would be for."""

    service = fields.String(required=True, validate=validate.Length(1, 100))


class KnownShown(Schema):
    """An answer given before, as it would be in the new request."""

    field = fields.String(required=True)
    fact = fields.String(required=True)
    value = fields.Raw(required=True)
    reference = fields.String(required=True, metadata={"description": "Where it was said."})
    agency = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    given_at = fields.DateTime(required=True)


class KnownList(Schema):
    """What could be used again, and who would get it. Nothing goes there before `reuse` of `POST /cases` says so."""

    service = fields.String(required=True)
    agency = fields.String(required=True)
    items = fields.List(fields.Nested(KnownShown), required=True)


class ConsentShown(Schema):
    """A consent: what goes from where to where, and until when."""

    id = fields.UUID(required=True)
    kind = fields.String(
        required=True,
        metadata={"enum": ["reuse", "look", "entry"], "description": "`look`: the office may look at one's other requests; `entry`: an official entered it."},
    )
    state = fields.String(required=True, metadata={"enum": ["given", "withdrawn", "lapsed"]})
    reference = fields.String(required=True, allow_none=True, metadata={"description": "The request it is for; null: one you have not proved."})
    from_reference = fields.String(required=True, allow_none=True)
    from_agency = fields.String(required=True, allow_none=True)
    from_service = fields.String(required=True, allow_none=True)
    to_agency = fields.String(required=True)
    to_service = fields.String(required=True, allow_none=True)
    values = fields.Dict(required=True, metadata={"description": "By field; empty where it is about no values, or they were erased."})
    facts = fields.List(fields.String(), required=True)
    given_at = fields.DateTime(required=True)
    until = fields.DateTime(required=True)
    withdrawn_at = fields.DateTime(required=True, allow_none=True)


class Consents(Schema):
    """All of them, the newest first."""

    items = fields.List(fields.Nested(ConsentShown), required=True)


class LetLook(Schema):
    """The office that handles the request may look at one's other requests, where they stand and how they ended, each time for a purpose it states."""

    until = fields.AwareDateTime(metadata={"description": "At most two years; 180 days where nothing is said."})


def reused(given: Sequence[Mapping[str, Any]]) -> list[rules.Reuse]:
    """What a new request takes over, each proved to be the asker's own. Invalid with a pointer where it is not."""
    who, found = principal(), []
    asker = who if who.scope == "party" else ANONYMOUS
    for number, one in enumerate(given):
        try:
            proved = entry.prove(the_portal(), asker, one["reference"], one.get("secret"), sender=g.get("sender", ""))
        except Refusal as refused:
            if refused.status not in (401, 404):
                raise
            proved = None
        if proved is None or proved.mandate is not None:
            detail = "Prove this request: sign in as whose it is, or send its secret. Who stands on it for somebody else cannot take answers from it."
            raise Invalid(errors=[{"pointer": f"/reuse/{number}/reference", "detail": detail}])
        found.append(rules.Reuse(proved.cases[0], tuple(one["fields_"]), one.get("until")))
    return found


@resource.route("/known")
@allowed("case.list-own")
@resource.arguments(KnownFor, location="query")
@resource.response(200, KnownList)
def known(query: dict[str, Any]) -> Any:
    """What you have answered in your requests that a new one would ask again"""
    with the_portal().work(principal()) as work:
        return _known(work, query["service"], rules.mine(work))


@resource.route("/cases/<reference>/known")
@allowed("consent.read")
@resource.arguments(KnownFor, location="query")
@resource.response(200, KnownList)
def known_of_case(query: dict[str, Any], reference: str) -> Any:
    """What you have answered in this request that a new one would ask again"""
    with the_portal().work(principal()) as work:
        return _known(work, query["service"], (entry.find(work, reference),))


def _known(work: Work, name: str, cases: tuple[UUID, ...]) -> dict[str, Any]:
    service = work.catalogue.services.get(name)
    if service is None or service.triage:
        raise NotFound("There is no service of that name. GET /api/v1/services lists them.")
    found = rules.known(work, service, cases, facts={"channel": "web", "area": None, "language": language()})
    told = [
        {"field": name, "fact": one.field.fact, **{part: getattr(one, part) for part in ("value", "reference", "agency", "service", "given_at")}}
        for name, one in found.items()
    ]
    return {"service": service.id, "agency": service.agency, "items": told}


@resource.route("/consents")
@allowed("case.list-own")
@resource.response(200, Consents)
def list_own_consents() -> Any:
    """What you agreed to, in all your requests"""
    with the_portal().work(principal()) as work:
        return {"items": views.of_cases(work, rules.mine(work))}


@resource.route("/cases/<reference>/consents")
@allowed("consent.read")
@resource.response(200, Consents)
def list_consents(reference: str) -> Any:
    """What was agreed to for this request, and by which its answers went elsewhere"""
    with the_portal().work(principal()) as work:
        case_id = entry.find(work, reference)
        return {"items": views.of_cases(work, (case_id,), beside=rules.mine(work))}


@resource.route("/cases/<reference>/consents", methods=["POST"])
@allowed("consent.give", headers=_ONCE)
@resource.arguments(LetLook)
@resource.response(201, ConsentShown)
def let_look(body: dict[str, Any], reference: str) -> Response:
    """Let the office that handles the request look at your other requests"""
    return _act(reference, "consent.give", lambda work, case_id: views.let_look(work, case_id, wanted=body.get("until")), status=201)


@resource.route("/cases/<reference>/consents/<uuid:id>/withdrawal", methods=["POST"])
@allowed("consent.give", headers=_ONCE)
@resource.response(200, ConsentShown)
def withdraw(reference: str, id: UUID) -> Response:
    """Take a consent back, from now on"""
    return _act(reference, "consent.withdraw", lambda work, case_id: views.withdraw(work, case_id, id), status=200)


def _act(reference: str, action: str, act: Any, *, status: int) -> Response:
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        case_id = entry.find(work, reference)
        if work.answer:
            return respond(work.answer, replayed=True)
        given = answer(status, ConsentShown().dump(act(work, case_id)))
        work.settle()
        work.keep(given)
    return respond(given)
