"""The request in hand: whose it is, and which portal it came to."""

from __future__ import annotations

from flask import current_app, g, request

from portal.catalogue.languages import SPOKEN
from portal.unit_of_work import Portal, Principal


def the_portal() -> Portal:
    """The portal of this process."""
    portal: Portal = current_app.extensions["onedoor"]
    return portal


def principal() -> Principal:
    """Who asks; the guard has put it there and found the action allowed."""
    who: Principal = g.principal
    return who


def language() -> str:
    """In which language the caller is answered: the first of theirs that the portal speaks (RFC 9110, section 12.5.4), else its own."""
    return request.accept_languages.best_match(SPOKEN) or the_portal().settings.default_language
