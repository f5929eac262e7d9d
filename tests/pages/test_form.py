"""From a sentence to a receipt: a question a page, nothing typed is lost, sent once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from portal.unit_of_work import ENGINE, Portal
from tests.pages.conftest import Browser


def cases(city: Portal) -> int:
    """How many there are."""
    with city.engine.connect() as connection:
        connection.exec_driver_sql("SET ROLE portal_figures")
        return int(connection.exec_driver_sql("SELECT count(*) FROM events WHERE type = 'CaseOpened'").scalar_one())


def to_the_check(browser: Browser) -> str:
    """Fills the pothole form; address of its last page."""
    browser.post("/services/pothole/request")
    browser.post(place="Mill Lane 4")
    browser.post(surface="cycle-path")
    browser.post(depth_cm="12")
    browser.post(name="Ada Byron", email="ada@example.org")
    assert browser.title == "Check your answers"
    return browser.place


def test_a_story_from_words_to_the_case(browser: Browser, city: Portal) -> None:
    browser.get("/")
    browser.post("/find", text="there is a hole in the road")
    assert "/services/pothole" in browser.html
    browser.get("/services/pothole")
    check = to_the_check(browser)
    for said in ("Mill Lane 4", "On a cycle path", "12", "ada@example.org"):
        assert said in browser.html
    browser.post(check)
    assert browser.title == "We have your request"
    assert "You will hear the outcome by" in browser.html
    reference, secret = browser.code(0), browser.code(1)
    browser.get(f"/cases/{reference}")
    assert browser.title == "Pothole or damaged pavement"
    assert "You are here" in browser.html and "Mill Lane 4" in browser.html
    assert secret not in browser.html
    assert cases(city) == 1


def test_a_fault_keeps_what_was_typed_and_says_what_to_do(browser: Browser) -> None:
    browser.post("/services/pothole/request")
    browser.post(place="")
    assert browser.status == 422
    assert 'href="#place"' in browser.html and "we cannot go on without it" in browser.html
    browser.post(place="Mill Lane")
    browser.post(surface="")
    browser.post(depth_cm="deep <b>")
    assert browser.status == 422
    assert 'value="deep &lt;b&gt;"' in browser.html and "from 0 to 300" in browser.html
    browser.post(depth_cm="")
    browser.post(email="ada at example")
    assert 'value="ada at example"' in browser.html and "name@example.org" in browser.html


def test_an_answer_changed_at_the_check_leads_back_to_it(browser: Browser) -> None:
    check = to_the_check(browser)
    browser.get(check.replace("/check", "/depth_cm"))
    assert 'value="12"' in browser.html
    browser.post(depth_cm="30")
    assert browser.place == check and "30" in browser.html and "Mill Lane 4" in browser.html


def test_sent_twice_back_and_again_is_one_case(browser: Browser, app: Flask, city: Portal) -> None:
    check = to_the_check(browser)
    with ThreadPoolExecutor(4) as pool:
        cookie = browser.client.get_cookie("draft")
        assert cookie is not None
        tabs = [Browser(app) for _ in range(4)]
        for tab in tabs:
            tab.client.set_cookie("draft", cookie.value)
        list(pool.map(lambda tab: tab.post(check), tabs))
    assert {tab.title for tab in tabs} == {"We have your request"}
    assert len({tab.code(0) for tab in tabs}) == 1
    browser.post(check)
    assert browser.code(0) == tabs[0].code(0)
    browser.get(check.replace("/check", "/place"))
    assert browser.title == "We have your request"
    assert cases(city) == 1


def test_another_browser_sees_nothing_of_it(browser: Browser, app: Flask) -> None:
    check = to_the_check(browser)
    other = Browser(app)
    other.get(check)
    assert other.status == 404 and "Mill Lane" not in other.html
    other.post("/services/pothole/request")
    other.get(check)
    assert other.status == 404


def test_what_is_typed_lies_sealed_in_the_database(browser: Browser, city: Portal) -> None:
    to_the_check(browser)
    with city.work(ENGINE) as work:
        (sealed,) = work.sql("SELECT sealed FROM drafts")
    assert b"Mill Lane" not in bytes(sealed[0])


def test_danger_is_answered_at_once(browser: Browser) -> None:
    browser.post("/find", text="my neighbour's house is on fire")
    assert "call 112 now" in browser.html
    browser.post("/request", text="I smell gas in the stairs")
    assert "call 112 now" in browser.html and browser.title == "What is it about?"
    assert "alerted" not in browser.html, "nobody of ours knows before it is sent"


def test_words_without_a_service_find_people(browser: Browser, city: Portal) -> None:
    browser.post("/request", text="something odd with the moon")
    browser.post(words="something odd with the moon")
    browser.post(name="")
    browser.post(browser.place)
    assert browser.title == "We have your request"
    assert cases(city) == 1


def test_questions_follow_the_answers(browser: Browser, city: Portal) -> None:
    """Every service's form can be walked from its first page to the check with its own rules."""
    for service in city.catalogue.services.values():
        if service.triage:
            continue
        browser.post(f"/services/{service.id}/request")
        for _ in range(2 * len(service.fields) + 3):
            step = browser.place.rpartition("/")[2]
            if step == "check":
                break
            assert browser.status == 200, (service.id, step, re.sub(r"<[^>]+>", " ", browser.html)[:600])
            field = next((one for one in service.fields if one.id == step), None)
            if field is None:
                browser.post()
            elif field.type == "date":
                browser.post(**{f"{field.id}-day": "1", f"{field.id}-month": "2", f"{field.id}-year": "2027"})
            else:
                given = {"integer": str(field.minimum or 1), "decimal": str(field.minimum or 1), "boolean": "yes", "email": "a@b.example"}
                given |= {"phone": "+3221234567", "choice": field.options[0].id, "choices": field.options[0].id} if field.options else {"phone": "+3221234567"}
                browser.post(**{field.id: given.get(field.type, "words")})
        assert browser.place.endswith("/check"), (service.id, browser.place)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_form_of_another_site_does_nothing(browser: Browser, city: Portal, headers: dict[str, str]) -> None:
    check = to_the_check(browser)
    browser.post(check, headers=headers)
    assert browser.status == 403 and cases(city) == 0
