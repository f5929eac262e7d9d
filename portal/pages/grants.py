"""Which cases this browser has proved to stand on: a signed cookie of case ids, without anything personal, for two hours from the last proof."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from itsdangerous import BadData, URLSafeTimedSerializer

from portal.pages import cookies
from portal.unit_of_work import Portal

COOKIE = "cases"
SECONDS = 2 * 3600
#: Cases kept at most; the oldest proof goes first.
MOST = 20


def held(portal: Portal) -> tuple[UUID, ...]:
    """Cases proved by this browser; none where the cookie is absent, forged or too old."""
    given = cookies.given(COOKIE)
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
    text = _signer(portal).dumps([id.hex for id in ids])
    cookies.put(response, COOKIE, str(text), seconds=SECONDS)


def leave(response: Response) -> None:
    """Forgets all of them."""
    cookies.forget(response, COOKIE)


def _signer(portal: Portal) -> URLSafeTimedSerializer:
    # itsdangerous signs with the last one and takes all of them.
    keys = [one or "local" for one in reversed(portal.settings.secret_keys)]
    return URLSafeTimedSerializer(keys, salt="onedoor cases proved")
