"""Every role walks its story in a real browser; nothing axe knows of stands in the way, no page errs, nothing is asked of another host."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import product
from typing import Any

import pytest

from portal.pages import speech
from portal.unit_of_work import Portal
from tests.browser.conftest import QUIET, answering, at_a_screen, place_of_chromium
from tests.browser.seeds import town
from tests.browser.stories import STORIES, Story
from tests.pages.people import token_of

#: Language, width and scripts of the sample; `make long` walks all there are.
SAMPLE = (("en", 360, True), ("ar", 1280, False))
WIDTHS = (360, 1280)


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width", "scripts"), SAMPLE, ids=lambda one: str(one))
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_role_walks_its_story(chromium: Any, city: Portal, address: str, story: Story, language: str, width: int, scripts: bool) -> None:
    walk(chromium, city, address, story, language, width, scripts)


def walk(browser: Any, city: Portal, address: str, story: Story, language: str, width: int, scripts: bool) -> None:
    """The story, in a town where something has happened."""
    town(city)
    session = token_of(city, story.who) if story.who else None
    with at_a_screen(browser, address, language=language, width=width, scripts=scripts, name=story.name, session=session) as person:
        story.walk(person)


def exhaustive() -> tuple[int, int]:
    """Every story in every language, on both screens, with and without scripts; for `make long`."""
    from playwright.sync_api import sync_playwright

    from portal.db import connect
    from portal.reactions import REACTIONS
    from portal.settings import Settings
    from tests.ledger.conftest import SECRET, catalogue
    from tests.servers import chosen_binaries, running_servers

    walked = failed = 0
    with ExitStack() as stack:
        servers = stack.enter_context(running_servers(chosen_binaries()))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=place_of_chromium(), headless=True, args=QUIET)
        for story, language, width, scripts in product(STORIES, speech.LANGUAGES, WIDTHS, (True, False)):
            database = servers.database()
            city = Portal(connect(database.url), catalogue(), REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]
            walked += 1
            try:
                with answering(city) as address:
                    walk(browser, city, address, story, language, width, scripts)
            except Exception as error:
                failed += 1
                print(f"{story.name} {language} {width} scripts={scripts}: {error}", flush=True)
            city.engine.dispose()
            servers.drop(database.name)
        browser.close()
    return walked, failed
