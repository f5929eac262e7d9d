"""Refusals and faults as RFC 9457 problem documents; the one place where an exception becomes an answer."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any

import orjson
import psycopg
import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from portal.api.refusals import BY_STATUS, BadToken, OurFault, TooDeep, title
from portal.errors import NotSignedIn, Refusal, SessionEnded, StillRunning, TooLarge, TooMany, Unavailable
from portal.telemetry import security
from portal.telemetry.correlation import taken

#: Paths of machines: their errors are problem documents, those of people pages.
MACHINES = ("/api/", "/health/")
#: Refusals after which the same request may be sent again.
PASSING = (StillRunning, TooMany, Unavailable)
#: Refusals those who guard the portal look for, by the last part of their type -> kind in the security log.
SUSPICIOUS = {"bad-token": "bad-token", "not-allowed": "refused", "foreign-form": "foreign-form", "not-signed": "bad-signature"}
#: Seconds to wait where nobody knows better.
RETRY_AFTER = 2
#: Bytes of a refused body that are read all the same, and for how long.
DRAINED, DRAIN_SECONDS = 64 << 20, 5.0

log = structlog.get_logger("portal.api")


@dataclass(frozen=True)
class Problem:
    """A refusal on its way out. `headers` come beside it (Allow, WWW-Authenticate, Retry-After)."""

    refusal: Refusal
    instance: str
    headers: dict[str, str]

    @property
    def members(self) -> dict[str, Any]:
        """Members of the document (RFC 9457); `errors` as there in section 3, pointers as RFC 6901."""
        refusal = self.refusal
        found = {
            "type": f"/docs/problems/{refusal.slug}",
            "title": title(refusal.slug),
            "status": refusal.status,
            "detail": refusal.detail,
            "instance": self.instance,
            "retryable": isinstance(refusal, PASSING),
        }
        if refusal.errors:
            found["errors"] = refusal.errors
        return {**refusal.extra, **found}

    def answer(self) -> Response:
        """As application/problem+json."""
        body = orjson.dumps(self.members, default=str)
        return Response(body, self.refusal.status, {**self.headers, "Cache-Control": "no-store"}, content_type="application/problem+json")


#: Shows a problem to a person.
Page = Callable[[Problem], Response]


#: Tells a refusal in the form of whoever owns a part of the addresses: status and words -> answer.
Teller = Callable[[int, str], Response]


def install(app: Flask, page: Page, elsewhere: Mapping[str, Teller] | None = None) -> None:
    """Registers the handlers; `page` answers outside the paths of machines, `elsewhere` (root -> teller) below the roots it names."""

    def answer(refusal: Refusal, headers: dict[str, str] | None = None) -> Response:
        if refusal.status == TooLarge.status:
            _drain()
        problem = _problem(refusal, headers or {})
        if teller := _owner(elsewhere or {}):
            told = teller(refusal.status, refusal.detail)
            told.headers.extend(problem.headers)
            return told
        return problem.answer() if request.path.startswith(MACHINES) else page(problem)

    def refused(error: Refusal) -> Response:
        _forget_who_asks(app, error)
        if error.status in (401, 403) or error.status >= 500:
            _note("refused", error)
        _tell(error)
        return answer(error)

    def http(error: HTTPException) -> Response:
        if error.code is None or error.code < 400:
            plain = error.get_response(request.environ)
            return Response(plain.get_data(), plain.status_code, plain.headers)  # redirects
        kept = {name: value for name, value in error.get_headers(request.environ) if name in ("Allow", "Retry-After", "WWW-Authenticate")}
        return answer(_from_http(error.code), kept)

    def fault(error: Exception) -> Response:
        if _database_away(error):
            _note("database away", error)
            return answer(Unavailable(retry_after=RETRY_AFTER))
        _note("fault", error)
        return answer(TooDeep() if isinstance(error, RecursionError) else OurFault())

    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HTTPException, http)
    app.register_error_handler(Exception, fault)


def _owner(elsewhere: Mapping[str, Teller]) -> Teller | None:
    """Who owns the address of the request in hand."""
    return next((teller for root, teller in elsewhere.items() if request.path == root or request.path.startswith(f"{root}/")), None)


def _tell(error: Refusal) -> None:
    kind = SUSPICIOUS.get(error.slug)
    if kind:
        security.told(kind, route=str(request.url_rule), action=getattr(g.get("principal"), "action", None))


def _problem(refusal: Refusal, headers: dict[str, str]) -> Problem:
    if isinstance(refusal, PASSING) and "retry_after" not in refusal.extra:
        refusal.extra["retry_after"] = RETRY_AFTER
    if "retry_after" in refusal.extra:
        headers["Retry-After"] = str(refusal.extra["retry_after"])
    if isinstance(refusal, NotSignedIn):
        headers["WWW-Authenticate"] = 'Bearer realm="onedoor"' + (', error="invalid_token"' if isinstance(refusal, BadToken) else "")
    return Problem(refusal, f"urn:uuid:{correlation()}", headers)


def _forget_who_asks(app: Flask, error: Refusal) -> None:
    """After SessionEnded, what this process remembers of the person is not so any more."""
    who = g.get("principal")
    if isinstance(error, SessionEnded) and who is not None and who.subject:
        app.extensions["onedoor.remembered"].forget_person(who.subject)


def told(error: Exception) -> dict[str, Any]:
    """The problem document of what went wrong with one part of a request, for an answer that tells of all parts. A fault of ours is noted in the log."""
    if isinstance(error, Refusal):
        return _problem(error, {}).members
    _note("fault", error)
    return _problem(Unavailable(retry_after=RETRY_AFTER) if _database_away(error) else OurFault(), {}).members


def _drain() -> None:
    """Reads what is left of a body that is refused, within bounds: a client that writes all of it before it reads would otherwise hear nothing."""
    stream, end = request.environ["wsgi.input"], monotonic() + DRAIN_SECONDS
    left = min(request.content_length or 0, DRAINED)
    while left > 0 and monotonic() < end:
        got = len(stream.read(min(left, 1 << 16)))
        if not got:
            return
        left -= got


def _from_http(code: int) -> Refusal:
    if code in BY_STATUS:
        return BY_STATUS[code]()
    refusal = Refusal(f"{HTTPStatus(code).phrase}: {HTTPStatus(code).description}" if code in HTTPStatus._value2member_map_ else None)
    refusal.status = code
    return refusal


def _database_away(error: Exception) -> bool:
    """Lost, full, shutting down, too slow: what another try in a moment may cure."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, PoolTimeout | psycopg.OperationalError | psycopg.InterfaceError)


def correlation() -> str:
    """Number of the request, in answers, in the log and in what leaves because of it."""
    if "correlation" not in g:
        g.correlation = taken(request.headers.get("traceparent"), request.headers.get("X-Request-Id"))
    number: str = g.correlation
    return number


def _note(what: str, error: Exception) -> None:
    """One line in the log: where and what kind, never the message of a foreign exception (it may quote values) nor the address (it may name a case)."""
    cause = getattr(error, "orig", None) or error
    status = error.status if isinstance(error, Refusal) else None
    log.log(
        40 if status is None or status >= 500 else 20,
        what,
        request_id=correlation(),
        method=request.method,
        route=str(request.url_rule),
        error=type(cause).__qualname__,
        slug=getattr(error, "slug", None),
        sqlstate=getattr(cause, "sqlstate", None),
        frames=_frames(error) if status is None or status >= 500 else None,
    )


def _frames(error: Exception) -> list[str]:
    """The innermost frames, each as the end of its file's path, line and function."""
    return [f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-6:]]
