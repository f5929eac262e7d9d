"""What the portal offers, from its own OpenAPI document and routes; and the little that has to be said of an operation by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask

from tests.contracts.issuer import ISSUER

#: Start of an address and name of its parameter -> kind of object it leads to. The longest start wins.
KINDS: dict[tuple[str, str], str] = {
    ("/api/v1/cases/{reference}/decisions/{id}", "reference"): "letter",
    ("/api/v1/cases/{reference}/decisions/{id}", "id"): "decision",
    ("/api/v1/cases/{reference}/mandates/{id}", "id"): "mandate",
    ("/api/v1/cases/{reference}/consents/{id}", "id"): "consent",
    ("/api/v1/tasks/{id}", "id"): "task",
    ("/api/v1/decisions/{id}", "id"): "decision",
    ("/api/v1/fees/{id}", "id"): "fee",
    ("/api/v1/deliveries/{id}", "id"): "delivery",
    ("/api/v1/referrals/{id}", "id"): "referral",
    ("/api/v1/prints/{id}", "id"): "print",
    ("/api/v1/prints/batches/{batch}", "batch"): "batch",
    ("/desk/post/{id}", "id"): "print",
    ("/desk/post/batches/{batch}", "batch"): "batch",
    ("/desk/tasks/{id}", "id"): "task",
    ("/desk/fees/{id}", "id"): "fee",
    ("/desk/referrals/{id}", "id"): "referral",
    ("/api/v1/cases/{reference}/documents/{id}", "id"): "document",
    ("/cases/{reference}/decisions/{id}", "reference"): "letter",
    ("/cases/{reference}/decisions/{id}", "id"): "decision",
    ("/cases/{reference}/mandates/{id}", "id"): "mandate",
    ("/cases/{reference}/documents/{id}", "id"): "document",
    ("/cases/{reference}/consents/{id}", "id"): "consent",
    ("/admin/deliveries/{id}", "id"): "delivery",
    ("/champion/referrals/{id}", "id"): "referral",
    # Wherever an address names a reference, it is that of a case.
    ("/", "reference"): "case",
}
#: Parameters that lead to no object of a case: a text that is good enough to be refused, or found.
PLAIN: dict[str, str] = {
    "service": "housing-benefit",
    "agency": "social-services",
    "calendar": "office",
    "part": "duty",
    "key": "00000000000000000000",
    "journey": "housing-benefit",
    "id": "00000000-0000-7000-8000-000000000000",
    "subject": "nobody",
    "session": "00000000-0000-7000-8000-000000000000",
    "account": "card-payments",
    "slug": "not-found",
    "filename": "nothing.css",
    "provider": "nobody",
    "draft": "00000000-0000-7000-8000-000000000000",
    "step": "none",
    "format": "json",
    "code": "pothole",
    "token": "none",
    "number": "1",
    "batch": "00000000-0000-7000-8000-000000000000",
    "row": "00000000-0000-7000-8000-000000000000",
    "request": "00000000-0000-7000-8000-000000000000",
    "verb": "decline",
    "service_id": "pothole",
}
#: Parameters that name no object wherever they stand.
WORDS = ("number", "verb", "calendar", "format")
#: Addresses whose parameter of that name is looked at by role alone, or is somebody's own by construction.
BY_ROLE = (
    "/api/v1/admin/", "/api/v1/moves/", "/api/v1/views/", "/api/v1/sessions/", "/api/v1/indicators/", "/api/v1/fee-proposals/", "/api/v1/cash-days/",
    "/api/v1/colleagues/", "/desk/proposals/", "/desk/cash/", "/account/", "/docs/", "/assets/", "/open311/", "/channels/", "/request/", "/api/v1/drafts/",
    "/kept/", "/desk/entry/", "/sign-in/",
    "/performance/", "/services/", "/api/v1/services/", "/api/v1/mails/", "/api/v1/requests/", "/api/v1/agencies/", "/api/v1/payments/", "/api/v1/journeys/",
    "/admin/journeys/", "/admin/", "/reach/", "/api/v1/looks/", "/desk/looks/", "/desk/views/",
)  # fmt: skip
#: Operations whose body cannot be made from its schema alone.
BODIES: dict[str, Any] = {
    "POST /api/v1/cases/{reference}/mandates": {"scope": "read", "until": "2027-06-01T00:00:00Z"},
    "POST /api/v1/cases/{reference}/seal": {"ground": "other", "words": "x", "named": [{"subject": f"{ISSUER}|named", "email": "a@example.org"}]},
    "POST /api/v1/cases/{reference}/seal/names": {"named": [{"subject": f"{ISSUER}|named", "email": "a@example.org"}]},
    "PUT /api/v1/cases/{reference}/reach": {"channels": []},
    "PUT /api/v1/reach": {"channels": []},
    "POST /api/v1/cases": {"text": "A lamp is broken"},
    "POST /api/v1/tasks/{id}/ask": {"words": "Which?"},
}
#: Of these one who may do them hears that there is nothing of the kind there, or that it is somebody else's to do.
LOOSE = re.compile(
    r"/stray$|/content$|/replies$|/attach$|/dismiss$|/tasks/\{id\}/undo$|/decisions/\{id\}/service$|/letter$|/seal/end$|/seal/names$|/referrals/"
)


@dataclass(frozen=True)
class Operation:
    """One method of one address. `page`: it is for people, who come with a session."""

    method: str
    path: str
    action: str
    subjects: frozenset[str]
    body: Any
    page: bool

    @property
    def name(self) -> str:
        """As the tables above call it."""
        return f"{self.method} {self.path}"

    @property
    def kinds(self) -> dict[str, str]:
        """Parameter -> kind of object it leads to; LookupError that says what to write where nobody has said it."""
        found = {}
        for parameter in re.findall(r"\{(\w+)\}", self.path):
            starts = [start for start, name in KINDS if name == parameter and self.path.startswith(start)]
            if starts:
                found[parameter] = KINDS[max(starts, key=len), parameter]
            elif parameter not in WORDS and not (self.path.startswith(BY_ROLE) and parameter in PLAIN):
                raise LookupError(
                    f"{self.name}: write in tests/matrix/operations.py which kind of object `{parameter}` leads to (KINDS; its objects are made in "
                    f"tests/matrix/world.py), or, where it is looked at by role alone, the start of its address in BY_ROLE and a text in PLAIN"
                )
        return found


def operations(app: Flask, described: dict[str, Any]) -> list[Operation]:
    """All of them: those of the OpenAPI document, then the pages."""
    return [*_api(described), *_pages(app)]


def _api(described: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in sorted(described["paths"].items()):
        for method, said in sorted(methods.items()):
            if method == "parameters":
                continue
            name, authz = f"{method.upper()} {path}", said["x-authz"]
            schema = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            body = BODIES.get(name, sample(schema, described) if schema else None)
            yield Operation(method.upper(), path, authz["action"], frozenset(authz["subjects"]), body, page=False)


def _pages(app: Flask) -> Iterator[Operation]:
    from portal.access.permissions import PERMISSIONS

    for rule in sorted(app.url_map.iter_rules(), key=str):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule))
        action = getattr(app.view_functions[rule.endpoint], "action", None)
        if path.startswith(("/api/", "/health/", "/metrics")) or action is None:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Operation(method, path, action, frozenset(PERMISSIONS[action].subjects), None, page=True)


def sample(schema: dict[str, Any], described: dict[str, Any]) -> Any:
    """A small value of a JSON schema, what is required and no more."""
    if "$ref" in schema:
        return sample(described["components"]["schemas"][schema["$ref"].rpartition("/")[2]], described)
    kind = schema.get("type", "object")
    kind = next(one for one in kind if one != "null") if isinstance(kind, list) else kind
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict) and "properties" not in schema:
        return {"x": sample(schema["additionalProperties"], described)} if schema.get("minLength") else {}
    if kind == "object":
        return {name: sample(schema["properties"][name], described) for name in schema.get("required", ())}
    if kind == "array":
        return [sample(schema["items"], described) for _ in range(schema.get("minItems", 0))]
    if kind == "string":
        known = {"uuid": str(UUID(int=7)), "date": "2027-01-05", "date-time": "2027-01-05T09:00:00Z", "email": "a@example.org"}
        return known.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
    return {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": False}[kind]
