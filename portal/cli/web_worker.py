"""The web server's worker: what it refuses before the application sees it is a problem document too, and quotes nothing of the request."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import orjson
from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http.errors import (  # type: ignore[import-untyped]
    ExpectationFailed,
    ForbiddenProxyRequest,
    InvalidSchemeHeaders,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from portal.telemetry import security
from portal.telemetry.correlation import under

#: What the server found -> status, last part of the problem type, and what to do.
SAYS: tuple[tuple[type[Exception], int, str, str], ...] = (
    (LimitRequestLine, 414, "bad-address", "The address is longer than 8,000 characters. Send a shorter one."),
    (LimitRequestHeaders, 431, "bad-header", "The headers are too many or too long. Send fewer."),
    (ExpectationFailed, 417, "bad-header", "This Expect header cannot be met. Send the request without it."),
    (UnsupportedTransferCoding, 501, "bad-header", "This Transfer-Encoding is not known here. Send the body as it is, or chunked."),
    (ForbiddenProxyRequest, 403, "not-allowed", "Nobody speaks for another address here."),
    (InvalidSchemeHeaders, 400, "bad-header", "The headers contradict each other."),
    (ParseException, 400, "bad-header", "This is not HTTP/1.1 (RFC 9112) as this server takes it."),
)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's worker with threads."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answers and says so in the security log; what is not the client's doing goes the server's own way."""
        found = next(((status, slug, says) for kind, status, slug, says in SAYS if isinstance(exc, kind)), None)
        if found is None:
            super().handle_error(req, client, addr, exc)
            return
        status, slug, says = found
        number = str(uuid4())
        with under(number):
            security.told("bad-http", error=type(exc).__qualname__, status=status)
        with suppress(OSError):
            util.write_nonblock(client, _answer(status, slug, says, number))


def _answer(status: int, slug: str, says: str, number: str) -> bytes:
    phrase = HTTPStatus(status).phrase
    members = {"type": f"/docs/problems/{slug}", "title": slug.replace("-", " ").capitalize(), "status": status, "detail": says}
    body = orjson.dumps({**members, "instance": f"urn:uuid:{number}", "retryable": False})
    head = (
        f"HTTP/1.1 {status} {phrase}\r\nConnection: close\r\nDate: {datetime.now(UTC):%a, %d %b %Y %H:%M:%S} GMT\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\nCache-Control: no-store\r\n"
        f"X-Content-Type-Options: nosniff\r\nX-Request-Id: {number}\r\n\r\n"
    )
    return head.encode() + body
