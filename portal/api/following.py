"""`/services/{service}/similar`, `/requests/{request}/followers`: follow what was asked already instead of asking again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import language, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.cases import reference as references
from portal.errors import NotFound
from portal.intake import following
from portal.unit_of_work import ANONYMOUS
from portal.views import requests

resource = Resource("following", __name__, description="What was asked already, near by and lately: follow it instead. Only what everybody may see is told.")


class Here(Schema):
    """Where it is. WGS 84 degrees."""

    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    long = fields.Float(required=True, validate=validate.Range(-180, 180))


class SimilarShown(Schema):
    """A request that may be the same, as everybody sees it."""

    reference = fields.String(required=True)
    service = fields.String(required=True)
    agency = fields.String(required=True)
    requested_at = fields.DateTime(required=True)
    expected_at = fields.DateTime(required=True, allow_none=True)
    says = fields.String(required=True)
    metres = fields.Float(required=True, allow_none=True, metadata={"description": "None where its place is told roughly only."})


class SimilarOnes(Schema):
    """The nearest first."""

    items = fields.List(fields.Nested(SimilarShown), required=True)
    next = fields.String(required=True, allow_none=True)


class Follower(Schema):
    """Where to tell that it has ended."""

    email = fields.String(required=True, validate=validate.Length(3, 254))
    language = fields.String(validate=validate.Regexp(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", error="Write a language code such as `en`."))


class Followed(Schema):
    """It is followed; `id` ends that again. `wanted`: by how many, who made it included."""

    id = fields.UUID(required=True)
    reference = fields.String(required=True)
    wanted = fields.Integer(required=True)


@resource.route("/services/<service>/similar")
@allowed("catalogue.read")
@resource.arguments(Here, location="query")
@resource.response(200, SimilarOnes)
def list_similar(query: dict[str, Any], service: str) -> Any:
    """Open requests for the same, near by and lately: one may be yours to follow"""
    portal = the_portal()
    if service not in portal.catalogue.services:
        raise NotFound("There is no service of that name. GET /api/v1/services lists them.")
    with portal.work(ANONYMOUS) as work:
        found = following.similar(work, service, lat=query["lat"], long=query["long"])
    names = ("reference", "service", "agency", "requested_at", "expected_at")
    told = [{name: getattr(one.request, name) for name in names} | {"says": requests.said(one.request, language()), "metres": one.metres} for one in found]
    return {"items": told, "next": None}


@resource.route("/requests/<request>/followers", methods=["POST"])
@allowed("case.follow", headers=("Idempotency-Key",), limit="intake")
@resource.arguments(Follower)
@resource.response(201, Followed)
def follow(body: dict[str, Any], request: str) -> Response:
    """Follow it instead of asking again: it is done once, counted as often as it is wanted, and you are told when it ends"""
    known = references.read(request)
    with the_portal().work(ANONYMOUS, repeatable=repeatable(ANONYMOUS, "case.follow")) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        id, wanted = following.follow(work, known, email=body["email"], language=body.get("language") or the_portal().settings.default_language)
        given = answer(201, {"id": id, "reference": known, "wanted": wanted})
        work.keep(given)
    return respond(given)


@resource.route("/requests/<request>/followers/<uuid:id>", methods=["DELETE"])
@allowed("case.follow", limit="intake")
@resource.response(204)
def unfollow(request: str, id: UUID) -> Any:
    """Follow it no more"""
    with the_portal().work(ANONYMOUS) as work:
        following.unfollow(work, references.read(request), id)
    return Response(status=204)
