"""Which cases this browser has proved to stand on: a signed cookie of case ids, without anything personal, for two hours from the last proof."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request
from itsdangerous import BadData, URLSafeTimedSerializer

from portal.unit_of_work import Portal

COOKIE = "cases"
SECONDS = 2 * 3600
#: Cases kept at most; the oldest proof goes first.
MOST = 20


def held(portal: Portal) -> tuple[UUID, ...]:
    """Cases proved by this browser; none where the cookie is absent, forged or too old."""
    given = request.cookies.get(COOKIE)
    if not given:
        return ()
    try:
        ids = _signer(portal).loads(given, max_age=SECONDS)
        return tuple(UUID(id) for id in ids)
    except (BadData, ValueError, TypeError, AttributeError):
        return ()


def give(portal: Portal, response: Response, case_id: UUID) -> None:
    """One case more."""
    ids = [*(id for id in held(portal) if id != case_id), case_id][-MOST:]
    secure = portal.settings.public_url.startswith("https:")
    text = _signer(portal).dumps([id.hex for id in ids])
    response.set_cookie(COOKIE, str(text), max_age=SECONDS, httponly=True, samesite="Lax", secure=secure)


def leave(response: Response) -> None:
    """Forgets all of them."""
    response.delete_cookie(COOKIE)


def _signer(portal: Portal) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(portal.settings.secret_key.get_secret_value() or "local", salt="onedoor cases proved")
