"""`/services/{service}/eligibility`: who may ask and what it costs, before anything is asked for."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import the_portal
from portal.api.schemas import LANGUAGE, Schema
from portal.api.services import say
from portal.api.spec import Resource
from portal.catalogue.pricing import Price
from portal.clock import local_date, utc_now
from portal.errors import NotFound
from portal.intake import foretold

resource = Resource("eligibility", __name__, description="What can be told before anything is asked for.")

CHANNELS = ("web", "counter", "phone", "post", "email", "sms", "open311")


class Supposed(Schema):
    """Answers as they would be sent; those not known yet may be left out. Nothing of them is kept."""

    answers = fields.Dict(keys=fields.String(validate=validate.Length(1, 100)), load_default=dict, validate=validate.Length(max=200))
    channel = fields.String(validate=validate.OneOf(CHANNELS), load_default="web")
    area = fields.String(validate=validate.Regexp(r"[a-z0-9][a-z0-9-]{0,59}\Z"))
    language = fields.String(validate=LANGUAGE)


class WouldCost(Schema):
    """The fee as it would be due, in minor units of the currency (ISO 4217)."""

    amount = fields.Integer(required=True)
    currency = fields.String(required=True)
    says = fields.String(required=True, allow_none=True)
    law = fields.String(required=True, allow_none=True)


class Foretold(Schema):
    """What the service's own tables tell. Null: they cannot yet, or say nothing about it. Whoever is not eligible may still ask and is heard."""

    eligible = fields.Boolean(required=True, allow_none=True)
    says = fields.String(required=True, allow_none=True)
    law = fields.String(required=True, allow_none=True)
    fee = fields.Nested(WouldCost, required=True, allow_none=True)
    missing = fields.List(fields.String(), required=True, metadata={"description": "Required questions still open."})


@resource.route("/services/<service>/eligibility", methods=["POST"])
@allowed("catalogue.read")
@resource.arguments(Supposed)
@resource.response(200, Foretold)
def tell(body: dict[str, Any], service: str) -> Any:
    """Whether these answers let somebody ask, and what it would cost; nothing is kept"""
    portal = the_portal()
    found = portal.catalogue.services.get(service)
    if found is None or found.triage:
        raise NotFound("There is no service of that name. GET /api/v1/services lists them.")
    language = body.get("language") or portal.settings.default_language
    zone = portal.catalogue.agencies[found.agency].calendars[0].zone
    facts = {"channel": body["channel"], "area": body.get("area"), "language": language, "today": local_date(utc_now(), zone)}
    told = foretold.foretold(found, body["answers"], facts)
    return {
        "eligible": told.eligible,
        "says": told.says and say(told.says, language),
        "law": told.law,
        "fee": _cost(told.price, language),
        "missing": told.missing,
    }


def _cost(price: Price | None, language: str) -> dict[str, Any] | None:
    if price is None:
        return None
    found = price.found
    return {
        "amount": price.amount,
        "currency": price.currency,
        "says": say(found.says, language) if found and found.says else None,
        "law": found.law if found else None,
    }
