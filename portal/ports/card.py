"""Providers of card payments report: signed messages (Standard Webhooks 1.0.0), each taken once for ever."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from portal.access.permissions import PERMISSIONS, demand
from portal.errors import Invalid, TooLarge
from portal.intake import card_reports
from portal.plugins import discovery
from portal.plugins.agency import Refusal
from portal.plugins.payment import Callback
from portal.ports.callbacks import NotSigned
from portal.unit_of_work import Portal, Principal
from portal.wire.signatures import BadSignature, secrets_of, verify

LARGEST = 64 * 1024
ACTION = "payment.report"
PATH = "/api/v1/payments/{account}/callbacks"
OPERATION: dict[str, Any] = {
    "summary": "A provider of card payments reports",
    "description": "Signed as Standard Webhooks 1.0.0 says, with the secret of the account. The same webhook-id again is taken and changes nothing.",
    "tags": ["fees"],
    "x-authz": {"action": ACTION, "subjects": PERMISSIONS[ACTION].subjects},
    "security": [{"standardWebhooks": []}],
    "parameters": [
        {"name": "account", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "webhook-id", "in": "header", "required": True, "schema": {"type": "string"}},
        {"name": "webhook-timestamp", "in": "header", "required": True, "schema": {"type": "string"}},
    ],
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object", "description": "As the provider's own module reads it."}}}},
    "responses": {"202": {"description": "Taken, now or before."}, "default": {"$ref": "#/components/responses/DEFAULT_ERROR"}},
}


def callbacks(portal: Portal) -> Blueprint:
    """`POST /api/v1/payments/{account}/callbacks`: 202 for a message that was taken now or before, whatever it was about."""
    blueprint = Blueprint("payment-callbacks", __name__, url_prefix="/api/v1")
    accounts = {agency.card.account: agency.card.provider for agency in portal.catalogue.agencies.values() if agency.card}

    def report(account: str) -> Response:
        """What became of a payment. Whether it is known here is not said."""
        if request.content_length is None or request.content_length > LARGEST:
            raise TooLarge(f"Send at most {LARGEST} bytes, with their Content-Length.")
        body = request.get_data()
        secrets = secrets_of(portal.settings.agency_secrets).get(account, ()) if account in accounts else ()
        try:
            message_id = verify(secrets, dict(request.headers), body)
        except BadSignature:
            raise NotSigned from None
        demand(Principal("agency", subject=account, agencies=(account,)), ACTION)
        headers = {name.lower(): value for name, value in request.headers.items()}
        found = discovery.provider(accounts[account]).verify(Callback(headers, body))
        if isinstance(found, Refusal):
            raise Invalid(f"This message says nothing that can be taken: {found.reason}.")
        card_reports.take(portal, account, message_id, found)
        return Response(b'{"taken":true}', 202, {"Cache-Control": "no-store"}, content_type="application/json")

    report.__dict__.update(action=ACTION, body=LARGEST)
    blueprint.add_url_rule("/payments/<account>/callbacks", view_func=report, methods=["POST"])
    return blueprint
