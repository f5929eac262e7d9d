"""Limits before every view: rates first, then a place in the lane. What decides it asks nothing of the database, so that a flood never holds a connection."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Flask, Response, g, request

from portal.api.identity import from_claims
from portal.api.problems import MACHINES
from portal.api.tokens import Issuers
from portal.errors import Refusal
from portal.limits.addresses import networks, sender
from portal.limits.classes import CLASSES, class_of
from portal.limits.limiter import Limiter, refused
from portal.limits.places import Asker, Busy
from portal.unit_of_work import Portal

#: Scopes with a reserve.
STAFF = ("staff", "champion", "admin", "agency", "relay")
#: Cookies that carry a session, as the sign-in sets them with and without https.
SESSIONS = ("__Host-session", "session")


def install(app: Flask, portal: Portal) -> None:
    """To be called after the log's hooks and before the guard's."""
    limiter, settings = Limiter(portal.settings), portal.settings
    near = networks(settings.proxy_addresses)
    app.extensions["onedoor.limits"] = limiter

    @app.before_request
    def limited() -> None:
        view = app.view_functions.get(request.endpoint or "")
        marks: dict[str, Any] = view.__dict__ if view else {}
        route_class = class_of(marks.get("action"), request.method, marks.get("limit"))
        address = g.sender = sender(request.remote_addr, request.headers.getlist("X-Forwarded-For"), proxies=settings.proxies, near=near)
        session, (scope, subject) = _session(), _bearer(app.extensions["onedoor.tokens"])
        if route_class not in ("callback", "probe") and (scope in STAFF or (not scope and limiter.is_staff(session))):
            route_class = "staff"
        limiter.ask(route_class, address=address, channel=_channel(marks), principal=subject or session)
        _take_place(limiter, route_class, (address, subject or session or request.headers.get("Case-Secret", "")[:64]))

    @app.after_request
    def known(response: Response) -> Response:
        session, principal = _session(), g.get("principal")
        if session and principal is not None and principal.scope in STAFF and response.status_code < 500:
            limiter.note_staff(session)
        return response

    @app.teardown_request
    def left(_: BaseException | None) -> None:
        leave: Callable[[], None] | None = g.pop("leave", None)
        if leave is not None:
            leave()


def _take_place(limiter: Limiter, route_class: str, asker: Asker) -> None:
    lane = CLASSES[route_class].lane
    if lane is None:
        return
    places = limiter.places[lane]
    try:
        places.enter(asker)
    except Busy:
        refused(route_class, "places")
        raise
    g.leave = places.leave


def _channel(marks: dict[str, Any]) -> str:
    named: str | None = marks.get("channel")
    return named or ("api" if request.path.startswith(MACHINES) else "web")


def _session() -> str:
    return next((value for name in SESSIONS if (value := request.cookies.get(name))), "")


def _bearer(tokens: Issuers) -> tuple[str, str]:
    """Scope and subject of a bearer token, empty where there is none or it is not valid: that the guard finds itself."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.isascii():
        with suppress(Refusal):
            # The guard takes it from there: a token is looked at once a request.
            who = g.asking = from_claims(tokens.claims(token.strip()))
            return who.scope, who.subject or ""
    return "", ""
