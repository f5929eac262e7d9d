"""What every page has in common: its action, who asks, where forms may come from, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from flask import Response, current_app, g, make_response, render_template, request

from portal.access.permissions import PERMISSIONS, Permission, anyone, demand
from portal.access.sessions import SignedIn
from portal.errors import NotSignedIn, Refusal, SessionEnded, Unavailable
from portal.pages import cookies, grants, own_form, session_cookie, speech
from portal.unit_of_work import ANONYMOUS, Portal, Principal
from portal.views import entry

View = TypeVar("View", bound=Callable[..., Any])
#: A year, for what somebody chose.
REMEMBERED = 365 * 24 * 3600


class ForeignForm(Refusal):
    """This form was sent from another website, so nothing was done. Open the page here and send it again."""

    status, slug = 403, "foreign-form"


class StaleForm(Refusal):
    """This form was opened before you signed in, or in another session. What was typed is kept; look at it, and send it again."""

    status, slug = 403, "stale-form"


def page(action: str, *, limit: str | None = None, body: int | None = None) -> Callable[[View], Any]:
    """Decorates a view with its action; it stands next to `route`. KeyError for an action the permission table does not have.

    Who asks is whoever signed in with this browser; on pages of a case, with what this browser proved by secrets besides.
    `body`: bytes its form may have, where it takes files.
    `limit`: class of what its form sends, among portal/limits/classes.py, where it is not the usual one of a change.
    """
    permission = PERMISSIONS[action]

    def mark(view: View) -> Any:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if request.method not in ("GET", "HEAD"):
                demand_own_form()
            try:
                g.principal = replace(_who(action, kwargs.get("reference"), permission), action=action)
                demand(g.principal, action)
                return view(*args, **kwargs)
            except NotSignedIn as refused:
                return _to_sign_in(refused, permission.subjects)

        guarded.__dict__.update(action=action, limit=limit, **({"body": body} if body else {}))
        return guarded

    return mark


def _who(action: str, reference: str | None, permission: Permission) -> Principal:
    """The principal of the request. A form of somebody who signed in carries the token of that session."""
    try:
        g.signed_in = session_cookie.signed_in(the_portal())
    except Unavailable:
        if anyone not in permission.who:
            raise
        g.signed_in = None
    here, changes = signed_in(), request.method not in ("GET", "HEAD")
    if changes and here and not own_form.matches(the_portal(), here, request.form.get(own_form.FIELD, "")):
        raise StaleForm
    if changes and not here and session_cookie.token() and action != "session.begin":
        raise SessionEnded
    who = here.principal if here else ANONYMOUS
    return as_party(who, reference) if any(one.startswith("party") for one in permission.subjects) else who


def as_party(who: Principal, reference: str | None = None) -> Principal:
    """Somebody, able to see the cases this browser proved by their secrets, and the one of the address if the person stands on it."""
    if who.scope not in ("anonymous", "party"):
        return who
    found = grants.held(the_portal())
    proved = replace(who, scope="party", cases=found) if found else who
    return entry.standing(the_portal(), proved, reference) if reference and who.subject else proved


def as_citizen() -> Principal:
    """Who signed in as a citizen; else nobody: what those who work here ask for themselves is not their office's."""
    here = signed_in()
    return here.principal if here and here.principal.scope == "party" else ANONYMOUS


def surely_own() -> bool:
    """Whether the browser says that a page of ours sent the form."""
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    return request.headers.get("Sec-Fetch-Site") == "same-origin" or origin in (request.host, urlsplit(the_portal().settings.public_url).netloc)


def _to_sign_in(refused: NotSignedIn, subjects: list[str]) -> Response:
    """Who is not signed in, or not any more, is asked to, and goes on where it was. Pages of a case ask for its secret instead."""
    ended = isinstance(refused, SessionEnded)
    if ended:
        g.signed_in = None
    if request.method not in ("GET", "HEAD") or (any(one.startswith("party") for one in subjects) and not ended):
        raise refused
    going = request.full_path.rstrip("?")
    response = Response(status=303, headers={"Location": "/sign-in?" + urlencode({"next": going} | ({"ended": "1"} if ended else {}))})
    if ended:
        session_cookie.forget(the_portal(), response)
    return response


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


def own_way(address: str | None) -> str:
    """Where somebody goes on, if that is a page of ours; else the front page."""
    given = address or "/"
    plain = given.startswith("/") and not given.startswith("//") and "\\" not in given and given.isprintable() and given.isascii() and len(given) <= 500
    return given if plain and not given.startswith("/sign-") else "/"


def principal() -> Principal:
    """Who asks; the page's action was found allowed."""
    who: Principal = g.principal
    return who


def signed_in() -> SignedIn | None:
    """Who signed in with this browser, and in which session; None for nobody."""
    found: SignedIn | None = g.get("signed_in")
    return found


def show(template: str, *, status: int = 200, **values: Any) -> Response:
    """A page in the reader's language. A choice of language in the address is remembered."""
    code = speech.language()
    links = [(one, speech.own_name(one)) for one in speech.LANGUAGES]
    body = render_template(
        f"pages/{template}",
        language=code,
        direction=speech.direction(code),
        languages=links,
        told=speech.told,
        plain=speech.plain,
        signed_in=signed_in(),
        **values,
    )
    here = signed_in()
    response = make_response(own_form.put_in(body, the_portal(), here) if here else body, status)
    response.headers["Content-Language"] = code
    response.headers["Vary"] = "Accept-Language, Cookie"
    if request.args.get(speech.CHOICE) == code:
        cookies.put(response, speech.CHOICE, code, seconds=REMEMBERED)
    return response
