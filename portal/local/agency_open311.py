"""A simulated GeoReport v2 server: takes forms, answers with a number or a token, in JSON or XML, and tells statuses; it knows no repeat."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from portal.local.agency_ledger import Ledger

Rows = Sequence[dict[str, Any]]
#: What each fate is called here.
STATUSES = {"accepted": "open", "refused": "no_further_action", "done": "closed"}
#: Services whose requests are answered with a token first.
TOKENS = "slow"


def answer(ledger: Ledger, method: str, path: str, body: bytes, behaviour: str, fate: Callable[[str], str]) -> tuple[int, bytes, str]:
    """Status, body and content type for one request below /open311/AGENCY."""
    parts = urlsplit(path)
    agency, _, rest = parts.path.removeprefix("/open311/").partition("/")
    resource, _, kind = rest.rpartition(".")
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if method == "POST" and resource == "requests":
        return _taken(ledger, agency, {name: values[0] for name, values in parse_qs(body.decode()).items()}, behaviour, kind)
    if resource.startswith("tokens/"):
        found = ledger.known(agency, resource.removeprefix("tokens/"))
        return _told("service_requests", "request", [{"service_request_id": found["remote_id"], "token": found["key"]}] if found else [], kind)
    if resource == "servicerequestupdates":
        rows = [row for row in ledger.effects() if row["agency"] == agency]
        updates = [{"update_id": str(number), **_status(row, fate)} for number, row in enumerate(rows)]
        return _told("service_request_updates", "request_update", updates, kind)
    rows = ledger.numbered(agency, query.get("service_request_id", "").split(",")[:100])
    return _told("service_requests", "request", [_status(row, fate) for row in rows], kind)


def _taken(ledger: Ledger, agency: str, form: dict[str, str], behaviour: str, kind: str) -> tuple[int, bytes, str]:
    if not form.get("service_code") or not form.get("api_key"):
        errors = [{"code": "400" if form.get("api_key") else "403", "description": "service_code and api_key are required"}]
        return (int(errors[0]["code"]), *_told("errors", "error", errors, kind)[1:])
    # The protocol knows no key: every post is a request of its own.
    key = uuid4().hex
    remote_id, _ = ledger.take(agency, key, form["service_code"], behaviour)
    name = {"token": key} if form["service_code"].startswith(TOKENS) else {"service_request_id": remote_id}
    return _told("service_requests", "request", [{**name, "service_notice": "", "account_id": ""}], kind)


def _status(row: dict[str, Any], fate: Callable[[str], str]) -> dict[str, str]:
    now = datetime.now(UTC).isoformat()
    return {"service_request_id": row["remote_id"], "status": STATUSES[fate(row["behaviour"])], "updated_datetime": now}


def _told(root: str, item: str, rows: Rows, kind: str) -> tuple[int, bytes, str]:
    if kind == "json":
        return 200, json.dumps(rows).encode(), "application/json"
    inside = "".join(f"<{item}>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in row.items()) + f"</{item}>" for row in rows)
    return 200, f'<?xml version="1.0" encoding="utf-8"?><{root}>{inside}</{root}>'.encode(), "text/xml"
