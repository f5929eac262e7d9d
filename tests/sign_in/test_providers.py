"""The same suite against the development provider and a foreign one: npm's oidc-provider."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal.unit_of_work import ENGINE, Portal
from tests.sign_in.conftest import Browser, Foreign


@pytest.fixture(params=["development", "npm"])
def provider(request: pytest.FixtureRequest) -> Foreign:
    one: Foreign = request.getfixturevalue(request.param)
    return one


def sessions(portal: Portal) -> list[tuple[Any, ...]]:
    with portal.work(ENGINE) as work:
        return work.sql("SELECT subject, scope, granted->'agencies' FROM sessions ORDER BY since")


def test_staff_and_citizens_sign_in_and_out(browser: Browser, portal: Portal, provider: Foreign) -> None:
    browser.sign_in("desk", "/performance")
    assert (browser.status, browser.location) == (303, "/performance"), browser.html
    assert sessions(portal) == [(f"{provider.issuer}|desk", "staff", ["city-council"])]
    browser.sign_in("alice")
    assert (browser.status, browser.location) == (303, "/my")
    assert sessions(portal) == [(f"{provider.issuer}|alice", "party", [])]
    browser.get("/account")
    browser.post("/sign-out")
    assert browser.title == "You are signed out" and browser.token == "" and sessions(portal) == []
    away = re.findall(r'http-equiv="refresh" content="0;url=([^"]+)"', browser.html)
    assert away and away[0].startswith(("http://127.0.0.1:", provider.issuer)) and "id_token_hint=" in away[0], "the provider's own session ends too"


def test_staff_need_a_second_proof(browser: Browser, portal: Portal) -> None:
    browser.sign_in("desk", weak=True)
    assert browser.status == 403 and browser.title == "A stronger sign-in is needed" and sessions(portal) == []
    browser.sign_in("alice", weak=True)
    assert browser.status == 303, "of citizens none is demanded"


def test_who_does_not_want_to_is_nobody(browser: Browser, portal: Portal) -> None:
    browser.sign_in("")
    assert browser.title == "You did not sign in" and browser.status == 200 and sessions(portal) == []


def test_a_code_and_a_state_are_good_once(browser: Browser, portal: Portal, app: Any, provider: Foreign) -> None:
    back = provider.choose(browser.away(), "alice", weak=False)
    thief = Browser(app, provider)
    thief.ask(back)
    assert thief.title == "This sign-in cannot be finished" and sessions(portal) == []
    browser.ask(back)
    assert browser.status == 303 and len(sessions(portal)) == 1
    browser.ask(back)
    assert (browser.status, browser.location) == (303, "/my"), "a second click goes on where the first led"
    browser.get("/account")
    browser.post("/sign-out")
    browser.ask(back)
    assert browser.title == "This sign-in cannot be finished" and sessions(portal) == []


@pytest.mark.parametrize("change", [("iss=", "iss=x"), ("state=", "state=x"), ("code=", "code=x")])
def test_a_changed_way_back_signs_nobody_in(browser: Browser, portal: Portal, provider: Foreign, change: tuple[str, str]) -> None:
    back = provider.choose(browser.away(), "desk", weak=False)
    assert change[0] in back
    browser.ask(back.replace(*change))
    assert browser.status == 400 and browser.token == "" and sessions(portal) == []


def test_two_tabs_at_once(browser: Browser, provider: Foreign, portal: Portal) -> None:
    first, second = browser.away("/performance"), browser.away("/cases")
    browser.ask(provider.choose(second, "alice", weak=False))
    assert browser.location == "/cases"
    browser.ask(provider.choose(first, "alice", weak=False))
    assert browser.location == "/performance" and len(sessions(portal)) == 1
