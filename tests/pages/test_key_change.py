"""SECRET_KEY is changed while people are at it: what their browsers hold stays good as long as the earlier key is named, and not a moment longer."""

from __future__ import annotations

import json
from dataclasses import replace

from pydantic import SecretStr

from portal.app import create_app
from portal.unit_of_work import Portal
from tests.ledger.conftest import SECRET
from tests.pages.conftest import Browser, city

__all__ = ["city"]


def changed(city: Portal, earlier: str) -> Portal:
    update = {
        "secret_key": SecretStr("another key of the tests, and long enough too"),
        "secret_key_fallbacks": SecretStr(json.dumps([earlier] if earlier else [])),
    }
    return replace(city, settings=city.settings.model_copy(update=update))


def moved(browser: Browser, portal: Portal) -> Browser:
    """The same browser at the portal with the changed key."""
    new = Browser(create_app(portal))
    for name in ("cases", "draft"):
        cookie = browser.client.get_cookie(name)
        if cookie:
            new.client.set_cookie(name, cookie.value)
    return new


def test_browsers_and_secrets_outlive_a_change_of_the_key(city: Portal) -> None:
    told = create_app(city).test_client().post("/api/v1/cases", json={"service": "pothole", "answers": {"place": "Rue Haute 1"}}).get_json()
    browser = Browser(create_app(city))
    browser.post("/cases", reference=told["reference"], secret=told["secret"])
    kept = moved(browser, changed(city, SECRET))
    page = kept.get(f"/cases/{told['reference']}")
    assert told["reference"] in page and 'name="secret"' not in page
    fresh = Browser(create_app(changed(city, SECRET)))
    fresh.post("/cases", reference=told["reference"], secret=told["secret"])
    assert fresh.place == f"/cases/{told['reference']}"
    lost = moved(browser, changed(city, ""))
    assert 'name="secret"' in lost.get(f"/cases/{told['reference']}")
    assert lost.client.post("/cases", data={"reference": told["reference"], "secret": told["secret"]}).status_code == 422


def test_a_cookie_of_another_portal_opens_nothing(city: Portal) -> None:
    told = create_app(city).test_client().post("/api/v1/cases", json={"service": "pothole", "answers": {"place": "Rue Haute 1"}}).get_json()
    browser = Browser(create_app(city))
    browser.post("/cases", reference=told["reference"], secret=told["secret"])
    cookie = browser.client.get_cookie("cases")
    assert cookie is not None
    for forged in (
        cookie.value[:-9] + ("A" if cookie.value[-9] != "A" else "B") + cookie.value[-8:],
        cookie.value + "x",
        "",
        "null",
        "." * 50,
        "W10.x.y",
        "\u00e9",
        "a" * 3000,
    ):
        other = Browser(create_app(city))
        other.client.set_cookie("cases", forged)
        assert 'name="secret"' in other.get(f"/cases/{told['reference']}")
        assert other.status == 200
