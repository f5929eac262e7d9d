"""`/sign-in/code`: an e-mail address or a telephone number is proved by a code, and signs in as whoever can read there."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Any

from flask import Blueprint, Response, request

from portal.access import identity, proofs, sessions
from portal.db import new_id
from portal.errors import Invalid
from portal.intake import proving
from portal.pages import cookies, session_cookie, speech
from portal.pages.device import device
from portal.pages.opening import own_way, page, show, the_portal
from portal.plugins import discovery
from portal.plugins.channel import Sends
from portal.telemetry import security
from portal.unit_of_work import ENGINE

pages = Blueprint("code_pages", __name__)

#: The cookie of the browser that asked.
COOKIE = "proof"
#: Who vouches, in the list of sessions.
PROVIDER = "code"


@pages.route("/sign-in/code")
@page("session.begin")
def door() -> Response:
    """Where somebody names an address"""
    return _door(own_way(request.args.get("next")))


@pages.route("/sign-in/code", methods=["POST"])
@page("session.begin", limit="prove")
def ask() -> Response:
    """A code leaves for the address; the answer is the same whoever has it"""
    going, kinds = own_way(request.form.get("next")), _kinds()
    typed = {kind: request.form.get(kind, "").strip() for kind in kinds}
    kind = next((one for one in kinds if typed[one]), kinds[0])
    try:
        address = proving.address_of(kind, typed[kind])
    except Invalid:
        return _door(going, status=422, typed=typed, faults={kind: _advice(kind)})
    browser, id = cookies.given(COOKIE) or token_urlsafe(32), new_id()
    with the_portal().work(ENGINE, new_cases=[id]) as work:
        proving.ask(work, id, kind=kind, address=address, browser=browser, language=speech.language())
    answer = show("code_enter.html", going=going, fault=None)
    cookies.put(answer, COOKIE, browser, seconds=int(proofs.LIFE.total_seconds()))
    return answer


@pages.route("/sign-in/code/enter", methods=["POST"])
@page("session.begin", limit="prove")
def enter() -> Response:
    """The code that came: right once, a few times wrong, then a new one is needed"""
    portal, browser, going = the_portal(), cookies.given(COOKIE) or "", own_way(request.form.get("next"))
    with portal.work(ENGINE) as work:
        subject = proving.prove(work, browser, request.form.get("code", "")[:100])
        if subject is None:
            left = proofs.left(work, browser)
        else:
            who = identity.principal(proofs.ISSUER, subject, roles=["citizen"], agency=None)
            sessions.end_token(work, session_cookie.token())
            named = device(request.headers.get("User-Agent", ""))
            token = sessions.begin(work, who, person="", provider=PROVIDER, provider_session=None, device=named, id_token=None)
    if subject is None:
        security.told("sign-in-failed", provider=PROVIDER, why="code")
        return show("code_enter.html", status=422, going=going, fault="wrong" if left else "over")
    security.told("signed-in", provider=PROVIDER, scope="party")
    response = Response(status=303, headers={"Location": "/my" if going == "/" else going})
    session_cookie.forget(portal, response)
    session_cookie.give(portal, response, token)
    cookies.forget(response, COOKIE)
    return response


def _door(going: str, *, status: int = 200, typed: dict[str, str] | None = None, faults: dict[str, str] | None = None) -> Response:
    return show("code_ask.html", status=status, going=going, kinds=_kinds(), typed=typed or {}, faults=faults or {})


def _kinds() -> list[str]:
    """What can be proved here: an e-mail address always, a telephone number where short messages leave."""
    sms: Any = discovery.channels().get("sms")
    return ["email", "phone"] if isinstance(sms, Sends) and the_portal().settings.sms_endpoint else ["email"]


def _advice(kind: str) -> str:
    if kind == "email":
        return speech.words("Enter an e-mail address such as name@example.org.")
    return speech.words("Enter a telephone number with its country, such as +32 2 123 45 67.")
