"""Pages of who answers for promises, and of who keeps the portal."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask

from portal.db import new_id
from portal.intake.receive import Submission, receive
from portal.reactions import sweep
from portal.unit_of_work import ANONYMOUS, ENGINE, Portal
from tests.pages.conftest import Browser
from tests.pages.people import ADMIN, CHAMPION, DESK, sign_in
from tests.pages.test_desk import NOISE, noise, send


def overdue(city: Portal) -> str:
    """A complaint about noise from a quarter of a year ago, whose promises were missed."""
    id = new_id()
    with city.work(ENGINE) as work:
        then = work.now - timedelta(days=90)
    with city.work(ANONYMOUS, new_cases=[id], at=then) as work:
        reference = str(receive(work, Submission(service="noise-complaint", answers=NOISE), case_id=id).case["reference"])
    for _ in range(3):
        sweep(city)
    return reference


def test_from_a_missed_promise_to_its_case(city: Portal, app: Flask) -> None:
    reference = overdue(city)
    champion = sign_in(Browser(app), city, CHAMPION)
    champion.get("/champion")
    assert champion.title == "Promises in danger" and reference in champion.html and "nobody yet" in champion.html and " late" in champion.html
    champion.get("/champion?agency=city-council&service=noise-complaint")
    assert reference in champion.html and champion.html.count("leave this out") == 2 and "By promise" in champion.html
    deeper = re.findall(r'href="(/champion\?agency=city-council[^"]+standard=[^"]+)"', champion.html)[0].replace("&amp;", "&")
    champion.get(deeper)
    assert reference in champion.html and champion.html.count("leave this out") == 3
    champion.get("/champion?agency=roads")
    assert reference not in champion.html and "That is how it should be" in champion.html
    champion.get(f"/desk/cases/{reference}")
    assert champion.status == 200 and "Noise" in champion.title and "missed" in champion.html
    assert "Every night after eleven" not in champion.html, "what people said is not for champions"


def test_what_is_due_soon_is_near(city: Portal, app: Flask) -> None:
    id = new_id()
    with city.work(ENGINE) as work:
        then = work.now - timedelta(days=12)
    with city.work(ANONYMOUS, new_cases=[id], at=then) as work:
        reference = str(receive(work, Submission(service="pothole", answers={"place": "Mill Lane 4"}), case_id=id).case["reference"])
    champion = sign_in(Browser(app), city, CHAMPION)
    champion.get("/champion")
    near = champion.html.partition("Due within three days</h2>")[2]
    assert reference in near and " left" in near


def test_a_caseworker_sees_its_own_agency_only(city: Portal, app: Flask) -> None:
    overdue(city)
    desk = sign_in(Browser(app), city, DESK)
    desk.get("/champion")
    assert desk.status == 200
    desk.get("/admin")
    assert desk.status == 403


def test_an_administrator_finds_everything(city: Portal, app: Flask) -> None:
    reference = noise(city)
    admin = sign_in(Browser(app), city, ADMIN)
    for address, title in (
        ("/admin", "Running the portal"),
        ("/admin/definitions", "Definitions"),
        ("/admin/deliveries", "Handovers that wait for people"),
        ("/admin/people", "People"),
        ("/admin/journeys", "Versions of journeys"),
        ("/admin/glass", "Look into a case"),
    ):
        admin.get(address)
        assert admin.status == 200 and admin.title == title, address
    admin.get("/admin/definitions?check=1")
    assert "No faults" in admin.html and "noise-complaint" in admin.html
    admin.get(f"/desk/cases/{reference}")
    assert admin.status == 403
    admin.get("/admin/glass")
    send(admin, "/admin/glass", reference=reference, reason=" ")
    assert admin.status == 422 and reference in admin.html
    send(admin, "/admin/glass", reference=reference, reason="A letter went <astray>.")
    assert admin.place == f"/admin/glass/{reference}" and admin.title.startswith("Noise")
    champion = sign_in(Browser(app), city, CHAMPION)
    champion.get("/champion")
    assert "A letter went &lt;astray&gt;." in champion.html and reference in champion.html


def test_danger_is_answered_once(city: Portal, app: Flask) -> None:
    id = new_id()
    with city.work(ANONYMOUS, new_cases=[id]) as work:
        reference = str(receive(work, Submission(text="I smell gas in the kitchen"), case_id=id).case["reference"])
    champion = sign_in(Browser(app), city, CHAMPION)
    champion.get("/champion")
    assert "Calls for danger nobody has answered" in champion.html and reference in champion.html
    desk = sign_in(Browser(app), city, DESK)
    desk.get("/desk")
    assert "Somebody may be in danger" in desk.html
    send(desk, f"/desk/duty/{reference}")
    assert desk.place == f"/desk/cases/{reference}"
    desk.get("/desk")
    assert f"/desk/duty/{reference}" not in desk.html
