"""The cookie that holds a session's token: this host alone, no scripts, no other site; gone with the browser."""

from __future__ import annotations

from flask import Response, current_app, request

from portal.access.remembered import Remembered
from portal.access.sessions import SignedIn
from portal.unit_of_work import Portal


def name(portal: Portal) -> str:
    """`__Host-` where the portal is reached by https (RFC 6265bis 4.1.3.2): no other host of the domain can set it."""
    return "__Host-session" if _secure(portal) else "session"


def token() -> str:
    """What the browser sent; empty for nothing."""
    portal: Portal = current_app.extensions["onedoor"]
    return request.cookies.get(name(portal), "")


def signed_in(portal: Portal) -> SignedIn | None:
    """Who signed in with this browser; None for nobody, or where the session is over."""
    given = token()
    return remembered().look(given) if given else None


def remembered() -> Remembered:
    """Look-ups of this process."""
    found: Remembered = current_app.extensions["onedoor.remembered"]
    return found


def give(portal: Portal, response: Response, token: str) -> None:
    """The browser holds that session from now on."""
    response.set_cookie(name(portal), token, path="/", httponly=True, samesite="Lax", secure=_secure(portal))


def forget(portal: Portal, response: Response) -> None:
    """The browser holds none any more."""
    remembered().forget(token())
    response.delete_cookie(name(portal), path="/", httponly=True, samesite="Lax", secure=_secure(portal))


def _secure(portal: Portal) -> bool:
    return portal.settings.public_url.startswith("https:")
