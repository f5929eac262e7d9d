"""Which cases this browser has proved to stand on, by which version of their secrets: a signed cookie, nothing personal, two hours from the last proof."""

from __future__ import annotations

from uuid import UUID

from flask import Response, g
from itsdangerous import BadData, URLSafeTimedSerializer

from portal.cases import secret
from portal.pages import cookies
from portal.unit_of_work import Portal
from portal.views import entry

COOKIE = "cases"
SECONDS = 2 * 3600
#: Cases kept at most; the oldest proof goes first.
MOST = 20


def held(portal: Portal) -> tuple[UUID, ...]:
    """Cases proved by this browser, by the secret they have now; none where the cookie is absent, forged or too old, or the secret was made anew since."""
    return tuple(_held(portal))


def give(portal: Portal, response: Response, case_id: UUID, *, version: int | None = None) -> None:
    """One case more. `version`: of its secret, as it was before it was proved; absent: what this browser holds, or that of a case just opened."""
    found = _held(portal)
    mine = version or found.get(case_id) or entry.secret_versions(portal, [case_id]).get(case_id, secret.PRESENT_VERSION)
    kept = [*((id, one) for id, one in found.items() if id != case_id), (case_id, mine)][-MOST:]
    text = _signer(portal).dumps([f"{id.hex}:{one}" for id, one in kept])
    cookies.put(response, COOKIE, str(text), seconds=SECONDS)


def _held(portal: Portal) -> dict[UUID, int]:
    """Case -> version of the secret that proved it; asked of the database once a request."""
    found: dict[UUID, int] | None = g.get("proved_cases")
    if found is None:
        given = _given(portal)
        present = entry.secret_versions(portal, given.keys())
        found = g.proved_cases = {id: version for id, version in given.items() if present.get(id) == version}
    return found


def _given(portal: Portal) -> dict[UUID, int]:
    """What the cookie says. One of before secrets had versions names none: it was the first."""
    given = cookies.given(COOKIE)
    if not given:
        return {}
    try:
        parts = [str(one).partition(":") for one in _signer(portal).loads(given, max_age=SECONDS)]
        return {UUID(id): int(version or secret.PRESENT_VERSION) for id, _, version in parts}
    except (BadData, ValueError, TypeError, AttributeError):
        return {}


def leave(response: Response) -> None:
    """Forgets all of them."""
    cookies.forget(response, COOKIE)


def _signer(portal: Portal) -> URLSafeTimedSerializer:
    # itsdangerous signs with the last one and takes all of them.
    keys = [one or "local" for one in reversed(portal.settings.secret_keys)]
    return URLSafeTimedSerializer(keys, salt="onedoor cases proved")
