"""A browser without scripts on a portal of its own."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.app import create_app
from portal.unit_of_work import Portal
from tests.ledger.conftest import city

__all__ = ["city"]


class Browser:
    """Keeps cookies, follows redirects, and fills the forms it is shown."""

    def __init__(self, app: Flask, language: str = "en") -> None:
        self.client = app.test_client()
        self.headers = {"Accept-Language": language}
        self.place, self.html, self.status = "/", "", 0

    def _seen(self, found: TestResponse) -> str:
        self.place, self.status, self.html = found.request.path, found.status_code, found.get_data(as_text=True)
        return self.html

    def get(self, address: str) -> str:
        """The page there."""
        return self._seen(self.client.get(address, headers=self.headers, follow_redirects=True))

    def post(self, address: str | None = None, /, headers: dict[str, str] | None = None, **fields: Any) -> str:
        """What a form leads to; without an address the page in hand is sent to itself."""
        return self._seen(self.client.post(address or self.place, data=fields, headers={**self.headers, **(headers or {})}, follow_redirects=True))

    @property
    def title(self) -> str:
        """Heading of the page."""
        found = re.findall(r"<h1[^>]*>(.*?)</h1>", self.html, re.DOTALL)
        assert len(found) == 1, f"{self.place}: a page has one h1, this has {len(found)}"
        return unescape(re.sub(r"<[^>]+>", "", found[0])).strip()

    def code(self, at: int) -> str:
        """Reference (0) or secret (1) of a receipt."""
        return re.findall(r'class="od-code" dir="ltr">([^<]+)<', self.html)[at]


@pytest.fixture
def app(city: Portal) -> Flask:
    """The whole web application."""
    return create_app(city)


@pytest.fixture
def browser(app: Flask) -> Browser:
    """Somebody who came for the first time."""
    return Browser(app)
