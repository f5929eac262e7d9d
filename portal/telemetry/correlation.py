"""The number of a request: taken from who asks where it is well formed, else made; it goes on into the outbox, to the workers and to agencies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from secrets import token_hex
from uuid import UUID, uuid4

#: W3C Trace Context, version 00; later versions begin alike. All zeros and version ff are not valid.
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_current: ContextVar[str | None] = ContextVar("correlation", default=None)


def current() -> str | None:
    """Number of what this thread does now, a UUID in lower case; None where nobody asked for it (a timer, a start)."""
    return _current.get()


def taken(traceparent: str | None, request_id: str | None) -> str:
    """The trace id of `traceparent`, else an `X-Request-Id` that is a UUID, else a new one. Anything else is passed over: it could hold anything."""
    found = TRACEPARENT.fullmatch(traceparent or "")
    if found:
        return str(UUID(hex=found[1]))
    return request_id if request_id and _UUID.fullmatch(request_id) else str(uuid4())


def begin(number: str) -> Token[str | None]:
    """From here on this thread works for that request; `end` gives back what was before."""
    return _current.set(number)


def end(before: Token[str | None]) -> None:
    """The request is answered."""
    _current.reset(before)


@contextmanager
def under(number: str | None) -> Iterator[None]:
    """Works for that request meanwhile; None: for nobody's."""
    before = _current.set(number)
    try:
        yield
    finally:
        _current.reset(before)


def traceparent(number: str) -> str:
    """As a header for whoever is called next (W3C Trace Context), with a span of its own."""
    return f"00-{number.replace('-', '')}-{token_hex(8)}-01"
