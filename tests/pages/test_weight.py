"""A first load of every page, with everything it brings along, is small."""

from __future__ import annotations

import gzip
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.unit_of_work import Portal
from tests.contracts.test_every_route import AWAY, places
from tests.pages.conftest import Browser
from tests.pages.people import CHAMPION, DESK, sign_in
from tests.pages.test_desk import noise, open_first

#: Bytes of the page and of what it loads from us, unpacked; and packed, as a server in front sends them.
MOST, PACKED = 200_000, 60_000


def load(client: FlaskClient, address: str, language: str = "en") -> list[bytes]:
    """The page, its styles and scripts, its pictures, and what its styles load; nothing where it is no page."""
    page = client.get(address, headers={"Accept-Language": language}, follow_redirects=True)
    if page.mimetype != "text/html":
        return []
    bodies = {"": page.get_data()}
    wanted = re.findall(r'<(?:link|script|img|source)\b[^>]*?\b(?:href|src)="(/[^"]+)"', page.get_data(as_text=True))
    while wanted:
        part = wanted.pop()
        if part in bodies:
            continue
        with client.get(part) as found:
            if found.mimetype == "text/html":
                continue
            assert found.status_code == 200, (address, part)
            bodies[part] = found.get_data()
            if found.mimetype == "text/css":
                wanted += re.findall(r"""url\(["']?(/[^"')]+)""", found.get_data(as_text=True))
    return list(bodies.values())


def test_a_first_load_is_below_two_hundred_kilobytes(app: Flask) -> None:
    client, weights = app.test_client(), dict[str, int]()
    for place in places(app, ("GET",)):
        # Programmers try the API in a whole viewer, and read all of it on one page.
        if place.address == "/docs" or place.address.startswith((*AWAY, "/api/", "/docs/try", "/assets", "/open311", "/metrics", "/health")):
            continue
        if loaded := load(client, place.address):
            weights[place.address] = sum(map(len, loaded))
    assert len(weights) > 15
    assert {address: weight for address, weight in weights.items() if weight > MOST} == {}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_so_is_that_of_who_signed_in(city: Portal, app: Flask, language: str) -> None:
    reference = noise(city)
    desk, champion, nobody = sign_in(Browser(app), city, DESK), sign_in(Browser(app), city, CHAMPION), Browser(app)
    at_desk = ("/desk", open_first(desk), f"/desk/cases/{reference}", "/desk/referrals")
    asked = [(desk, address) for address in at_desk] + [(champion, "/champion"), (nobody, "/"), (nobody, "/services/noise-complaint")]
    for browser, address in asked:
        loaded = load(browser.client, address, language)
        assert len(loaded) >= 3, address
        assert sum(map(len, loaded)) <= MOST, address
        assert sum(len(gzip.compress(one, 6, mtime=0)) for one in loaded) <= PACKED, address
