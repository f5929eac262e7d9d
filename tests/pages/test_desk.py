"""The desk: the list by time left, a task from claim to decision, what is asked and what that does to the dates."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from portal.db import new_id
from portal.intake.receive import Submission, receive
from portal.unit_of_work import ANONYMOUS, FIGURES, Portal
from tests.pages.conftest import Browser
from tests.pages.people import ADMIN, ALICE, CHAMPION, DESK, FRONT, ROADS, colleague, sign_in

NOISE = {"source_place": "Mill Lane 4", "noise": "business", "times": "Every night after eleven"}


def noise(city: Portal, **more: Any) -> str:
    """The reference of a complaint about noise, which the city council decides at one desk."""
    id = new_id()
    with city.work(ANONYMOUS, new_cases=[id]) as work:
        given = {"service": "noise-complaint", "answers": NOISE, "contact": {"email": "ann@example.org", "name": "Ann Lee"}} | more
        return str(receive(work, Submission(**given), case_id=id).case["reference"])


@pytest.fixture
def desk(city: Portal, app: Flask) -> Browser:
    """A caseworker of the city council."""
    return sign_in(Browser(app), city, DESK)


def send(browser: Browser, address: str, /, **fields: Any) -> str:
    """Sends a form of the page in hand, with what it hides."""
    form = next(
        one for one in re.findall(r"<form\b.*?</form>", browser.html, re.DOTALL) if f'action="{address}"' in one or 'action="' not in one.partition(">")[0]
    )
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return browser.post(address, **{**hidden, **fields})


def open_first(browser: Browser) -> str:
    """Opens the first task of the list: its address."""
    browser.get("/desk")
    address = re.findall(r'href="(/desk/tasks/[0-9a-f-]+)"', browser.html)[0]
    browser.get(address)
    assert browser.status == 200
    return str(address)


def test_one_view_is_the_one_in_hand(city: Portal, desk: Browser) -> None:
    for address in ("/desk", "/desk?mine=1", "/desk?free=1", "/desk?priority=urgent"):
        desk.get(address)
        assert re.findall(r'<a class="govuk-link" href="([^"]+)" aria-current="page"', desk.html) == [address]


def test_a_complaint_from_the_list_to_its_decision(city: Portal, desk: Browser) -> None:
    reference = noise(city)
    desk.get("/desk")
    assert desk.title == "Your desk" and reference in desk.html and "nobody yet" in desk.html and " left" in desk.html
    task = open_first(desk)
    assert "Every night after eleven" in desk.html and "ann@example.org" in desk.html and "Why this date" in desk.html
    send(desk, f"{task}/claim")
    assert "It is yours now" in desk.html
    desk.get("/desk?mine=1")
    assert reference in desk.html
    desk.get(task)
    send(desk, f"{task}/complete")
    assert desk.place == "/desk" and "The journey goes on by itself" in desk.html

    task = open_first(desk)
    send(desk, f"{task}/claim")
    desk.get(f"{task}/decision")
    assert desk.title == "How do you decide?"
    send(desk, f"{task}/decision")
    assert desk.status == 422 and "Choose an answer." in desk.html
    chosen = re.findall(r'name="outcome" type="radio" value="([^"]+)"', desk.html)
    send(desk, f"{task}/decision", outcome=chosen[-1], reasons="")
    if desk.status == 422:
        assert "reasons" in desk.html
    send(desk, f"{task}/decision", outcome=chosen[-1], reasons="The noise is within what the law allows.")
    assert desk.status == 200 and "The letter as it would go" in desk.html and "within what the law allows" in desk.html
    with city.work(DESK) as work:
        before = len(work.sql("SELECT 1 FROM decisions"))
    assert before == 0
    final = re.findall(r"<section.*?</section>", desk.html, re.DOTALL)[0]
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', final))
    for _ in range(2):
        desk.post(f"{task}/decision", **fields)
        assert desk.place == "/desk", "a second press leads to the same page"
    desk.get(f"/desk/cases/{reference}")
    assert "A decision was taken." in desk.html and "No work of people waits" in desk.html
    assert desk.html.count("A decision was taken.") == 1


def test_asking_shows_the_dates_before_it_is_sent(city: Portal, app: Flask) -> None:
    desk = sign_in(Browser(app), city, replace(DESK, teams=("desk", "inspectors")))
    noise(city, service="tree-felling-permit", answers={"site": "Mill Lane 4", "trees": 1, "girth_cm": 120, "reasons": ["sick"]})
    task = open_first(desk)
    desk.get(f"{task}/question")
    send(desk, f"{task}/question", words="Which nights exactly?", fields="site", days="abc")
    assert desk.status == 422 and "Which nights exactly?" in desk.html
    send(desk, f"{task}/question", words="Which nights exactly?", fields="site", days="14")
    assert desk.status == 200 and "The dates as they would be" in desk.html and "has until" in desk.html
    assert city_asks(city) == 0, "looking writes nothing"
    section = re.findall(r"<section.*?</section>", desk.html, re.DOTALL)[0]
    assert "<strong>" in section, "a promise that may stand still has a new date"
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', section))
    desk.post(f"{task}/question", **fields)
    assert desk.place == task and "The party was asked." in desk.html and "has until" in desk.html
    assert city_asks(city) == 1


def city_asks(city: Portal) -> int:
    with city.work(FIGURES) as work:
        return int(work.sql("SELECT count(*) FROM events WHERE type = 'PartyAsked'")[0][0])


def test_what_was_typed_is_kept_where_somebody_was_faster(city: Portal, app: Flask, desk: Browser) -> None:
    noise(city)
    task = open_first(desk)
    other = sign_in(Browser(app), city, colleague(DESK))
    other.get(task)
    send(other, f"{task}/claim")
    send(desk, f"{task}/claim")
    assert desk.status == 422 and "Somebody has changed this" in desk.html
    desk.get(task)
    assert "a colleague has it until" in desk.html and f"{task}/claim" not in desk.html
    desk.get(f"{task}/referral")
    send(desk, f"{task}/referral", words="This belongs to the <water> people", to="")
    assert desk.status == 422 and "This belongs to the &lt;water&gt; people" in desk.html


def test_notes_and_messages(city: Portal, app: Flask, desk: Browser) -> None:
    noise(city)
    task = open_first(desk)
    send(desk, f"{task}/note", note="   ")
    assert desk.status == 422 and "Say it in words" in desk.html
    send(desk, f"{task}/note", note="Called <twice>")
    assert "Called &lt;twice&gt;" in desk.html
    send(desk, f"{task}/message", message="We look at it.")
    assert desk.html.count("We look at it.") == 1


def test_wrong_doors_find_theirs(city: Portal, app: Flask) -> None:
    id = new_id()
    with city.work(ANONYMOUS, new_cases=[id]) as work:
        receive(work, Submission(text="zzz qqq"), case_id=id)
    front = sign_in(Browser(app), city, FRONT)
    task = open_first(front)
    assert front.title == "Find the right door"
    send(front, f"{task}/claim")
    send(front, f"{task}/complete", service="")
    assert front.status == 422
    send(front, f"{task}/complete", service="noise-complaint")
    assert front.place == "/desk"
    desk = sign_in(Browser(app), city, DESK)
    open_first(desk)
    assert "zzz qqq" in desk.html


def test_who_may_not_see_it(city: Portal, app: Flask, desk: Browser) -> None:
    reference = noise(city)
    task = open_first(desk)
    roads = sign_in(Browser(app), city, ROADS)
    roads.get("/desk")
    assert "Nothing waits here" in roads.html and reference not in roads.html
    for address in (task, f"{task}/question", f"{task}/extension", f"/desk/cases/{reference}"):
        roads.get(address)
        assert roads.status == 404, address
    roads.get(f"/desk/find?reference={reference}")
    assert roads.status == 422 and "no request of that reference" in roads.html
    for who, status in ((ALICE, 403), (CHAMPION, 403), (ADMIN, 403)):
        other = sign_in(Browser(app), city, who)
        other.get("/desk")
        assert other.status == status
    nobody = Browser(app)
    nobody.get(task)
    assert nobody.place == "/sign-in"


def test_a_list_goes_on(city: Portal, desk: Browser) -> None:
    for _ in range(27):
        noise(city)
    desk.get("/desk")
    seen = set(re.findall(r'href="(/desk/tasks/[0-9a-f-]+)"', desk.html))
    following = re.findall(r'href="(/desk\?[^"]+)" rel="next"', desk.html)[0].replace("&amp;", "&")
    desk.get(following)
    more = set(re.findall(r'href="(/desk/tasks/[0-9a-f-]+)"', desk.html))
    assert len(seen) == 25 and len(more) == 2 and not seen & more
    for wrong in ("x", "1~2~3", "99~2026-01-01T00:00:00+00:00~" + str(new_id()), "0~2026-01-01T00:00:00~" + str(new_id()), "%00"):
        desk.get(f"/desk?after={wrong}")
        assert desk.status in (200, 400)


def test_nothing_there_is_a_page(desk: Browser) -> None:
    for address in (f"/desk/tasks/{UUID(int=5)}", f"/desk/fees/{UUID(int=5)}", "/desk/cases/AAAA-AAAA-AAAA", "/desk/tasks/x"):
        desk.get(address)
        assert desk.status == 404 or (desk.status == 400 and desk.title), address
    desk.get("/desk/proposals")
    assert desk.status == 200 and "Nothing waits for a second person." in desk.html
