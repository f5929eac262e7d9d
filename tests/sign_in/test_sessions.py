"""Sessions: they begin and end in PostgreSQL, at once and everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis

from portal.access import people, sessions
from portal.app import create_app
from portal.unit_of_work import ENGINE, Portal
from tests.sign_in.conftest import Browser, Foreign


def rows(portal: Portal) -> list[tuple[Any, ...]]:
    """What stands in the table, keys as hex."""
    with portal.work(ENGINE) as work:
        return work.sql("SELECT encode(key, 'hex'), subject, scope, device, sealed FROM sessions ORDER BY since, id")


def test_somebody_signs_in_and_out(browser: Browser, portal: Portal, provider: Foreign) -> None:
    browser.get("/")
    assert 'href="/sign-in"' in browser.html
    browser.sign_in("desk", "/performance")
    assert (browser.status, browser.location) == (303, "/performance")
    ((key, subject, scope, _, sealed),) = rows(portal)
    assert (subject, scope) == (f"{provider.issuer}|desk", "staff")
    assert browser.token and browser.token not in key and key == sessions.digest(browser.token).hex()
    assert b"Dana" not in bytes(sealed), "a name is sealed under the browser's own token"
    browser.get("/")
    assert 'href="/sign-out"' in browser.html
    browser.get("/sign-out")
    browser.post("/sign-out")
    assert browser.title == "You are signed out" and browser.token == ""
    assert rows(portal) == []


def test_a_session_ended_elsewhere_is_over_at_once_though_this_process_remembers_it(browser: Browser, portal: Portal, provider: Foreign) -> None:
    browser.sign_in("desk")
    browser.get("/cases")
    token = browser.token
    with portal.work(ENGINE) as work:
        assert sessions.end_all(work, f"{provider.issuer}|desk") == 1
    remembered = browser.app.extensions["onedoor.sessions"]
    who = remembered.look(token)
    assert who is not None, "the look-up is remembered, which is what this test is about"
    from portal.errors import SessionEnded

    try:
        with portal.work(who.principal):
            raise AssertionError("a unit opened on a session that was ended")
    except SessionEnded:
        pass


def test_disabling_somebody_ends_all_sessions_and_no_new_one_begins(browser: Browser, portal: Portal, provider: Foreign, app: Any) -> None:
    browser.sign_in("desk")
    with portal.work(ENGINE) as work:
        people.keep(work, provider.issuer, "desk", roles=["caseworker"], agency="city-council", until=work.now)
    fresh = Browser(create_app(portal), provider)
    fresh.client.set_cookie("session", browser.token, domain="127.0.0.1")
    fresh.get("/")
    assert 'href="/sign-in"' in fresh.html
    browser.sign_in("desk")
    assert browser.status == 403 and browser.title == "You have no access here yet"


def test_a_new_session_at_sign_in_and_no_fixed_one(browser: Browser, portal: Portal) -> None:
    browser.client.set_cookie("session", "A" * 43, domain="127.0.0.1")
    browser.sign_in("alice")
    first = browser.token
    assert first != "A" * 43
    browser.sign_in("alice")
    assert browser.token != first
    assert len(rows(portal)) == 1, "the session before is over"


def test_flushall_signs_nobody_out(browser: Browser, redis_url: str) -> None:
    browser.sign_in("alice")
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    browser.app.extensions["onedoor.sessions"].forget(browser.token)
    browser.get("/")
    assert 'href="/sign-out"' in browser.html


def test_idle_and_absolute_limits(browser: Browser, portal: Portal) -> None:
    browser.sign_in("admin")
    with portal.work(ENGINE) as work:
        since = work.now
        idle, whole = sessions.LIMITS["admin"]
        assert sessions.look_up(work, browser.token)
    with portal.work(ENGINE, at=since + idle * 1.01) as work:
        assert sessions.look_up(work, browser.token) is None
    at = since
    while at < since + whole - idle:
        at += idle * 0.9
        with portal.work(ENGINE, at=at) as work:
            assert sessions.look_up(work, browser.token), "who works is not sent away"
    with portal.work(ENGINE, at=since + whole) as work:
        assert sessions.look_up(work, browser.token) is None
    assert sessions.LIMITS["admin"] < sessions.LIMITS["staff"] < sessions.LIMITS["party"]


def test_another_process_knows_the_session(browser: Browser, make: Callable[..., Portal], provider: Foreign) -> None:
    browser.sign_in("champion")
    other = Browser(create_app(make(sign_in=str(provider.file))), provider)
    other.client.set_cookie("session", browser.token, domain="127.0.0.1")
    other.get("/")
    assert 'href="/sign-out"' in other.html
