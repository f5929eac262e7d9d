"""Chromium on the whole web application; skipped with a reason where there is none."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from portal.app import create_app
from portal.unit_of_work import Portal
from tests.laws.rooms import ROOT
from tests.ledger.conftest import city

__all__ = ["city"]

AXE = Path(__file__).parent / "axe.min.js"
SHOTS = ROOT / "build" / "screenshots"
#: What axe-core looks for.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--no-first-run"]


class Person:
    """Somebody at a screen who uses the keyboard alone; every page is looked at by axe, and kept as a picture."""

    def __init__(self, page: Any, address: str, name: str, *, scripts: bool = True) -> None:
        self.page, self.address, self.name, self.scripts = page, address, name, scripts
        page.set_default_timeout(60_000)
        self.troubles: list[str] = []
        self.shots = 0
        page.on("console", lambda said: self.troubles.append(said.text) if said.type == "error" and "422" not in said.text else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", lambda sent: self.troubles.append(f"asked {sent.url}") if not sent.url.startswith(address) else None)

    def go(self, path: str) -> None:
        """Types an address."""
        self.page.goto(self.address + path)

    def tab_to(self, selector: str) -> None:
        """Presses Tab until that element has the focus."""
        for _ in range(80):
            if self.page.evaluate("s => document.activeElement && document.activeElement.matches(s)", selector):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.page.url}: no way to {selector} by keyboard")

    def type(self, selector: str, text: str) -> None:
        """Fills a box."""
        self.tab_to(selector)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def press(self, selector: str, key: str = "Enter") -> None:
        """Presses a button or follows a link, and waits for the page it leads to."""
        self.tab_to(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)

    def see(self, selector: str, what: str, key: str = "Enter") -> None:
        """Presses a button and waits for what it brings: with scripts in place, without them on a page of its own."""
        self.tab_to(selector)
        self.page.keyboard.press(key)
        self.page.wait_for_selector(what)

    def look(self, what: str) -> None:
        """A picture, and what is wrong for people who cannot see it so. Nothing reaches beyond the screen sideways."""
        self.shots += 1
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(SHOTS / f"{self.name}-{self.shots:02}-{what}.png"), full_page=True)
        if self.scripts:
            # axe is a script: where they are off the page is the same, and was looked at with them on.
            self.page.evaluate(AXE.read_text("utf-8"))
            found = self.page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
            assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]] == [], what
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{what} is wider than the screen"
        assert self.troubles == []


@contextmanager
def at_a_screen(browser: Any, address: str, *, language: str, width: int, scripts: bool, name: str, session: str | None = None) -> Iterator[Person]:
    """Somebody with a browser of their own, signed in or not; what the portal forbids its pages stays forbidden."""
    context = browser.new_context(viewport={"width": width, "height": 740}, locale=language, java_script_enabled=scripts)
    if session:
        context.add_cookies([{"name": "session", "value": session, "url": address}])
    try:
        yield Person(context.new_page(), address, f"{name}-{language}-{width}{'' if scripts else '-no-scripts'}", scripts=scripts)
    finally:
        context.close()


@pytest.fixture
def address(city: Portal) -> Iterator[str]:
    """Where the application answers."""
    with answering(city) as place:
        yield place


@contextmanager
def answering(city: Portal) -> Iterator[str]:
    """Where the application of a portal answers, while it does."""
    server = make_server("127.0.0.1", 0, create_app(city), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def place_of_chromium() -> str | None:
    """Where Debian, or somebody else, has put it."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser for all stories of its module."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright: .venv/bin/pip install playwright")
    place = place_of_chromium()
    if place is None:
        pytest.skip("no browser: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, headless=True, args=QUIET)
        yield browser
        browser.close()
