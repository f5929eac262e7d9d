"""How somebody is reached, on its pages: nothing typed is lost, nobody takes back what they have not seen, and a stranger's request is not there."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask

from portal.cases import registry
from portal.dispatch import unsubscribing
from portal.parties import register
from portal.unit_of_work import ENGINE, Portal
from tests.ledger.conftest import SECRET
from tests.pages.conftest import Browser
from tests.pages.people import ALICE, DESK, ROADS, colleague, sign_in
from tests.pages.test_desk import noise, send
from tests.pages.test_rights import party

TYPED = {"channel-1": "sms", "channel-2": "email", "email": "ann@example.org", "phone": "0470 <b>", "address": "", "needs": "large-print", "interpreter": "ti"}
GOOD = {**TYPED, "phone": "+32 470 12 34 56"}


def hidden(browser: Browser) -> dict[str, str]:
    form = re.findall(r"<form\b[^>]*reach.*?</form>", browser.html, re.DOTALL)[0]
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))


def shown(browser: Browser) -> dict[str, str | bool]:
    """What stands in the boxes of the page in hand."""
    found: dict[str, str | bool] = {"needs": bool(re.search(r'value="large-print"[^>]* checked', browser.html))}
    for name in ("channel-1", "channel-2", "interpreter"):
        box = re.findall(rf'<select[^>]* name="{name}".*?</select>', browser.html, re.DOTALL)[0]
        found[name] = next(iter(re.findall(r'value="([^"]*)" selected', box)), "")
    for name in ("email", "phone"):
        box = re.findall(rf'<input[^>]* name="{name}"[^>]*>', browser.html)[0]
        found[name] = unescape(next(iter(re.findall(r' value="([^"]*)"', box)), ""))
    return found


def test_bad_input_keeps_what_was_typed_and_good_input_stands(city: Portal, app: Flask) -> None:
    ann = party(city, app, noise(city))
    place = f"{ann.place}/reach"
    ann.get(place)
    assert ann.title == "How we reach you" and shown(ann)["email"] == "ann@example.org"
    send(ann, place, **TYPED)
    assert ann.status == 422 and 'href="#phone"' in ann.html and "with its country" in ann.html
    assert shown(ann) == {"needs": True, "channel-1": "sms", "channel-2": "email", "interpreter": "ti", "email": "ann@example.org", "phone": "0470 <b>"}
    send(ann, place, **{**GOOD, "phone": ""})
    assert ann.status == 422 and 'href="#channel-1"' in ann.html and "Leave an address for this way below" in ann.html
    send(ann, place, **GOOD)
    assert ann.status == 200 and "It is kept" in ann.html
    assert shown(ann) == {"needs": True, "channel-1": "sms", "channel-2": "email", "interpreter": "ti", "email": "ann@example.org", "phone": "+32470123456"}


def test_of_two_tabs_the_second_is_told_and_then_taken(city: Portal, app: Flask) -> None:
    ann = party(city, app, noise(city))
    place = f"{ann.place}/reach"
    ann.get(place)
    first = hidden(ann)
    ann.get(place)
    second = hidden(ann)
    ann.post(place, **first, **GOOD)
    ann.post(place, **first, **GOOD)
    assert ann.status == 200, "pressed twice, it is one"
    blind = {"channel-1": "email", "email": "new@example.org", "phone": "", "address": ""}
    ann.post(place, **second, **blind)
    assert ann.status == 412 and "Somebody has changed this since you opened it" in ann.html
    assert shown(ann)["email"] == "new@example.org", "what was typed is there"
    ann.post(place, **hidden(ann), **blind)
    assert ann.status == 200 and shown(ann)["email"] == "new@example.org"


def test_two_tabs_of_what_is_said_once_for_all(city: Portal, app: Flask) -> None:
    alice = sign_in(Browser(app), city, ALICE)
    alice.get("/my/reach")
    first = hidden(alice)
    alice.get("/my/reach")
    second = hidden(alice)
    alice.post("/my/reach", **first, **GOOD)
    assert alice.status == 200
    alice.post("/my/reach", **second, **{**GOOD, "email": "other@example.org"})
    assert alice.status == 412 and "Somebody has changed this" in alice.html and shown(alice)["email"] == "other@example.org"


def test_who_says_it_for_all_begins_with_what_stands_on_the_request_they_come_from(city: Portal, app: Flask) -> None:
    reference = noise(city, subject=ALICE.subject)
    alice = sign_in(Browser(app), city, ALICE)
    alice.get(f"/cases/{reference}/reach")
    send(alice, f"/cases/{reference}/reach", **GOOD)
    alice.get(f"/my/reach?from={reference}")
    assert shown(alice)["phone"] == "+32470123456" and shown(alice)["needs"] is True
    stranger = sign_in(Browser(app), city, colleague(ALICE))
    stranger.get(f"/my/reach?from={reference}")
    assert stranger.status == 404


def test_a_language_the_page_does_not_list_stays_when_something_else_changes(city: Portal, app: Flask) -> None:
    ann = party(city, app, noise(city))
    place = f"{ann.place}/reach"
    ann.get(place)
    send(ann, place, **{**GOOD, "interpreter": "gsw"})
    ann.get(place)
    assert shown(ann)["interpreter"] == "gsw"


@pytest.mark.parametrize("way", ["nobody", "wrong secret", "another person", "another office"])
def test_a_foreign_request_is_not_there(way: str, city: Portal, app: Flask) -> None:
    reference = noise(city, subject=ALICE.subject)
    browser = Browser(app)
    if way == "another person":
        sign_in(browser, city, colleague(ALICE))
    elif way == "another office":
        sign_in(browser, city, ROADS)
    elif way == "wrong secret":
        browser.post("/cases", reference=reference, secret="AAAAA-AAAAA-AAAAA")
    for address in (reference, "AAAA-AAAA-AAAA"):
        browser.get(f"/cases/{address}/reach")
        read = (browser.status, browser.title)
        assert "ann@example.org" not in browser.html
        token = {}
        if way.startswith("another"):
            browser.get("/my/reach" if way == "another person" else "/desk/team")
            token = dict(re.findall(r'name="(form-token)" value="([^"]+)"', browser.html))
            assert token, "a form of its own session: what is refused is not that"
        browser.post(f"/cases/{address}/reach", **GOOD, **token, once="k")
        if token:
            assert browser.status == 404, (way, browser.status)
        assert browser.status in (401, 403, 404) or browser.place in ("/cases", "/sign-in"), (way, browser.status, browser.place)
        if address == reference:
            first = read
    assert read == first, "what is not yours looks as what is not"
    alice = sign_in(Browser(app), city, ALICE)
    alice.get(f"/cases/{reference}/reach")
    assert shown(alice)["phone"] == "", "nothing was written"


def test_staff_write_down_what_they_were_told_in_words_of_staff(city: Portal, app: Flask) -> None:
    reference = noise(city)
    desk = sign_in(Browser(app), city, DESK)
    desk.get(f"/cases/{reference}/reach")
    assert desk.title == "How to reach the party" and "Needs large print" in desk.html and "I need" not in desk.html
    send(desk, f"/cases/{reference}/reach", **GOOD)
    assert desk.status == 200
    desk.get(f"/desk/cases/{reference}")
    assert "Needs large print" in desk.html and "Text message, E-mail" in desk.html


def test_courtesies_end_when_the_button_is_pressed_not_when_the_address_is_opened(city: Portal, app: Flask) -> None:
    reference = noise(city)
    with city.work(ENGINE) as work:
        case_id, _ = registry.find(work, reference)
        work.narrow([case_id])
        token = unsubscribing.made(SECRET, case_id, register.of_case(work, case_id)[0]["party_id"])
    somebody, ann = Browser(app), party(city, app, reference)
    somebody.get(f"/reach/end/{token}")
    assert somebody.title == "Fewer messages"
    ann.get(f"/cases/{reference}/reach")
    assert not re.search(r'value="only-needed"[^>]* checked', ann.html)
    somebody.post(f"/reach/end/{token}")
    assert somebody.status == 200 and "From now on" in somebody.html
    ann.get(f"/cases/{reference}/reach")
    assert re.search(r'value="only-needed"[^>]* checked', ann.html)
    somebody.get(f"/reach/end/{token[:-1]}{'0' if token[-1] != '0' else '1'}")
    assert somebody.status == 404
