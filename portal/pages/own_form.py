"""Forms of somebody who signed in carry a token only that session's pages have: no other site can send one."""

from __future__ import annotations

import re
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_new
from uuid import UUID

from portal.unit_of_work import Portal

FIELD = "form-token"
#: Templates write no other forms that change something; what people wrote is escaped and holds no tag.
_FORM = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*>', re.IGNORECASE)


def token(portal: Portal, session: UUID) -> str:
    """Of one session, as long as it lasts."""
    key = portal.settings.secret_key.get_secret_value() or "local"
    return hmac_new(key.encode(), b"onedoor form\x00" + session.bytes, sha256).hexdigest()


def matches(portal: Portal, session: UUID, given: str) -> bool:
    """Whether a form was one of that session's."""
    return compare_digest(given.encode(), token(portal, session).encode())


def put_in(body: str, portal: Portal, session: UUID) -> str:
    """The page, with the token in each of its forms that change something: no template can forget it."""
    field = f'<input type="hidden" name="{FIELD}" value="{token(portal, session)}">'
    return _FORM.sub(lambda found: found.group() + field, body)
