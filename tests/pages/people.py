"""Somebody who signed in, without the way through a provider: a session of theirs in a browser of the tests."""

from __future__ import annotations

from dataclasses import replace

from portal.access import sessions
from portal.unit_of_work import ENGINE, Portal, Principal
from tests.pages.conftest import Browser

DESK = Principal("staff", "test|desk", agencies=("city-council",), teams=("desk",), roles=("caseworker",), name="Dana Osei")
ROADS = Principal("staff", "test|roads", agencies=("roads",), teams=("desk",), roles=("caseworker",), name="Rui Costa")
FRONT = Principal("staff", "test|front", agencies=("front-office",), teams=("triage",), roles=("caseworker", "triage"), name="Fatima Nasser")
CHAMPION = Principal("champion", "test|champion", roles=("champion",), services=("*",), name="Clara Lindt")
ADMIN = Principal("admin", "test|admin", roles=("administrator",), name="Amir Novak")
ALICE = Principal("party", "test|alice", roles=("citizen",), name="Alice Moreau")


def token_of(portal: Portal, who: Principal) -> str:
    """What the browser of somebody holds who has just signed in."""
    with portal.work(ENGINE) as work:
        return sessions.begin(work, who, person="", provider="test", provider_session=None, device="a test", id_token=None)


def sign_in(browser: Browser, portal: Portal, who: Principal) -> Browser:
    """The browser is theirs from now on."""
    name = "__Host-session" if portal.settings.public_url.startswith("https:") else "session"
    browser.client.set_cookie(name, token_of(portal, who))
    return browser


def colleague(who: Principal, name: str = "second") -> Principal:
    """Another of the same team."""
    return replace(who, subject=f"{who.subject}-{name}", name="A Colleague")
