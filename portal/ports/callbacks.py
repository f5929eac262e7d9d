"""Agencies report back: signed messages (Standard Webhooks 1.0.0), each taken once for ever."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Blueprint, Response, request

from portal.access.permissions import PERMISSIONS, demand
from portal.errors import Invalid, NotSignedIn, TooLarge
from portal.intake import reports
from portal.intake.reports import Report
from portal.unit_of_work import Portal, Principal
from portal.wire.signatures import BadSignature, secrets_of, verify

#: Bytes of one message.
LARGEST = 64 * 1024
ACTION = "agency.report"
#: Members of a message, and what each may hold: names and codes only, so that no free words come in this way.
MEMBERS = {
    "reference": re.compile(r"[A-Za-z0-9-]{1,64}"),
    "status": re.compile("accepted|done|refused"),
    "remote_id": re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}"),
    "outcome": re.compile(r"[a-z0-9][a-z0-9-]{0,63}"),
    "event": re.compile(r"[a-z0-9][a-z0-9-]{0,62}"),
}
REQUIRED = ("reference", "status")


#: The operation as OpenAPI 3.1 tells it; the JSON door's description takes it in.
PATH = "/api/v1/agencies/{agency}/callbacks"
OPERATION: dict[str, Any] = {
    "summary": "An agency reports on a handover",
    "description": "Signed as Standard Webhooks 1.0.0 says, with the agency's secret. The same webhook-id again is taken and changes nothing.",
    "tags": ["agencies"],
    "x-authz": {"action": ACTION, "subjects": PERMISSIONS[ACTION].subjects},
    "security": [{"standardWebhooks": []}],
    "parameters": [
        {"name": "agency", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "webhook-id", "in": "header", "required": True, "schema": {"type": "string"}},
        {"name": "webhook-timestamp", "in": "header", "required": True, "schema": {"type": "string"}},
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": list(REQUIRED),
                    "additionalProperties": False,
                    "properties": {name: {"type": "string", "pattern": f"^({pattern.pattern})$"} for name, pattern in MEMBERS.items()},
                }
            }
        },
    },
    "responses": {"202": {"description": "Taken, now or before."}, "default": {"$ref": "#/components/responses/DEFAULT_ERROR"}},
}


class NotSigned(NotSignedIn):
    """The message is not signed with a secret of this agency, or not within five minutes. Sign it as Standard Webhooks 1.0.0 says, and set your clock."""

    slug = "not-signed"


def callbacks(portal: Portal) -> Blueprint:
    """`POST /api/v1/agencies/{agency}/callbacks`: 202 for a message that was taken now or before, whatever it was about."""
    blueprint = Blueprint("callbacks", __name__, url_prefix="/api/v1")

    def report(agency: str) -> Response:
        """An agency reports `accepted`, `done` or `refused` on a handover. Whether it is known here is not said: another agency's is as unknown as none."""
        body = _body()
        message_id = _signed(portal, agency, body)
        demand(Principal("agency", subject=agency, agencies=(agency,)), ACTION)
        reports.take(portal, agency, _read(message_id, body))
        return Response(b'{"taken":true}', 202, {"Cache-Control": "no-store"}, content_type="application/json")

    report.__dict__.update(action=ACTION, body=LARGEST)
    blueprint.add_url_rule("/agencies/<agency>/callbacks", view_func=report, methods=["POST"])
    return blueprint


def _body() -> bytes:
    if request.content_length is None or request.content_length > LARGEST:
        raise TooLarge(f"Send at most {LARGEST} bytes, with their Content-Length.")
    return request.get_data()


def _signed(portal: Portal, agency: str, body: bytes) -> str:
    """The id of the message; NotSigned for a forged one and for an agency that does not exist alike."""
    try:
        return verify(secrets_of(portal.settings.agency_secrets).get(agency, ()), dict(request.headers), body)
    except BadSignature:
        raise NotSigned from None


def _read(message_id: str, body: bytes) -> Report:
    try:
        found = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Invalid("Send one JSON object, each member once.") from None
    if not isinstance(found, dict):
        raise Invalid("Send one JSON object.")
    errors = [{"pointer": f"/{_escaped(name)}", "detail": f"There is no such member; there are {', '.join(MEMBERS)}."} for name in found if name not in MEMBERS]
    for name, pattern in MEMBERS.items():
        value = found.get(name)
        if value is None and name not in REQUIRED:
            continue
        if not isinstance(value, str) or not pattern.fullmatch(value):
            errors.append({"pointer": f"/{name}", "detail": f"Send text of this form: {pattern.pattern}"})
    if errors:
        raise Invalid(errors=errors)
    return Report(message_id, found["reference"], found["status"], found.get("remote_id"), found.get("outcome"), found.get("event"))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name comes twice")
    return dict(pairs)


def _escaped(name: str) -> str:
    """A name as part of a JSON pointer (RFC 6901), printable and short."""
    return "".join(letter for letter in name if letter.isprintable())[:60].replace("~", "~0").replace("/", "~1")
