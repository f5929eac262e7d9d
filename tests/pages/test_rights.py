"""What a party can do about its case: object once, see who looked, see what may be done."""

from __future__ import annotations

import re

from flask import Flask

from portal.cases import registry, secret
from portal.unit_of_work import ENGINE, Portal
from tests.ledger.conftest import SECRET
from tests.pages.conftest import Browser
from tests.pages.people import DESK, sign_in
from tests.pages.test_desk import noise, open_first, send


def decided(city: Portal, app: Flask) -> str:
    """The reference of a complaint the city council has decided, by its pages."""
    reference = noise(city)
    desk = sign_in(Browser(app), city, DESK)
    task = open_first(desk)
    send(desk, f"{task}/claim")
    send(desk, f"{task}/complete")
    task = open_first(desk)
    send(desk, f"{task}/claim")
    desk.get(f"{task}/decision")
    outcome = re.findall(r'name="outcome" type="radio" value="([^"]+)"', desk.html)[-1]
    send(desk, f"{task}/decision", outcome=outcome, reasons="Within the law.")
    final = re.findall(r"<section.*?</section>", desk.html, re.DOTALL)[0]
    desk.post(f"{task}/decision", **dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', final)))
    assert desk.place == "/desk"
    return reference


def party(city: Portal, app: Flask, reference: str) -> Browser:
    """Who has reference and secret of the case."""
    with city.work(ENGINE) as work:
        case_id, _ = registry.find(work, reference)
    browser = Browser(app)
    browser.post("/cases", reference=reference, secret=secret.derive(SECRET, case_id))
    assert browser.place == f"/cases/{reference}", browser.html
    return browser


def test_an_objection_is_taken_once(city: Portal, app: Flask) -> None:
    browser = party(city, app, decided(city, app))
    place = browser.place
    browser.get(f"{place}/objection")
    assert browser.title == "Object to the decision"
    form = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', browser.html))
    browser.post(f"{place}/objection", **form, words=" ")
    assert browser.status == 422
    browser.post(f"{place}/objection", **form, words="It was <louder>.", hearing="yes")
    assert browser.status == 200 and browser.title == "We have your request"
    first = browser.code(0)
    browser.post(f"{place}/objection", **form, words="It was <louder>.", hearing="yes")
    assert browser.code(0) == first, "pressed twice, it is one"
    browser.get(f"/cases/{first}")
    assert "It was &lt;louder&gt;." in browser.html
    browser.get(f"{place}/objection")
    form = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', browser.html))
    browser.post(f"{place}/objection", **form, words="And once more.")
    assert browser.status == 422 and "And once more." in browser.html


def test_both_sides_read_the_letter(city: Portal, app: Flask) -> None:
    browser = party(city, app, decided(city, app))
    letter = re.findall(r'href="(/cases/[^"]+/letter)"', browser.html)[0]
    browser.get(letter)
    assert browser.status == 200 and "Within the law." in browser.html
    desk = sign_in(Browser(app), city, DESK)
    desk.get(letter)
    assert desk.status == 200 and "Within the law." in desk.html
    other = Browser(app)
    other.get(letter)
    assert other.status in (401, 404) or other.place != letter
    assert "Within the law." not in other.html


def test_its_party_sees_who_looked(city: Portal, app: Flask) -> None:
    reference = noise(city)
    browser = party(city, app, reference)
    browser.get(f"/cases/{reference}/reads")
    assert browser.title == "Who looked at your request" and "Nobody has opened it yet." in browser.html
    open_first(sign_in(Browser(app), city, DESK))
    browser.get(f"/cases/{reference}/reads")
    assert "somebody of the office" in browser.html and "Dana" not in browser.html
    other = Browser(app)
    other.get(f"/cases/{reference}/reads")
    assert "somebody of the office" not in other.html
