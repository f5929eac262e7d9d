"""The case's own page: who may see it, and what can be done there."""

from __future__ import annotations

from flask import Flask

from tests.pages.conftest import Browser
from tests.pages.test_form import to_the_check


def sent(browser: Browser) -> tuple[str, str]:
    """Reference and secret of a pothole that was reported."""
    browser.post(to_the_check(browser))
    return browser.code(0), browser.code(1)


def test_reference_and_secret_open_it_for_this_browser_only(browser: Browser, app: Flask) -> None:
    reference, secret = sent(browser)
    other = Browser(app)
    other.get(f"/cases/{reference}")
    assert other.title == "Follow a request" and "Mill Lane" not in other.html
    other.post("/cases", reference=reference, secret="AAAAA-AAAAA")
    assert other.status == 422 and "do not belong together" in other.html
    other.post("/cases", reference=reference.lower(), secret=secret.lower().replace("-", " "))
    assert other.title == "Pothole or damaged pavement"
    other.post("/cases/leave")
    other.get(f"/cases/{reference}")
    assert other.title == "Follow a request"


def test_one_case_proved_opens_no_other(browser: Browser, app: Flask) -> None:
    first, _ = sent(browser)
    other = Browser(app)
    second, _ = sent(other)
    browser.get(f"/cases/{second}")
    assert browser.title == "Follow a request"
    browser.post(f"/cases/{second}/messages", words="let me in", once="1")
    assert browser.status == 404
    browser.get(f"/cases/{first}")
    assert browser.title == "Pothole or damaged pavement"


def test_a_forged_cookie_opens_nothing(browser: Browser, app: Flask) -> None:
    reference, _ = sent(browser)
    other = Browser(app)
    cookie = browser.client.get_cookie("cases")
    assert cookie is not None
    other.client.set_cookie("cases", cookie.value[:-2] + "xx")
    other.get(f"/cases/{reference}")
    assert other.title == "Follow a request"


def test_a_message_is_taken_once(browser: Browser) -> None:
    reference, _ = sent(browser)
    for _ in range(2):
        browser.post(f"/cases/{reference}/messages", words="It is <deeper> now", once="one")
    assert browser.html.count("It is &lt;deeper&gt; now") == 1
    browser.post(f"/cases/{reference}/messages", words="  ", once="two")
    assert browser.status == 422 and "Write your message first" in browser.html


def test_it_is_taken_back_after_one_more_question_and_rated(browser: Browser) -> None:
    reference, _ = sent(browser)
    browser.get(f"/cases/{reference}/withdrawal")
    assert browser.title == "Take this request back"
    browser.post(words="", once="x")
    assert "Your request was taken back" in browser.html and "How was it?" in browser.html
    browser.post(f"/cases/{reference}/feedback", score="", once="y")
    assert browser.status == 422
    browser.post(f"/cases/{reference}/feedback", score="4", words="fine", once="y")
    assert "Thank you for telling us" in browser.html and "How was it?" not in browser.html
