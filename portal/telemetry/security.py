"""The security log: what somebody who guards the portal looks for.

One line each in the log of the process (`"log": "security"`), in UTC, under the request's number. Nothing
in it names anybody: facts are short codes of our own, never what a request brought.
"""

from __future__ import annotations

import re

import structlog

#: Kind of line -> what it tells.
KINDS = {
    "rate-limit": "Too many requests of one sender, channel or person, or no place for one more.",
    "bad-http": "Refused before it was read: no HTTP this server takes.",
    "bad-token": "A bearer token that is forged, expired or for somebody else.",
    "bad-signature": "A report that is not signed by who it says it is from.",
    "refused": "Signed in, or proved, and not allowed.",
    "foreign-form": "A form another site sent, or one without its session's token.",
    "wrong-secret": "A case secret that is not the one.",
    "locked": "A reference is locked after too many wrong secrets.",
    "signed-in": "A session began.",
    "sign-in-failed": "A sign-in that came to nothing, and why.",
    "glass": "An administrator broke the glass of a case.",
}
#: A fact: a code, a class, a route pattern, a number.
_FACT = re.compile(r"[A-Za-z0-9 _.:<>{}/*()-]{0,120}")

log = structlog.get_logger("portal.security")


def told(kind: str, **facts: str | int | None) -> None:
    """One line. KeyError for a kind that is not in the table; what is no code is left out rather than written."""
    _ = KINDS[kind]
    codes = {name: value if isinstance(value, int | None) or _FACT.fullmatch(value) else "?" for name, value in facts.items()}
    log.warning("security", log="security", kind=kind, **codes)
