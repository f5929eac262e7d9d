"""Refusals: exceptions a caller can act on. The docstring is the default message; a door turns one into a problem document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Unsafe(Exception):
    """Settings production does not begin with."""


class Refusal(Exception):
    """The request was refused."""

    #: HTTP status a door answers with (RFC 9110).
    status = 400
    #: Last part of the problem type URI (RFC 9457); stable, documented under /docs/problems.
    slug = "refused"

    def __init__(self, text: str | None = None, *, values: Mapping[str, str] | None = None, errors: list[dict[str, str]] | None = None, **extra: Any) -> None:
        #: As it is written in the code, by which it is found in other languages; `values` go where it says `%(name)s`.
        self.text, self.values = text or (self.__doc__ or "").strip(), dict(values or {})
        self.detail = self.text % self.values if self.values else self.text
        #: One `{"pointer": RFC 6901 pointer, "detail": what to do}` a fault.
        self.errors = errors or []
        #: Further members of the problem document, for example `retry_after` in seconds.
        self.extra = extra
        super().__init__(self.detail)


class NotFound(Refusal):
    """There is nothing here under that name, or you may not see it. Check the reference and the secret."""

    status, slug = 404, "not-found"


class NotSignedIn(Refusal):
    """Sign in first: send a bearer token, or the case secret."""

    status, slug = 401, "not-signed-in"


class SessionEnded(NotSignedIn):
    """You are not signed in any more: the session was ended, or lay idle too long, or your access has changed. Sign in again."""

    status, slug = 401, "session-ended"


class NotAllowed(Refusal):
    """You are signed in, but this action is not among those your role may do."""

    status, slug = 403, "not-allowed"


class Conflict(Refusal):
    """Somebody else was faster. Load the present state and decide again."""

    status, slug = 409, "conflict"


class StillRunning(Refusal):
    """The first request with this Idempotency-Key is still running. Wait a moment and ask again with the same key."""

    status, slug = 409, "still-running"


class KeyReused(Refusal):
    """This Idempotency-Key was used for another request body. Use a new key for a new request."""

    status, slug = 422, "key-reused"


class Stale(Refusal):
    """This has changed since you loaded it. Load it again and repeat your change."""

    status, slug = 412, "stale"


class Invalid(Refusal):
    """Some of the values cannot be taken. Each is listed with what to send instead."""

    status, slug = 422, "invalid"


class TooLarge(Refusal):
    """The request is larger than this address takes."""

    status, slug = 413, "too-large"


class IllegalMove(Refusal):
    """This cannot be done in the state the case is in."""

    status, slug = 409, "illegal-move"


class TooMany(Refusal):
    """Too many tries. Wait a while and try again."""

    status, slug = 429, "too-many"


class Unavailable(Refusal):
    """The portal cannot store anything just now. Nothing was lost; send the same request again in a moment."""

    status, slug = 503, "unavailable"
