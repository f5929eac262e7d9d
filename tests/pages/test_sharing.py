"""A shared worklist on pages, without scripts: next, many at once, views, hand over, priority, checklist, replies, undo, absence, the team's figures."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask

from portal.db import new_id
from portal.intake.receive import Submission, receive
from portal.unit_of_work import ANONYMOUS, Portal
from tests.ledger.test_main_job import needed
from tests.pages.conftest import Browser
from tests.pages.people import DESK, ROADS, colleague, sign_in
from tests.pages.test_desk import noise, open_first, send

SECOND = colleague(DESK)


@pytest.fixture
def desk(city: Portal, app: Flask) -> Browser:
    """A caseworker of the city council."""
    return sign_in(Browser(app), city, DESK)


@pytest.fixture
def other(city: Portal, app: Flask) -> Browser:
    """A colleague, known to the worklist."""
    browser = sign_in(Browser(app), city, SECOND)
    browser.get("/desk/team")
    assert browser.title == "The team"
    return browser


def ids(browser: Browser) -> list[str]:
    """Tasks of the list in hand."""
    return re.findall(r'name="task" value="([0-9a-f-]+)"', browser.html)


def test_the_next_one_is_given_once_a_press(city: Portal, desk: Browser) -> None:
    noise(city), noise(city)
    desk.get("/desk")
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', desk.html.partition('action="/desk/next"')[2].partition("</form>")[0]))
    desk.post("/desk/next", **hidden)
    first = desk.place
    assert first.startswith("/desk/tasks/") and "It is yours now" in desk.html
    desk.post("/desk/next", **hidden)
    assert desk.place == first, "the same form, sent again"
    desk.get("/desk")
    send(desk, "/desk/next")
    assert desk.place != first
    desk.get("/desk")
    send(desk, "/desk/next")
    assert desk.place == "/desk" and "Nothing waits that is free" in desk.html


def test_many_at_once_each_answers_for_itself(city: Portal, desk: Browser, other: Browser) -> None:
    references = [noise(city) for _ in range(3)]
    other.get("/desk")
    gone = ids(other)[1]
    send(other, f"/desk/tasks/{gone}/claim") if other.get(f"/desk/tasks/{gone}") else None
    desk.get("/desk")
    every = ids(desk)
    assert len(every) == 3
    strange = "00000000-0000-7000-8000-000000000000"
    sent = {"once": "k", "act": "claim", "task": [*every, strange, "no id"], "form-token": re.findall(r'name="form-token" value="([^"]+)"', desk.html)[0]}
    for _ in range(2):
        desk.post("/desk/bulk", **sent)
        assert "Done: 2. Not done: 2." in desk.html, "also where it is sent again"
    assert "A colleague was faster" in desk.html or "holds this task" in desk.html
    assert "a task that is not there" in desk.html and all(one in desk.html for one in references)
    for wrong, says in (
        ({"act": ""}, "Choose what to do"),
        ({"task": []}, "Choose from one to 100"),
        ({"act": "note"}, "Say why"),
        ({"act": "hand-over"}, "colleague"),
    ):
        desk.post("/desk/bulk", **{**sent, "once": "k2", **wrong})
        assert desk.status == 422 and says in desk.html, wrong
    desk.post("/desk/bulk", **{**sent, "once": "k3", "act": "priority", "priority": "urgent", "words": "A child cannot sleep.", "task": every})
    assert "Done: 3. Not done: 0." in desk.html
    desk.get("/desk?priority=urgent")
    assert len(ids(desk)) == 3 and desk.html.count("govuk-tag--red") == 3


def test_views_are_kept_shared_and_removed(city: Portal, desk: Browser, other: Browser) -> None:
    noise(city)
    desk.get("/desk?priority=urgent&free=1")
    send(desk, "/desk/views", name="Urgent <b>", shared="1")
    assert "The view is kept" in desk.html and "Urgent &lt;b&gt;" in desk.html
    other.get("/desk")
    address = re.findall(r'href="(/desk\?[^"]+)"><bdi>Urgent', other.html)[0].replace("&amp;", "&")
    assert "(a colleague" in other.html and "/removal" not in other.html
    other.get(address)
    assert ids(other) == [] and other.status == 200
    desk.get("/desk")
    removal = re.findall(r'action="(/desk/views/[^"]+/removal)"', desk.html)[0]
    other.post(removal, **{"form-token": re.findall(r'name="form-token" value="([^"]+)"', other.html)[0]})
    assert other.status == 404, "it is not theirs"
    send(desk, removal)
    assert "The view was removed" in desk.html and "Urgent" not in desk.html.partition("od-tabs")[2].partition("</ul>")[0].replace("What is urgent", "")


def test_handed_over_made_urgent_and_taken_back(city: Portal, desk: Browser, other: Browser) -> None:
    noise(city)
    task = open_first(desk)
    send(desk, f"{task}/claim")
    send(desk, f"{task}/priority", priority="urgent", why="")
    assert desk.status == 422 and 'href="#why"' in desk.html
    send(desk, f"{task}/priority", priority="urgent", why="A child is ill.")
    assert "How urgent it is was written down" in desk.html
    send(desk, f"{task}/undo")
    assert "That was taken back" in desk.html
    send(desk, f"{task}/hand-over", to="nobody", **{"to-words": "x"})
    assert desk.status == 422 and "worked in this team" in desk.html
    send(desk, f"{task}/hand-over", to=SECOND.subject, **{"to-words": "You know the street."})
    assert "Your colleague has it now" in desk.html
    other.get(task)
    assert "you have it" in other.html and "You know the street." in other.html
    send(other, f"{task}/message", message="")
    other.get(task)
    desk.get(f"{task}?done=handed")
    send(desk, f"{task}/undo")
    assert "That was taken back" in desk.html and "you have it" in desk.html


def ticked(browser: Browser) -> list[str]:
    return [re.findall(r'value="([^"]+)"', box)[0] for box in re.findall(r'<input[^>]*name="tick"[^>]*>', browser.html) if " checked" in box]


def test_a_checklist_is_ticked(city: Portal, app: Flask) -> None:
    id = new_id()
    with city.work(ANONYMOUS, new_cases=[id]) as work:
        receive(work, Submission(service="tree-felling-permit", answers=needed(city, "tree-felling-permit")), case_id=id)
    desk = sign_in(Browser(app), city, replace(DESK, subject="test|inspector", teams=("desk", "inspectors", "safety")))
    task = open_first(desk)
    send(desk, f"{task}/claim")
    assert "Look at these first" in desk.html
    entries = re.findall(r'name="tick" type="checkbox" value="([^"]+)"', desk.html)
    assert entries
    send(desk, f"{task}/checklist", tick=entries)
    assert "The checklist was kept" in desk.html and ticked(desk) == entries
    send(desk, f"{task}/checklist", tick=entries[:1])
    assert ticked(desk) == entries[:1] and desk.html.count('name="tick"') == len(entries)


def test_replies_to_start_from(city: Portal, desk: Browser) -> None:
    noise(city)
    task = open_first(desk)
    reply = re.findall(rf'href="({task}\?reply=[^"#]+)', desk.html)
    assert reply, "the sample office keeps some"
    desk.get(reply[0])
    area = re.findall(r'<textarea[^>]*id="message"[^>]*>(.*?)</textarea>', desk.html, re.DOTALL)[0]
    assert area.strip() and "{{" not in area


def test_somebody_is_away_and_somebody_stands_in(city: Portal, desk: Browser, other: Browser) -> None:
    noise(city)
    desk.get("/desk/team")
    send(desk, "/desk/team/absence", **{"from-day": "31", "from-month": "2", "from-year": "2026"})
    assert desk.status == 422 and "a day that exists" in desk.html
    send(desk, "/desk/team/absence")
    assert desk.status == 422 and "first day" in desk.html
    sent = {"from-day": "1", "from-month": "1", "from-year": "2026", "cover": SECOND.subject}
    send(desk, "/desk/team/absence", **sent)
    assert "Colleagues see that you are away" in desk.html
    other.get("/desk/team")
    assert f"{str(SECOND.subject).rpartition('|')[2]} stands in" in unescape(re.sub(r"</?bdi>", "", other.html))
    task = open_first(other)
    send(other, f"{task}/claim")
    send(other, f"{task}/hand-over", to=str(DESK.subject), **{"to-words": ""})
    assert other.status == 422 and "out of the office" in other.html
    desk.get("/desk/team")
    send(desk, "/desk/team/absence")
    assert "You are back" in desk.html
    other.get("/desk/team")
    assert f"{SECOND.subject.rpartition('|')[2]} stands in" not in other.html


def test_figures_are_of_queues(desk: Browser, city: Portal) -> None:
    noise(city)
    desk.get("/desk/team")
    assert "Right the first time" in desk.html and "None is of a person" in desk.html
    assert "Dana" not in desk.html.partition("<main")[2]


def test_evidence_goes_with_an_offer(city: Portal, desk: Browser, app: Flask) -> None:
    noise(city)
    task = open_first(desk)
    send(desk, f"{task}/claim")
    desk.get(f"{task}/referral")
    send(desk, f"{task}/referral", to="service:pothole", words="The road is broken.", evidence="Photo of the cover\n\nMap sheet 12\n")
    assert "offered to the other office" in desk.html
    roads = sign_in(Browser(app), city, ROADS)
    roads.get("/desk/referrals")
    roads.get(re.findall(r'href="(/desk/referrals/[0-9a-f-]+)"', roads.html)[0])
    assert "Photo of the cover" in roads.html and "Map sheet 12" in roads.html
