"""The post room on its pages: take, print, post, came back, printed again; and a letter that came in."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from portal.db import new_id
from portal.dispatch.deliver import drain
from portal.intake.receive import Submission, receive
from portal.unit_of_work import ANONYMOUS, Portal
from tests.pages.conftest import Browser
from tests.pages.people import ROADS, colleague, sign_in
from tests.pages.test_desk import send


def by_letter(city: Portal) -> str:
    """The reference of a request that came by letter; its answer waits to be printed."""
    id, contact = new_id(), {"name": "Anna Dupont", "address": "Rue Haute 12\n1000 Brussels"}
    with city.work(ANONYMOUS, new_cases=[id]) as work:
        given: dict[str, Any] = {"service": "pothole", "answers": {"place": "Mill Lane", "surface": "pavement"}, "contact": contact, "channel": "post"}
        reference = str(receive(work, Submission(**given), case_id=id).case["reference"])
    drain(city, kinds=["notice"])
    return reference


@pytest.fixture
def room(city: Portal, app: Flask) -> Browser:
    """Somebody in the post room of the roads."""
    return sign_in(Browser(app), city, ROADS)


def test_letters_from_the_list_to_the_mail_and_back(city: Portal, app: Flask, room: Browser) -> None:
    reference = by_letter(city)
    room.get("/desk/post")
    assert reference in room.html and "Waiting to be printed" in room.html
    send(room, "/desk/post/batches")
    batch = re.findall(r'href="(/desk/post/batches/[0-9a-f-]+)/letters"', room.html)[0]
    got = room.client.get(f"{batch}/letters")
    assert got.content_type == "application/pdf" and got.data.startswith(b"%PDF-")
    second = sign_in(Browser(app), city, colleague(ROADS))
    second.get("/desk/post")
    assert "A colleague" in second.html and "Take what waits" not in second.html
    send(room, f"{batch}/posted")
    assert "in the post" in room.html
    letter = re.findall(r'href="(/desk/post/[0-9a-f-]{36})"', room.html)[0]
    room.get(letter)
    assert "Rue Haute 12" in room.html
    send(room, f"{letter}/returned")
    assert room.status == 422 and "Choose an answer." in room.html
    send(room, f"{letter}/returned", reason="moved")
    assert "Moved away" in room.html
    room.get(letter)
    send(room, f"{letter}/again", why="other-address")
    assert room.status == 422 and "Write the other address." in room.html
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', room.html))
    room.post(f"{letter}/again", **hidden, why="other-address", address="Quay 1")
    assert "printed again" in room.html
    room.get("/desk")
    assert "A letter came back: find the right address" in room.html


def test_a_batch_that_is_not_there_is_told_of(city: Portal, room: Browser) -> None:
    by_letter(city)
    room.get("/desk/post")
    token = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', room.html)
    room.post(f"/desk/post/batches/{uuid4()}/posted", **dict(token))
    assert room.status == 422 and "There is nothing here" in room.html


def test_a_letter_is_written_down_on_the_page(city: Portal, room: Browser) -> None:
    room.get("/desk/letters?service=pothole")
    assert room.title == "A letter has come in" and "place" in room.html
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', room.html.split("<form")[-1]))
    today = datetime.now(UTC).astimezone(ZoneInfo("Europe/Brussels")) - timedelta(days=2)
    said = {**hidden, "kind": "new", "place": "Mill Lane", "surface": "pavement", "name": "Ann", "address": "Quay 1\r\n1000 Brussels", "language": "fr"}
    room.post("/desk/letters", **said, **{"received-day": "31", "received-month": "2", "received-year": "2026"})
    assert room.status == 422 and "Write the day the letter came in" in room.html and "Mill Lane" in room.html
    when = {"received-day": str(today.day), "received-month": str(today.month), "received-year": str(today.year)}
    room.post("/desk/letters", **said, **when, scan=(io.BytesIO(b"\x7fELF\x02\x01\x01\x00"), "x.exe"))
    assert room.status == 422 and "Mill Lane" in room.html
    room.post("/desk/letters", **said, **when, scan=(io.BytesIO(b"%PDF-1.4 a scan"), "scan.pdf"))
    assert room.title == "The letter is written down"
    reference = re.findall(r'href="/desk/cases/([^"]+)"', room.html)[0]
    room.get(f"/desk/cases/{reference}")
    assert "scan.pdf" in room.html and "A letter came in." in room.html
    room.post("/desk/letters", **said | when)
    assert reference in room.html, "the same form sent again is the same letter"
    room.get("/desk/letters?service=pothole")
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', room.html.split("<form")[-1]))
    about = {**hidden, **when, "kind": "withdrawal", "reference": reference, "text": "Leave it."}
    room.post("/desk/letters", **about, scan=(io.BytesIO(b"%PDF-1.4 the withdrawal"), "withdrawal.pdf"))
    assert room.title == "The letter is written down", room.html
    room.get(f"/desk/cases/{reference}")
    assert "withdrawal.pdf" in room.html and "scan.pdf" in room.html
    old = {"received-day": "1", "received-month": "1", "received-year": str(today.year - 1)}
    room.post("/desk/letters", **said | {"once": "another"} | old)
    assert room.status == 422 and "team lead" in room.html


def test_a_call_is_written_down_in_two_clicks_and_put_right(city: Portal, room: Browser) -> None:
    reference = by_letter(city)
    room.get(f"/desk/cases/{reference}")
    send(room, f"/desk/cases/{reference}/contacts", channel="phone", reason="progress-chasing")
    assert room.status == 200 and "Asks where it stands" in room.html and "avoidable</strong>" in room.html
    number = re.findall(rf'action="/desk/cases/{reference}/contacts/(\d+)"', room.html)[0]
    send(room, f"/desk/cases/{reference}/contacts/{number}", reason="complaint")
    assert room.status == 200 and "avoidable</strong>" not in room.html and "Is not content" in room.html
