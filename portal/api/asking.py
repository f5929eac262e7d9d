"""The request in hand: whose it is, and which portal it came to."""

from __future__ import annotations

from flask import current_app, g

from portal.unit_of_work import Portal, Principal


def the_portal() -> Portal:
    """The portal of this process."""
    portal: Portal = current_app.extensions["onedoor"]
    return portal


def principal() -> Principal:
    """Who asks; the guard has put it there and found the action allowed."""
    who: Principal = g.principal
    return who
