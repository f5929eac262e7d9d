"""Sessions: they begin and end in PostgreSQL, at once and everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import redis

from portal.access import identity, people, sessions
from portal.app import create_app
from portal.errors import SessionEnded
from portal.unit_of_work import ENGINE, Portal
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer
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
    remembered = browser.app.extensions["onedoor.remembered"]
    who = remembered.look(token)
    assert who is not None, "the look-up is remembered, which is what this test is about"
    with pytest.raises(SessionEnded), portal.work(who.principal):
        pass
    browser.get("/account")
    assert browser.place == "/sign-in" and "not signed in any more" in browser.html and browser.token == ""


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
    browser.app.extensions["onedoor.remembered"].forget(browser.token)
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


def test_the_account_lists_and_ends_sessions(browser: Browser, app: Any, provider: Foreign) -> None:
    browser.sign_in("alice")
    other = Browser(app, provider)
    other.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    other.sign_in("alice")
    browser.get("/account")
    assert "Firefox, Linux" in browser.html and "this one" in browser.html
    place = re.findall(r'action="(/account/sessions/[0-9a-f-]+/end)"', browser.html)
    assert len(place) == 1, "one's own is ended by signing out"
    browser.post(place[0])
    assert browser.place == "/account" and "Firefox" not in browser.html
    other.get("/account")
    assert other.place == "/sign-in"
    browser.post(place[0])
    assert browser.status == 200, "gone already is well"


def test_nobody_ends_or_sees_the_sessions_of_others(browser: Browser, app: Any, provider: Foreign, portal: Portal) -> None:
    browser.sign_in("alice")
    (id,) = (row.id for row in _of(portal, f"{provider.issuer}|alice"))
    other = Browser(app, provider)
    other.sign_in("bilal")
    other.get("/account")
    assert str(id) not in other.html
    other.post(f"/account/sessions/{id}/end")
    other.post("/account/sessions/end")
    assert _of(portal, f"{provider.issuer}|alice")


def _of(portal: Portal, subject: str) -> list[sessions.Session]:
    with portal.work(ENGINE) as work:
        return sessions.of(work, subject)


def test_a_form_needs_the_token_of_its_own_session(browser: Browser, app: Any, provider: Foreign, portal: Portal) -> None:
    browser.sign_in("alice")
    browser.get("/account")
    browser.post("/sign-out", token=False)
    assert browser.status == 403 and browser.title == "Nothing is lost" and len(rows(portal)) == 1
    other = Browser(app, provider)
    other.sign_in("bilal")
    other.get("/account")
    browser.html = other.html
    browser.post("/sign-out")
    assert browser.status == 403 and len(rows(portal)) == 2
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        browser.get("/account")
        browser.post("/sign-out", headers=headers)
        assert browser.status == 403 and browser.title != "Nothing is lost"
    assert len(rows(portal)) == 2


def test_a_lost_session_keeps_what_was_typed(browser: Browser, app: Any, provider: Foreign, portal: Portal) -> None:
    browser.sign_in("alice")
    browser.get("/account")
    with portal.work(ENGINE) as work:
        sessions.end_all(work, f"{provider.issuer}|alice")
    words = "Line one <b>\n\nline three"
    browser.post("/cases/PQ7X/messages", words=words, once="1")
    assert browser.status == 401 and browser.title == "You are not signed in any more"
    (way,) = re.findall(r'href="/sign-in\?next=([^"]+)"', browser.html)
    browser.sign_in("bilal", way)
    browser.ask(browser.location)
    assert browser.status == 404, "another person sees nothing of it"
    browser.get("/account")
    browser.post("/sign-out")
    browser.sign_in("alice", way)
    browser.get(browser.location)
    assert browser.title == "What you wrote is here" and "Line one &lt;b&gt;" in browser.html
    assert 'action="/cases/PQ7X/messages"' in browser.html
    with portal.work(ENGINE) as work:
        assert not [row for row in work.sql("SELECT sealed FROM drafts") if b"Line one" in bytes(row[0])]


def test_a_form_opened_before_signing_in_is_kept_and_sent_again(browser: Browser, portal: Portal) -> None:
    browser.get("/cases")
    tab = browser.html
    browser.sign_in("alice")
    browser.html = tab
    browser.post("/services/pothole/request")
    assert browser.status == 403 and browser.title == "Nothing is lost"
    (way,) = re.findall(r'href="(/kept/[^"]+)"', browser.html)
    browser.get(way)
    browser.post("/services/pothole/request")
    assert browser.status == 200 and browser.place.startswith("/request/")


def test_the_last_session_of_many_gives_way(browser: Browser, portal: Portal) -> None:
    with portal.work(ENGINE) as work:
        who = identity.principal("urn:x", "many", roles=["citizen"], agency=None)
        for _ in range(sessions.MOST + 5):
            sessions.begin(work, who, person="", provider="x", provider_session=None, device="", id_token=None)
        assert len(sessions.of(work, "urn:x|many")) == sessions.MOST


class TestBearers:
    """Bearer tokens of people an administrator keeps."""

    def test_the_administrators_word_outweighs_the_token_and_an_end_is_one_at_once(self, make: Callable[..., Portal], tmp_path: Any) -> None:
        issuer = Issuer(tmp_path / "keys.json")
        told = {"token_issuer": ISSUER, "token_audience": AUDIENCE, "token_keys": str(issuer.place)}
        portal = make(**told)
        clients = [create_app(portal).test_client(), create_app(make(**told)).test_client()]
        header = {"Authorization": f"Bearer {issuer.token(agency='city-council')}"}

        def statuses(address: str) -> list[int]:
            return [client.get(f"/api/v1/{address}", headers=header).status_code for client in clients]

        assert statuses("tasks") == [200, 200]
        assert statuses("sessions") == [200, 200]
        with portal.work(ENGINE) as work:
            people.keep(work, ISSUER, "person-1", roles=["champion"], agency=None)
        assert statuses("tasks") == [401, 401], "what was remembered does not stand any more"
        assert statuses("tasks") == [403, 403], "a champion has no queue"
        assert statuses("breaches") == [200, 200]
        with portal.work(ENGINE) as work:
            assert people.disable(work, ISSUER, "person-1")
        assert statuses("breaches") == [401, 401]
        assert statuses("breaches") == [401, 401]
        with portal.work(ENGINE) as work:
            people.keep(work, ISSUER, "person-1", roles=["caseworker"], agency="city-council")
        assert statuses("tasks") == [200, 200]
