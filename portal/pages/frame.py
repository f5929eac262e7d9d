"""What stands around every page: the parts of govuk-frontend, its files by content, and the doors somebody may go through."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, g, request
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader
from markupsafe import Markup

from portal.access.permissions import PERMISSIONS
from portal.access.sessions import SignedIn
from portal.pages import speech
from portal.pages.errors import N_

STATIC = Path(__file__).parent / "static"
#: Where those who work here begin, by an action of theirs.
ROLES = (
    ("/desk", "task.list", N_("Your desk")),
    ("/champion", "referral.settle", N_("Promises in danger")),
    ("/admin", "administration.read", N_("Running the portal")),
)
#: Seconds a file may be kept whose address names its content: a year.
FOREVER = 365 * 24 * 3600


@cache
def asset(name: str) -> str:
    """The address of a file of ours; another content has another address, so browsers keep it for ever."""
    return f"/assets/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


class Root(Blueprint):
    """The pages' files."""

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """How long a browser may keep a file: for ever by its content's address, else it asks each time."""
        return FOREVER if request.args.get("v") else None


def doors() -> list[dict[str, Any]]:
    """The menu: what is for everybody, and what is for who signed in."""
    here: SignedIn | None = g.get("signed_in")
    found = [("/", speech.words("Services")), ("/cases", speech.words("Follow a request")), ("/performance", speech.words("How we do"))]
    found += [(href, speech.words(text)) for href, action, text in ROLES if here and here.principal.scope != "party" and _may(here, action)]
    if here is None:
        found.append(("/sign-in", speech.words("Sign in")))
    else:
        found += [("/my", speech.words("My requests"))] if here.principal.scope == "party" else []
        found += [("/account", speech.words("Account")), ("/sign-out", speech.words("Sign out"))]
    path = request.path
    return [{"href": href, "text": text, "current": path == href, "active": href != "/" and path.startswith(f"{href}/")} for href, text in found]


def _may(here: SignedIn, action: str) -> bool:
    return any(predicate(here.principal) for predicate in PERMISSIONS[action].who)


def small_updates() -> Markup:
    """What a page loads that changes a part of itself in place: htmx, without styles of its own, without reading code from attributes."""
    config = '{"includeIndicatorCSS": false, "history": false}'
    return Markup('<meta name="htmx-config" content="{}"><script src="{}" defer></script>').format(config, asset("htmx.js"))


def small() -> bool:
    """Whether only a part of the page is asked for."""
    return request.headers.get("HX-Request") == "true"


def phase() -> Markup:
    """What stands beside the mark that all this is new."""
    link = Markup('<a class="govuk-link" href="/#text">{}</a>').format(speech.words("tell us in a sentence"))
    return Markup("{} {}.").format(speech.words("This portal is new. If something does not work for you,"), link)


def install(app: Flask) -> None:
    """Gives the templates the macros of govuk-frontend under their own name, and what the frame needs."""
    assert app.jinja_loader is None
    app.jinja_loader = ChoiceLoader([PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})])
    app.jinja_env.globals |= {"asset": asset, "phase": phase, "small_updates": small_updates}

    @app.context_processor
    def frame() -> dict[str, Any]:
        return {"doors": doors()}
