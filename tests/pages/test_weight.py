"""A first load of every page, with everything it brings along, is small."""

from __future__ import annotations

import re

from flask import Flask

from tests.contracts.test_every_route import AWAY, places

#: Bytes of the page and of what it loads from us, unpacked.
MOST = 200_000


def test_a_first_load_is_below_two_hundred_kilobytes(app: Flask) -> None:
    client, weights = app.test_client(), dict[str, int]()
    for place in places(app, ("GET",)):
        # The description of the API for programmers loads a whole viewer, and says so.
        if place.address.startswith((*AWAY, "/api/", "/docs", "/assets", "/open311", "/metrics", "/health")):
            continue
        page = client.get(place.address, follow_redirects=True)
        if page.mimetype != "text/html":
            continue
        loaded = set(re.findall(r'<(?:link|script|img|source)\b[^>]*?\b(?:href|src)="(/[^"]+)"', page.get_data(as_text=True)))
        weight = len(page.get_data())
        for part in loaded:
            with client.get(part) as found:
                if found.mimetype != "text/html":
                    assert found.status_code == 200, (place, part)
                    weight += len(found.get_data())
        weights[place.address] = weight
    assert len(weights) > 15
    assert {address: weight for address, weight in weights.items() if weight > MOST} == {}
