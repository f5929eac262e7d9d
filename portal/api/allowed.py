"""Every route says which action it is; the guard asks the permission table before the view runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from flask import Flask, g, request

from portal.access.permissions import PERMISSIONS, demand
from portal.access.remembered import Remembered
from portal.api.gate import BODY, check_path, check_query
from portal.api.identity import principal_of, tokens_of
from portal.api.problems import MACHINES
from portal.unit_of_work import Portal

View = TypeVar("View", bound=Callable[..., Any])

#: Headers a route may take, by the name `allowed(headers=...)` uses; described in the specification's components.
HEADERS = ("Idempotency-Key", "If-Match", "If-None-Match")


def allowed(action: str, *, headers: tuple[str, ...] = (), body: int = BODY, limit: str | None = None) -> Callable[[View], View]:
    """Decorates a view with its action; it stands next to `route`, above all others. KeyError for an action the table does not have.

    `headers`: those of HEADERS the view takes. `body`: bytes its body may have. `limit`: class of its
    changes among portal/limits/classes.py, where it is not the usual one of a change.
    """
    permission = PERMISSIONS[action]
    if unknown := set(headers) - set(HEADERS):
        raise KeyError(f"{action}: no such headers: {sorted(unknown)}")

    def mark(view: View) -> View:
        marks: dict[str, Any] = view.__dict__
        marks |= {"action": action, "guarded": True, "body": body, "limit": limit}
        documented = marks.setdefault("_apidoc", {})
        documented["takes_headers"] = headers
        documented.setdefault("manual_doc", {}).update(
            {"x-authz": {"action": action, "subjects": permission.subjects}, "security": _security(permission.subjects)}
        )
        return view

    return mark


def _security(subjects: list[str]) -> list[dict[str, list[str]]]:
    """OpenAPI security requirements: any one of them is enough."""
    if "anyone" in subjects:
        return [{}, {"bearer": []}]
    return [{"bearer": []}, {"caseSecret": []}] if any(one.startswith("party") for one in subjects) else [{"bearer": []}]


def install(app: Flask, portal: Portal) -> None:
    """Puts the guard before every view."""
    tokens = app.extensions["onedoor.tokens"] = tokens_of(portal)
    remembered = app.extensions["onedoor.remembered"] = Remembered(portal)

    @app.before_request
    def guard() -> None:
        check_path(request.path)
        if request.query_string:
            check_query(request.query_string, once=request.path.startswith(MACHINES))
        view = app.view_functions.get(request.endpoint or "")
        if view is None or request.method == "OPTIONS":
            return
        marks = view.__dict__
        request.max_content_length = marks.get("body", BODY)
        if marks.get("guarded"):
            who = principal_of(request, portal, tokens, remembered, (request.view_args or {}).get("reference"))
            demand(who, marks["action"])
            g.principal = replace(who, action=marks["action"])


def demand_actions(app: Flask) -> None:
    """LookupError where a route does not say its action, or names one the table does not have. Static files are documents."""
    for endpoint, view in app.view_functions.items():
        if endpoint == "static" or endpoint.endswith(".static"):
            view.__dict__.setdefault("action", "documents.read")
        action = getattr(view, "action", None)
        if action not in PERMISSIONS:
            rules = ", ".join(str(rule) for rule in app.url_map.iter_rules(endpoint))
            raise LookupError(f"{rules} ({endpoint}): write @allowed(ACTION) on its view, with an action of portal/access/permissions.py; it has {action!r}")
