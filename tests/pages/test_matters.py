"""A look across on the desk's pages: asked for with a purpose, shown without words, told to its party; agreed to and taken back on the party's."""

from __future__ import annotations

import re

from flask import Flask

from portal.unit_of_work import Portal
from tests.pages.conftest import Browser
from tests.pages.people import ADMIN, ALICE, DESK, sign_in
from tests.pages.test_desk import noise, open_first, send


def test_the_party_agrees_the_desk_looks_and_the_party_reads_of_it(city: Portal, app: Flask) -> None:
    here, other = noise(city, subject=ALICE.subject), noise(city, subject=ALICE.subject, text="The dog of number 7 barks, Ann.")
    desk, alice = sign_in(Browser(app), city, DESK), sign_in(Browser(app), city, ALICE)
    open_first(desk)
    reference = re.findall(r'href="/desk/cases/([^"/]+)/matters"', desk.html)[0]
    assert reference in (here, other)
    shown = ({here, other} - {reference}).pop()
    look = f"/desk/cases/{reference}/matters"
    desk.get(look)
    send(desk, look, purpose="overlap", words="Was this told before?")
    assert desk.status == 409 and "Take a task" in desk.html and "Was this told before?" in desk.html
    send(desk, f"{open_first(desk)}/claim")
    desk.get(look)
    send(desk, look, purpose="overlap", words="Was this told before?")
    assert desk.status == 403 and "ground in law" in desk.html
    send(desk, look, purpose="", words="")
    assert desk.status == 422 and 'href="#purpose"' in desk.html
    alice.get(f"/cases/{reference}/consents")
    send(alice, f"/cases/{reference}/consents")
    assert "may look at your other requests" in alice.html and "holds" in alice.html
    desk.get(look)
    send(desk, look, purpose="overlap", words="Was this told before?")
    assert desk.title == "Where their other requests stand" and shown in desk.html and "by their consent" in desk.html
    assert "barks" not in desk.html
    again = desk.place
    alice.get(f"/cases/{shown}/reads")
    assert "Looks across your requests" in alice.html and "given, elsewhere" in alice.html and "this request was shown" in alice.html
    assert "Was this told before?" not in alice.html
    alice.get(f"/cases/{reference}/consents")
    send(alice, re.findall(r'action="(/cases/[^"]+/withdrawal)"', alice.html)[0])
    assert "taken back on" in alice.html
    desk.get(again)
    assert shown not in desk.html, "it rests on a consent that was taken back"
    admin = sign_in(Browser(app), city, ADMIN)
    admin.get(again)
    assert admin.status == 403


def test_who_never_signed_in_is_told_why_it_cannot_be_agreed_to(city: Portal, app: Flask) -> None:
    from tests.pages.test_rights import party

    browser = party(city, app, noise(city))
    place = f"{browser.place}/consents"
    browser.get(place)
    assert "You have agreed to nothing of the kind." in browser.html
    send(browser, place)
    assert browser.status == 409 and "keep this request among your own first" in browser.html
