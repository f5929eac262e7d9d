"""One line in the log and one count for each answer: pattern of the address, status, time and kind of asker; never the address itself, nor who asked."""

from __future__ import annotations

from contextlib import ExitStack
from time import monotonic

import structlog
from flask import Flask, Response, g, request

from portal.api.problems import correlation
from portal.telemetry import counters, spans
from portal.telemetry.correlation import begin, end

#: Addresses of those who watch.
PROBES = ("/health/", "/metrics")

log = structlog.get_logger("portal.web")


def install(app: Flask) -> None:
    """To be called before anything else hangs on the request: its number stands from here on."""

    @app.before_request
    def begun() -> None:
        g.begun = monotonic()
        g.before = begin(correlation())
        g.span, g.under = None, ExitStack()
        if not _route().startswith(PROBES):
            parent = spans.began_elsewhere(request.headers.get("traceparent"))
            named = {"http__request__method": _method(), "http__route": _route()}
            g.span = g.under.enter_context(spans.span(f"{_method()} {_route()}", "server", parent=parent, **named))

    @app.after_request
    def answered(response: Response) -> Response:
        seconds = monotonic() - g.get("begun", monotonic())
        route, method = _route(), _method()
        counters.answered(method, route, response.status_code, seconds)
        scope = g.principal.scope if "principal" in g else None
        if span := g.get("span"):
            span.say(http__response__status_code=response.status_code, onedoor__scope=scope)
            if response.status_code >= 500:
                span.fail(str(response.status_code))
        # Probes ask every few seconds; only when they are not well is there something to tell.
        if response.status_code < 400 and route.startswith(PROBES):
            return response
        log.info("answered", method=method, route=route, status=response.status_code, ms=round(seconds * 1000, 1), scope=scope)
        return response

    @app.teardown_request
    def ended(_: BaseException | None) -> None:
        if under := g.pop("under", None):
            under.close()
        before = g.pop("before", None)
        if before is not None:
            end(before)


def _route() -> str:
    """The pattern, never the address."""
    return str(request.url_rule) if request.url_rule else "none"


def _method() -> str:
    return request.method if request.method in counters.METHODS else "other"
