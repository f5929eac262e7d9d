"""A citizen reports a pothole on a telephone, by keyboard, and follows it; nothing axe knows of stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

from portal.pages import speech
from tests.browser.conftest import Person


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width"), [(one, 360) for one in speech.LANGUAGES] + [("en", 1280)])
def test_from_a_sentence_to_a_case(chromium: Any, address: str, language: str, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 740}, locale=language, bypass_csp=True)
    try:
        walk(Person(context.new_page(), address, f"{language}-{width}"))
    finally:
        context.close()


def walk(person: Person) -> None:
    """The story."""
    person.go("/")
    person.look("home")
    person.type("#text", "pothole nid de poule")
    person.press("main form button")
    person.look("found")
    person.press("main a[href='/services/pothole']")
    person.look("service")
    person.press("main form button")
    person.press("main form button")
    person.look("step-with-a-fault")
    person.type("#place", "Mill Lane 4")
    person.press("main form button")
    person.tab_to("#surface")
    person.page.keyboard.press("Space")
    person.look("choice")
    person.press("main form button")
    person.type("#depth_cm", "deep")
    person.press("main form button")
    person.look("number-with-a-fault")
    person.type("#depth_cm", "12")
    person.press("main form button")
    person.type("#email", "ada@example.org")
    person.look("contact")
    person.press("main form button")
    person.look("check")
    person.press("main form button")
    person.look("done")
    person.press("main a.govuk-button")
    person.look("case")
    person.type("#words", "It is deeper now.")
    person.press("form[action$='/messages'] button")
    person.look("message")
    person.press("a[href$='/withdrawal']")
    person.look("withdrawal")
    person.go("/performance")
    person.look("performance")
    person.go("/nothing-here")
    person.troubles.clear()
    person.look("not-found")
