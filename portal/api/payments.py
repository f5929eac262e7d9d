"""`/cases/{reference}/payments`: paying a fee by card, on the provider's own page."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.dispatch import card
from portal.views import entry

resource = Resource("payments", __name__, description="Paying by card. No card data comes near the portal.")


class ByCard(Schema):
    """Which fee; absent: the one that is due."""

    fee = fields.UUID()


class PageShown(Schema):
    """Where to pay."""

    payment = fields.UUID(required=True)
    pay_at = fields.String(required=True, metadata={"format": "uri", "description": "The provider's page."})
    amount = fields.Integer(required=True)
    currency = fields.String(required=True)
    status = fields.String(required=True)


@resource.route("/cases/<reference>/payments", methods=["POST"])
@allowed("fee.pay")
@resource.arguments(ByCard)
@resource.response(201, PageShown)
def pay(body: dict[str, Any], reference: str) -> Any:
    """Pay a fee by card; while a payment is open, asking again gives the same one"""
    portal, who = the_portal(), principal()
    with portal.work(who) as work:
        case_id = entry.find(work, reference)
    row = card.open_page(portal, who, case_id, body.get("fee"))
    return {"payment": row["id"], **{name: row[name] for name in ("pay_at", "amount", "currency", "status")}}
