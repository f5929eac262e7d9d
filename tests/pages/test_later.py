"""A form is saved, taken up elsewhere, changed by two at once, deleted, and forgotten; what is not there and what is not yours look the same."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

from portal.cases import reference as references
from portal.reactions import sweep
from portal.unit_of_work import ENGINE, Portal
from tests.pages.conftest import Browser
from tests.pages.people import ALICE, sign_in
from tests.servers import Database


def begun(browser: Browser, place: str = "Mill Lane 4") -> tuple[str, str]:
    """The pothole form with its first answer, saved; reference and secret."""
    browser.post("/services/pothole/request")
    browser.post(place=place)
    browser.post(surface="cycle-path", do="later")
    assert browser.title == "Saved for later", browser.html
    return browser.code(0), browser.code(1)


def version(browser: Browser) -> str:
    """What the form in hand was made of."""
    found = re.search(r'name="version" value="(\d+)"', browser.html)
    assert found
    return found[1]


def own(browser: Browser, city: Portal, page: str) -> dict[str, Any]:
    """What a form of Alice's carries, who signs in with this browser."""
    sign_in(browser, city, ALICE).get(page)
    found = re.search(r'name="form-token" value="([^"]+)"', browser.html)
    assert found
    return {"form-token": found[1]}


def look(database: Database, sql: str) -> list[tuple[object, ...]]:
    """Rows as they stand, whoever may see them."""
    with psycopg.connect(database.superuser_url) as connection:
        return connection.execute(sql).fetchall()


def test_what_was_begun_goes_on_on_another_device_and_is_sent_once(browser: Browser, app: Flask, fresh_database: Database) -> None:
    reference, secret = begun(browser)
    assert "/drafts" in browser.html and "is kept until" in browser.html
    other = Browser(app, "fr")
    other.post("/drafts", reference=reference.lower(), secret=secret.replace("-", " "))
    assert other.place.endswith("/depth_cm")
    other.get(other.place.replace("depth_cm", "place"))
    assert "Mill Lane 4" in other.html
    other.get(other.place.replace("place", "depth_cm"))
    other.post(depth_cm="12", version=version(other))
    other.post(email="ada@example.org", version=version(other))
    check = other.place
    assert check.endswith("/check")
    held = version(other)
    other.post(check, version=held)
    assert other.place.endswith("/done")
    sent = other.code(0)
    other.post(check, version=held)
    assert other.place.endswith("/done") and other.code(0) == sent
    browser.get(check)
    assert browser.place.endswith("/done") and browser.code(0) == sent
    third = Browser(app)
    third.post("/drafts", reference=reference, secret=secret)
    assert third.status == 422 and "sent already" in third.html and sent not in third.html
    assert look(fresh_database, "SELECT count(*) FROM vault_items WHERE kind = 'draft' AND value IS NOT NULL") == [(0,)]
    told = look(fresh_database, "SELECT type FROM events JOIN saved_drafts USING (case_id) ORDER BY seq")
    assert [type for (type,) in told] == ["DraftBegun", "DraftTakenUp", "DraftChanged", "DraftChanged", "DraftEnded"]
    assert not look(fresh_database, "SELECT 1 FROM events WHERE data::text LIKE '%Mill Lane%' OR data::text LIKE '%ada@%'")


def test_two_devices_at_once_overwrite_nothing(browser: Browser, app: Flask) -> None:
    reference, secret = begun(browser)
    other = Browser(app)
    other.post("/drafts", reference=reference, secret=secret)
    browser.get(other.place)
    seen = version(browser)
    other.post(depth_cm="12", version=version(other))
    step = browser.place
    browser.post(step, depth_cm="40", version=seen)
    assert browser.status == 422 and "has changed this form since" in browser.html and 'value="40"' in browser.html
    browser.post(step, depth_cm="40", version=version(browser))
    assert browser.status == 200 and browser.place.endswith("your:contact")
    browser.post(name="Ada", version=version(browser))
    old = version(browser)
    other.get(step)
    other.post(step, depth_cm="41", version=version(other))
    browser.post(version=old)
    assert browser.status == 412 and "has changed this form since" in browser.html and "41" in browser.html


def test_pressed_twice_is_pressed_once(browser: Browser) -> None:
    begun(browser)
    browser.get(browser.place.replace("your:draft", "depth_cm"))
    step, seen = browser.place, version(browser)
    browser.post(step, depth_cm="12", version=seen)
    browser.post(step, depth_cm="12", version=seen)
    assert browser.status == 200 and browser.place.endswith("your:contact")


def test_what_cannot_be_taken_yet_is_there_again(browser: Browser) -> None:
    browser.post("/services/pothole/request")
    browser.post(place="Mill Lane 4"), browser.post(surface="")
    browser.post(depth_cm="about <so> deep", do="later")
    assert browser.title == "Saved for later"
    browser.get(browser.place.replace("your:draft", "check"))
    assert browser.place.endswith("depth_cm") and 'value="about &lt;so&gt; deep"' in browser.html


def test_who_signed_in_finds_it_among_its_own(browser: Browser, app: Flask, city: Portal) -> None:
    token = own(browser, city, "/services/pothole")
    browser.post("/services/pothole/request", **token)
    browser.post(place="Mill Lane 4", **token)
    other = sign_in(Browser(app), city, ALICE)
    other.get("/my")
    found = re.search(r'href="(/request/[^"]+/check)"', other.html)
    assert found and "Begun and not sent" in other.html
    other.get(found[1])
    assert other.place.endswith("/surface")
    stranger = Browser(app)
    stranger.get(found[1])
    assert stranger.status == 404


def test_a_kept_one_is_somebodys_and_by_its_secret_everybodys_who_has_it(browser: Browser, app: Flask, city: Portal) -> None:
    reference, secret = begun(browser)
    alice = Browser(app)
    token = own(alice, city, "/drafts")
    alice.post("/drafts", reference=reference, secret=secret, **token)
    place = re.sub(r"/[^/]+$", "/your:draft", alice.place)
    alice.post(f"{place}/keeping", **token)
    assert "among your own" in alice.html
    again = sign_in(Browser(app), city, ALICE)
    again.get("/my")
    assert reference in again.html


def test_deleted_lapsed_foreign_and_never_there_are_one_answer(app: Flask, city: Portal, fresh_database: Database) -> None:
    deleted, lapsed, foreign = Browser(app), Browser(app), Browser(app)
    gone, old, other = begun(deleted), begun(lapsed), begun(foreign)
    deleted.post(f"{deleted.place}/deletion")
    assert "is deleted" in deleted.html
    with city.work(ENGINE) as work:
        now = work.now
    sweep(city, at=now + timedelta(days=27, hours=1))
    sweep(city, at=now + timedelta(days=30, hours=1))
    left = look(fresh_database, "SELECT status FROM saved_drafts ORDER BY case_id")
    assert left == [("deleted",), ("lapsed",), ("lapsed",)]
    assert look(fresh_database, "SELECT count(*) FROM vault_items WHERE value IS NOT NULL") == [(0,)]
    answers = set()
    for reference, secret in (gone, old, (other[0], gone[1]), (references.new(), "AAAAA-AAAAA")):
        stranger = Browser(app)
        stranger.post("/drafts", reference=reference, secret=secret)
        answers.add((stranger.status, stranger.html.replace(reference, "-")))
    assert len(answers) == 1 and next(iter(answers))[0] == 422
    lapsed.get(lapsed.place)
    foreign.get("/request/00000000-0000-7000-8000-000000000000/your:draft")
    assert lapsed.status == foreign.status == 404


def test_guesses_are_counted_and_locked(browser: Browser, app: Flask) -> None:
    reference, secret = begun(browser)
    guesser = Browser(app)
    for _ in range(10):
        guesser.post("/drafts", reference=reference, secret="AAAAA-AAAAA")
        assert guesser.status == 422
    guesser.post("/drafts", reference=reference, secret=secret)
    assert guesser.status == 429


def test_the_door_of_requests_knows_drafts_too(browser: Browser, app: Flask) -> None:
    reference, secret = begun(browser)
    other = Browser(app)
    other.post("/cases", reference=reference, secret=secret)
    assert other.place.endswith("/depth_cm")


def test_odd_texts_come_back_unchanged(browser: Browser, app: Flask, shared_data: Path) -> None:
    naughty = json.loads((shared_data / "hostile" / "blns.json").read_text("utf-8"))
    kept = [text for text in naughty if text.strip() and len(text) <= 2000 and not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)]
    assert len(kept) > 400
    browser.post("/services/pothole/request")
    step = browser.place
    for text in kept[:2]:
        browser.post(step, place=text)
    browser.post(browser.place, surface="", do="later")
    reference, secret = browser.code(0), browser.code(1)
    other = Browser(app)
    other.post("/drafts", reference=reference, secret=secret)
    for text in kept[::4]:
        other.get(step)
        other.post(step, place=text, version=version(other))
        other.get(step)
        shown = re.search(r"<textarea[^>]*>(.*?)</textarea>", other.html, re.S) or re.search(r'name="place"[^>]*value="([^"]*)"', other.html)
        assert shown and unescape(shown[1]).lstrip("\n") == text.strip().replace("\r\n", "\n").replace("\r", "\n"), text
