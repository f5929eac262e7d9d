"""`/sign-in` and `/sign-out`: by a provider this portal knows; a session begins and ends in PostgreSQL."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, g, request

from portal.access import identity, people, sessions
from portal.access.identity import NoRole
from portal.access.providers import Provider
from portal.errors import NotFound
from portal.pages import relying, session_cookie, speech
from portal.pages.device import device
from portal.pages.opening import own_way, page, show, signed_in, the_portal
from portal.pages.relying import Relying, SignInFailed, Vouched
from portal.telemetry import security
from portal.unit_of_work import ENGINE, Principal

pages = Blueprint("sign_in_pages", __name__)

#: Scope -> where somebody goes who was going nowhere.
HOMES = {"staff": "/desk", "champion": "/champion", "admin": "/admin", "party": "/my"}


@pages.route("/sign-in")
@page("session.begin")
def door() -> Response:
    """The ways to sign in"""
    going = own_way(request.args.get("next"))
    return show("sign_in.html", ways=_ways(), going=going, ended=request.args.get("ended") == "1", again=signed_in())


@pages.route("/sign-in/<provider>")
@page("session.begin")
def leave_for(provider: str) -> Response:
    """Off to the provider"""
    one, settings = _provider(provider), the_portal().settings
    own = urlsplit(settings.public_url)
    if settings.mode == "local" and request.host != own.netloc:
        # `localhost` and `127.0.0.1` are two hosts to a browser: the cookie of this sign-in must be the one that comes back.
        return Response(status=303, headers={"Location": f"{settings.public_url}{request.full_path.rstrip('?')}"})
    try:
        return Response(status=303, headers={"Location": _relying().start(one, own_way(request.args.get("next")), acr=" ".join(one.acr))})
    except SignInFailed as failed:
        return _failed(failed)


@pages.route("/sign-in/<provider>/return")
@page("session.begin")
def come_back(provider: str) -> Response:
    """Back from the provider: a new session, whatever there was before"""
    one = _provider(provider)
    try:
        vouched = _relying().finish(one)
        return _begun(vouched)
    except SignInFailed as failed:
        here = signed_in()
        if failed.why == "lost" and here and here.provider == one.id:
            return Response(status=303, headers={"Location": HOMES.get(here.principal.scope, "/")})
        return _failed(failed)
    except NoRole:
        security.told("sign-in-failed", provider=one.id, why="no-role")
        return show("sign_in_failed.html", status=403, why="no-role", title=speech.plain(one.title), provider=one)


@pages.route("/sign-in/<provider>/ended", methods=["POST"])
@page("session.begin", limit="callback")
def ended(provider: str) -> Response:
    """The provider says that a session of its own is over: so is what began with it here, at once"""
    one = _provider(provider)
    try:
        sid, subject = _relying().ended(one, request.form.get("logout_token", ""))
    except SignInFailed:
        security.told("sign-in-failed", provider=one.id, why="logout-token")
        return Response('{"error": "invalid_request"}', 400, content_type="application/json")
    with the_portal().work(ENGINE) as work:
        if sid:
            sessions.end_at_provider(work, sessions.provider_session(one.issuer, sid))
        else:
            sessions.end_all(work, f"{one.issuer}|{subject}")
    return Response(status=200, content_type="application/json")


@pages.route("/sign-out")
@page("session.begin")
def sure() -> Response:
    """Asks once more, for who came by an address"""
    return show("sign_out.html", left=signed_in() is None, going_on=None)


@pages.route("/sign-out", methods=["POST"])
@page("session.begin")
def sign_out() -> Response:
    """The session is over here; then at the provider, where it offers that"""
    here, token = signed_in(), session_cookie.token()
    if token:
        with the_portal().work(ENGINE) as work:
            sessions.end_token(work, token)
    address = None
    if here and here.provider in _relying().providers:
        address = _relying().leaving(_relying().providers[here.provider], here.id_token, f"{the_portal().settings.public_url}/sign-out")
    _nobody()
    # A form may not be answered by a way to another site (form-action of our own policy): the page goes on by itself.
    response = show("sign_out.html", left=True, going_on=address)
    session_cookie.forget(the_portal(), response)
    return response


def _begun(vouched: Vouched) -> Response:
    """A session of who was vouched for; the one this browser held is over."""
    portal, provider = the_portal(), vouched.provider
    roles, agency, teams, services, name = relying.roles(vouched)
    with portal.work(ENGINE) as work:
        kept = people.find(work, provider.issuer, vouched.subject)
        if kept:
            if kept.ended:
                raise NoRole
            roles, agency, teams, services, name = kept.roles, kept.agency, kept.teams, kept.services, kept.name or name
        who = identity.principal(provider.issuer, vouched.subject, roles=roles, agency=agency, teams=teams, services=services, name=name)
        relying.demand_strong(vouched, who)
        sessions.end_token(work, session_cookie.token())
        token = sessions.begin(
            work,
            who,
            person=str(kept.version) if kept else "",
            provider=provider.id,
            provider_session=sessions.provider_session(provider.issuer, vouched.sid) if vouched.sid else None,
            device=device(request.headers.get("User-Agent", "")),
            id_token=vouched.id_token,
        )
    security.told("signed-in", provider=provider.id, scope=who.scope)
    response = Response(status=303, headers={"Location": _onwards(vouched.going, who)})
    session_cookie.forget(portal, response)
    session_cookie.give(portal, response, token)
    return response


def _onwards(going: str, who: Principal) -> str:
    return HOMES.get(who.scope, "/") if going == "/" else going


def _nobody() -> None:
    """The rest of this request is nobody's."""
    g.signed_in = None


def _failed(failed: SignInFailed) -> Response:
    security.told("sign-in-failed", provider=failed.provider, why=failed.why)
    one = _relying().providers[failed.provider]
    status = {"away": 503, "weak": 403, "cancelled": 200}.get(failed.why, 400)
    return show("sign_in_failed.html", status=status, why=failed.why, title=speech.plain(one.title), provider=one)


def _ways() -> dict[str, list[Provider]]:
    some = list(_relying().providers.values())
    return {"citizens": [one for one in some if one.serves != "staff"], "staff": [one for one in some if one.serves != "citizens"]}


def _provider(id: str) -> Provider:
    found = _relying().providers.get(id)
    if found is None:
        raise NotFound
    return found


def _relying() -> Relying:
    found: Relying = current_app.extensions["onedoor.relying"]
    return found
