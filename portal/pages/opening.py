"""What every page has in common: its action, who asks, where forms may come from, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, current_app, g, make_response, render_template, request

from portal.access.permissions import PERMISSIONS, demand
from portal.errors import Refusal
from portal.pages import grants, speech
from portal.unit_of_work import ANONYMOUS, Portal, Principal

View = TypeVar("View", bound=Callable[..., Any])
#: A year, for what somebody chose.
REMEMBERED = 365 * 24 * 3600


class ForeignForm(Refusal):
    """This form was sent from another website, so nothing was done. Open the page here and send it again."""

    status, slug = 403, "foreign-form"


def page(action: str, *, limit: str | None = None) -> Callable[[View], Any]:
    """Decorates a view with its action; it stands next to `route`. KeyError for an action the permission table does not have.

    `limit`: class of what its form sends, among portal/limits/classes.py, where it is not the usual one of a change.
    """
    _ = PERMISSIONS[action]

    def mark(view: View) -> Any:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if request.method not in ("GET", "HEAD"):
                demand_own_form()
            if action in ("case.read", "case.write", "case.message"):
                found = grants.held(the_portal())
                g.principal = Principal("party", cases=found) if found else ANONYMOUS
            else:
                g.principal = ANONYMOUS
            demand(g.principal, action)
            return view(*args, **kwargs)

        guarded.__dict__.update(action=action, limit=limit)
        return guarded

    return mark


def demand_own_form() -> None:
    """ForeignForm where the browser says that another site sent it (Fetch Metadata, RFC 6454); cookies are SameSite besides."""
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise ForeignForm
    origin = request.headers.get("Origin")
    own = {request.host, urlsplit(the_portal().settings.public_url).netloc}
    if origin is not None and urlsplit(origin).netloc not in own:
        raise ForeignForm


def the_portal() -> Portal:
    """The portal of this process."""
    portal: Portal = current_app.extensions["onedoor"]
    return portal


def principal() -> Principal:
    """Who asks; the page's action was found allowed."""
    who: Principal = g.principal
    return who


def show(template: str, *, status: int = 200, **values: Any) -> Response:
    """A page in the reader's language. A choice of language in the address is remembered."""
    code = speech.language()
    links = [(one, speech.own_name(one)) for one in speech.LANGUAGES]
    body = render_template(
        f"pages/{template}", language=code, direction=speech.direction(code), languages=links, told=speech.told, plain=speech.plain, **values
    )
    response = make_response(body, status)
    response.headers["Content-Language"] = code
    response.headers["Vary"] = "Accept-Language, Cookie"
    if request.args.get(speech.CHOICE) == code:
        remember(response, speech.CHOICE, code, seconds=REMEMBERED)
    return response


def remember(response: Response, name: str, value: str, *, seconds: int) -> None:
    """A cookie scripts cannot read and other sites cannot send."""
    secure = the_portal().settings.public_url.startswith("https:")
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="Lax", secure=secure)
