"""`/cases/{reference}/seal`: a case that is there for named people alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.access import grants
from portal.access.seals import GROUNDS
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema, words
from portal.api.spec import Resource
from portal.unit_of_work import Work
from portal.views import entry
from portal.views import seals as views

resource = Resource("seals", __name__, description="Cases sealed to named people: for everybody else of the staff they are not there.")

_ONCE = ("Idempotency-Key",)


class SealNamed(Schema):
    """Somebody of the staff, as the sign-in names them: `issuer|sub`. At the address they are told what concerns the case; one of them needs one."""

    subject = fields.String(required=True, validate=validate.Regexp(r"[\x21-\x7e]{1,500}\Z", error="Write it as issuer|sub."))
    email = fields.Email(validate=validate.Length(max=254))


PEOPLE = fields.List(fields.Nested(SealNamed), required=True, validate=validate.Length(1, 50))


class Seal(Schema):
    """Why, and for whom the case is there from now on. The words stay with those it names; no event carries them."""

    ground = fields.String(required=True, validate=validate.OneOf(GROUNDS))
    words = fields.String(required=True, validate=words(10_000))
    named = PEOPLE


class SealNames(Schema):
    """Whom the seal names from now on: all of them."""

    named = PEOPLE


class Unseal(Schema):
    """Why it need not be sealed any more."""

    words = fields.String(required=True, validate=words(10_000))


class SealShown(Schema):
    """Whether the case is sealed, and to whom."""

    sealed = fields.Boolean(required=True)
    ground = fields.String(required=True, allow_none=True, metadata={"enum": [*GROUNDS, None]})
    since = fields.DateTime(required=True, allow_none=True)
    named = fields.List(fields.String(), required=True)
    words = fields.String(required=True, allow_none=True)


@resource.route("/cases/<reference>/seal")
@allowed("case.seal")
@resource.response(200, SealShown)
def show_seal(reference: str) -> Any:
    """Whether a case is sealed, and to whom"""
    with the_portal().work(principal()) as work:
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        return views.shown(work, case_id)


def _act(reference: str, action: str, act: Callable[[Work, UUID], dict[str, Any]]) -> Response:
    """Who seals a case to others may be told so once more; everything else asks first whether the case is there."""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        grants.demand_open(work, case_id, who.subject)
        given = answer(200, SealShown().dump(act(work, case_id)))
        work.settle()
        work.keep(given)
    return respond(given)


@resource.route("/cases/<reference>/seal", methods=["POST"])
@allowed("case.seal", headers=_ONCE)
@resource.arguments(Seal)
@resource.response(200, SealShown)
def seal(body: dict[str, Any], reference: str) -> Response:
    """Seal a case: from now on it is there for the people named, and for nobody else of the staff"""
    return _act(reference, "case.seal", lambda work, case_id: views.seal(work, case_id, **body))


@resource.route("/cases/<reference>/seal/names", methods=["POST"])
@allowed("case.seal", headers=_ONCE)
@resource.arguments(SealNames)
@resource.response(200, SealShown)
def rename(body: dict[str, Any], reference: str) -> Response:
    """Change whom a seal names"""
    return _act(reference, "case.seal.names", lambda work, case_id: views.name(work, case_id, body["named"]))


@resource.route("/cases/<reference>/seal/end", methods=["POST"])
@allowed("case.seal", headers=_ONCE)
@resource.arguments(Unseal)
@resource.response(200, SealShown)
def unseal(body: dict[str, Any], reference: str) -> Response:
    """Open a sealed case again; one of those it names does that"""
    return _act(reference, "case.seal.end", lambda work, case_id: views.unseal(work, case_id, body["words"]))
