"""Forms of somebody who signed in carry a token only that session's pages have: no other site can send one."""

from __future__ import annotations

import re
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_new

from portal.access.sessions import SignedIn
from portal.unit_of_work import Portal

FIELD = "form-token"
#: Templates write no other forms that change something; what people wrote is escaped and holds no tag.
_FORM = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*>', re.IGNORECASE)


def token(portal: Portal, here: SignedIn) -> str:
    """Of one session as long as it lasts; its second half says whose it was, and means nothing to anybody else."""
    return _token(portal.settings.secret_keys[0], here)


def _token(key: str, here: SignedIn) -> str:
    return _digest(key, b"session", here.id.bytes) + _digest(key, b"person", str(here.principal.subject).encode())


def matches(portal: Portal, here: SignedIn, given: str) -> bool:
    """Whether a form was one of that session's."""
    return any(compare_digest(given.encode(), _token(key, here).encode()) for key in portal.settings.secret_keys)


def whose(given: str) -> str:
    """Whose form it says it was; empty for nobody's."""
    return given[32:64]


def is_of(portal: Portal, subject: str | None, half: str) -> bool:
    """Whether that is what `whose` tells of the person."""
    return any(compare_digest(half.encode(), _digest(key, b"person", str(subject).encode()).encode()) for key in portal.settings.secret_keys)


def put_in(body: str, portal: Portal, here: SignedIn) -> str:
    """The page, with the token in each of its forms that change something: no template can forget it."""
    field = f'<input type="hidden" name="{FIELD}" value="{token(portal, here)}">'
    return _FORM.sub(lambda found: found.group() + field, body)


def _digest(key: str, kind: bytes, value: bytes) -> str:
    return hmac_new((key or "local").encode(), b"onedoor form\x00" + kind + b"\x00" + value, sha256).hexdigest()[:32]
