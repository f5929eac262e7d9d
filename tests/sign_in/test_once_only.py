"""Answers given before, on the pages: shown before they go anywhere, ticked by hand, told of afterwards, taken back."""

from __future__ import annotations

import re
from typing import Any

from portal.unit_of_work import READER, Portal
from tests.sign_in.conftest import Browser, Foreign

HOME = "Rue Haute 1"


def register(browser: Browser, home: str = HOME) -> str:
    """A residence is registered with the form; its reference."""
    browser.get("/services/residence-registration")
    browser.post("/services/residence-registration/request")
    if browser.place.endswith("your:earlier"):
        browser.post(browser.place)
    day = {"moving_date-day": "4", "moving_date-month": "5", "moving_date-year": "2026"}
    for fields in (day, {"old_address": "Quay 1"}, {"home": home}, {"people_moving": "2"}, {"housing": "rented"}, {}, {}):
        browser.post(browser.place, **fields)
    assert browser.title == "We have your request", browser.html
    return re.findall(r'class="[^"]*code[^"]*" dir="ltr">([^<]+)<', browser.html)[0]


def park(browser: Browser) -> None:
    """The form of a parking permit is begun."""
    browser.get("/services/resident-parking-permit")
    browser.post("/services/resident-parking-permit/request")


def rest(browser: Browser, *, home: str | None = None) -> None:
    """What is left of it, up to the check."""
    for fields in (
        {"number_plate": "1-ABC-234"},
        *([{"home": home}] if home else []),
        {"vehicle": "own"},
        {"vehicle_class": "car"},
        {"disabled_badge": "no"},
        {},
    ):
        browser.post(browser.place, **fields)
    assert browser.title == "Check your answers", browser.html


def consents(portal: Portal) -> list[tuple[Any, ...]]:
    """All there are."""
    with portal.work(READER) as work:
        return work.sql("SELECT from_agency, to_agency, fields, withdrawn_at IS NULL FROM consents")


def test_ticked_it_is_not_asked_again_and_the_consent_is_told(browser: Browser, portal: Portal) -> None:
    browser.sign_in("alice")
    reference = register(browser)
    park(browser)
    assert browser.title == "Answers you gave before" and HOME in browser.html and "Civil Registry" in browser.html
    assert "checked" not in browser.html, "nothing is ticked by us"
    browser.post(browser.place, earlier="home")
    assert browser.place.endswith("/number_plate")
    rest(browser)
    assert f"from your request {reference}" in browser.html and "By sending this you agree" in browser.html
    assert consents(portal) == [], "nothing has gone anywhere yet"
    browser.post(browser.place)
    assert browser.title == "We have your request"
    assert consents(portal) == [("civil-registry", "city-council", ["home"], True)]
    browser.get("/my/consents")
    assert re.search("Answers went from .*Registry to .*Council", browser.html) and HOME in browser.html
    place = re.findall(r'action="(/cases/[^"]+/withdrawal)"', browser.html)[0]
    browser.post(place, once="k")
    assert "taken back on" in browser.html and "/withdrawal" not in browser.html
    assert consents(portal) == [("civil-registry", "city-council", ["home"], False)]
    browser.get(f"/cases/{reference}")
    assert "answers of this request were used in another one" in browser.html


def test_refused_it_is_typed(browser: Browser, portal: Portal) -> None:
    browser.sign_in("alice")
    register(browser)
    park(browser)
    browser.post(browser.place)
    rest(browser, home="Mill Lane 4")
    assert "By sending this you agree" not in browser.html and HOME not in browser.html
    browser.post(browser.place)
    assert browser.title == "We have your request" and consents(portal) == []


def test_changed_at_the_check_it_is_ones_own_answer(browser: Browser, portal: Portal) -> None:
    browser.sign_in("alice")
    register(browser)
    park(browser)
    browser.post(browser.place, earlier="home")
    rest(browser)
    check = browser.place
    browser.get(check.replace("/check", "/home"))
    browser.post(browser.place, home="Mill Lane 4")
    assert browser.place == check and "By sending this you agree" not in browser.html
    browser.post(check)
    assert consents(portal) == []


def test_what_was_shown_goes_though_another_answer_came_since(browser: Browser, portal: Portal) -> None:
    browser.sign_in("alice")
    register(browser)
    park(browser)
    browser.post(browser.place, earlier="home")
    rest(browser)
    check = browser.place
    register(browser, "Another Street 9")
    browser.get(check)
    browser.post(check)
    # The request it was shown from still says so: it goes, and no other value does.
    assert browser.title == "We have your request"
    assert [one[2] for one in consents(portal)] == [["home"]]
    browser.get("/my/consents")
    assert HOME in browser.html and "Another Street 9" not in browser.html


def test_whose_proof_has_gone_is_asked(browser: Browser, portal: Portal, app: Any, provider: Foreign) -> None:
    reference = register(browser)
    park(browser)
    assert browser.title == "Answers you gave before", "proved by the receipt of this browser"
    browser.post(browser.place, earlier="home")
    rest(browser)
    check = browser.place
    browser.post("/cases/leave")
    browser.post(check)
    assert browser.place.endswith("/home") and HOME not in browser.html
    browser.post(browser.place, home="Mill Lane 4")
    browser.post(browser.place)
    assert browser.title == "We have your request" and consents(portal) == []
    stranger = Browser(app, provider)
    park(stranger)
    assert stranger.place.endswith("/number_plate") and reference not in stranger.html


def test_a_tick_for_what_is_not_offered_takes_nothing(browser: Browser, portal: Portal) -> None:
    browser.sign_in("alice")
    register(browser)
    park(browser)
    browser.post(browser.place, earlier="number_plate")
    assert browser.place.endswith("/number_plate")
