"""Requests of somebody who signed in: sent so, kept by their secret, and nobody else's."""

from __future__ import annotations

import re
from typing import Any

from portal.unit_of_work import ENGINE, Portal, Principal
from portal.views.mine import mine
from tests.sign_in.conftest import Browser, Foreign


def send(browser: Browser) -> tuple[str, str]:
    """The pothole form, all the way; reference and secret."""
    browser.get("/services/pothole")
    browser.post("/services/pothole/request")
    for fields in ({"place": "Mill Lane 4"}, {"surface": "pavement"}, {"depth_cm": "12"}, {"email": "ann@example.org"}, {}):
        browser.post(browser.place, **fields)
    found = re.findall(r'class="[^"]*code[^"]*" dir="ltr">([^<]+)<', browser.html)
    return found[0], found[1]


def test_what_is_sent_while_signed_in_is_ones_own(browser: Browser, app: Any, provider: Foreign) -> None:
    browser.sign_in("alice")
    browser.get("/my")
    assert browser.title == "My requests" and "There is nothing here yet" in browser.html
    reference, _ = send(browser)
    browser.get("/my")
    assert reference in browser.html and "Pothole" in browser.html
    elsewhere = Browser(app, provider)
    elsewhere.get(f"/cases/{reference}")
    assert elsewhere.title == "Follow a request", "who is nobody is asked for the secret"
    elsewhere.sign_in("alice")
    elsewhere.get(f"/cases/{reference}")
    assert elsewhere.title == "Pothole or damaged pavement" and "Mill Lane 4" in elsewhere.html
    elsewhere.post(f"/cases/{reference}/messages", words="It grew.", once="k1")
    assert elsewhere.status == 200 and "It grew." in elsewhere.html
    stranger = Browser(app, provider)
    stranger.sign_in("bilal")
    stranger.get("/my")
    assert reference not in stranger.html
    stranger.get(f"/cases/{reference}")
    assert stranger.title == "Follow a request" and "Mill Lane" not in stranger.html
    stranger.get("/account")
    stranger.post(f"/cases/{reference}/messages", words="Not mine.", once="k2")
    assert stranger.status in (401, 404)
    assert "Not mine." not in elsewhere.get(f"/cases/{reference}")


def test_what_staff_ask_for_themselves_is_not_their_offices(browser: Browser, portal: Portal) -> None:
    browser.sign_in("desk")
    send(browser)
    with portal.work(ENGINE) as work:
        assert work.sql("SELECT count(*) FROM case_parties WHERE subject IS NOT NULL") == [(0,)]


def test_a_request_sent_as_nobody_is_kept_by_its_secret(browser: Browser, app: Any, provider: Foreign) -> None:
    reference, secret = send(browser)
    browser.get(f"/cases/{reference}")
    assert f'href="/sign-in?next=/cases/{reference}"' in browser.html
    browser.sign_in("alice", f"/cases/{reference}")
    browser.get("/my")
    assert reference not in browser.html, "the same browser, and still only by its own wish"
    browser.get(f"/cases/{reference}")
    browser.post(f"/cases/{reference}/keeping", once="k")
    assert "You find it among your requests" in browser.html
    browser.get("/my")
    assert reference in browser.html
    other = Browser(app, provider)
    other.sign_in("bilal")
    other.get("/cases")
    other.post("/cases", reference=reference, secret=secret)
    assert other.place == f"/cases/{reference}"
    other.post(f"/cases/{reference}/keeping", once="k")
    assert other.status == 409, "it is somebody's already"
    other.get("/my")
    assert reference not in other.html


def test_nobody_keeps_what_it_has_not_proved(browser: Browser, app: Any, provider: Foreign) -> None:
    reference, _ = send(browser)
    other = Browser(app, provider)
    other.sign_in("bilal")
    other.get("/account")
    other.post(f"/cases/{reference}/keeping", once="k")
    assert other.status in (401, 404), other.html
    other.get("/my")
    assert reference not in other.html


def test_the_list_has_pages(browser: Browser, portal: Portal, provider: Foreign) -> None:
    browser.sign_in("alice")
    sent = [send(browser)[0] for _ in range(3)]
    who = Principal("party", f"{provider.issuer}|alice")
    seen, after = [], None
    for _ in range(4):
        with portal.work(who) as work:
            some = mine(work, after=after, limit=1)
        if not some:
            break
        seen, after = [*seen, some[0]["reference"]], some[0]["id"]
    assert seen == sent[::-1]
