"""Cookies of the pages: this host alone, no scripts, no other site; with https under a name no other host of the domain can set."""

from __future__ import annotations

from flask import Response, current_app, request

from portal.unit_of_work import Portal


def named(name: str) -> str:
    """`__Host-` where the portal is reached by https (RFC 6265bis 4.1.3.2)."""
    return f"__Host-{name}" if _secure() else name


def given(name: str) -> str | None:
    """What the browser sent."""
    return request.cookies.get(named(name))


def put(response: Response, name: str, value: str, *, seconds: int) -> None:
    """The browser keeps it for so long."""
    response.set_cookie(named(name), value, max_age=seconds, path="/", httponly=True, samesite="Lax", secure=_secure())


def forget(response: Response, name: str) -> None:
    """The browser keeps it no longer."""
    response.delete_cookie(named(name), path="/", httponly=True, samesite="Lax", secure=_secure())


def _secure() -> bool:
    portal: Portal = current_app.extensions["onedoor"]
    return portal.settings.public_url.startswith("https:")
