"""What is rarely done, on pages: mandates, seals, tills, words for everybody, word from outside, approvals taken back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

from flask import Flask

from portal.app.building import amend
from portal.db import new_id
from portal.intake.receive import Submission, receive
from portal.queues import people
from portal.reactions import sweep
from portal.unit_of_work import ANONYMOUS, Portal
from tests.pages.conftest import Browser
from tests.pages.people import ALICE, CHAMPION, DESK, colleague, sign_in
from tests.pages.test_desk import noise, send
from tests.pages.test_rights import party

BILAL = replace(ALICE, subject="test|bilal", name="Bilal")


def works(city: Portal, *whom: str) -> None:
    """They have worked at the city council."""
    for subject in whom:
        with city.work(replace(DESK, subject=subject)) as work:
            people.seen(work, work.principal)


def test_a_mandate_is_given_taken_up_and_ended(city: Portal, app: Flask) -> None:
    reference = noise(city)
    owner, place = party(city, app, reference), f"/cases/{reference}/mandates"
    owner.get(f"/cases/{reference}")
    assert place in owner.html
    owner.get(place)
    assert owner.title == "Who may act for you" and "Nobody acts for you" in owner.html
    send(owner, place, scope="", until="2027")
    assert owner.status == 422 and 'id="until-error"' in owner.html
    until = (date.today() + timedelta(days=30)).isoformat()
    send(owner, place, until=until)
    assert owner.status == 422 and f'value="{until}"' in owner.html and 'href="#scope"' in owner.html
    form = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', owner.html))
    codes = []
    for _ in range(2):
        owner.post(place, **form, scope="read", until=until)
        codes.append(owner.code(1))
    assert codes[0] == codes[1], "pressed twice, it is one mandate"
    assert owner.html.count("End it now") == 1
    friend = sign_in(Browser(app), city, BILAL)
    friend.get("/my")
    assert 'href="/mandates"' in friend.html
    friend.get("/mandates")
    send(friend, "/mandates", reference=reference, code="wrong")
    assert friend.status == 422 and reference in friend.html
    send(friend, "/mandates", reference=reference, code=codes[0])
    assert friend.place == f"/cases/{reference}" and "You act for somebody else" in friend.html
    friend.post(f"/cases/{reference}/withdrawal", words="")
    assert friend.status in (401, 403)
    friend.get("/my")
    assert "for somebody else" in friend.html
    friend.get(place)
    assert friend.title == "You act for somebody else" and "Give the mandate" not in friend.html
    owner.get(place)
    assert "taken up" in owner.html
    send(owner, re.findall(rf'action="({place}/[^"]+/end)"', owner.html)[0])
    assert "It has ended" in owner.html
    friend.get(f"/cases/{reference}")
    assert "Every night" not in friend.html, "it is not there for them any more"
    stranger = sign_in(Browser(app), city, replace(ALICE, subject="test|carol"))
    stranger.get("/mandates")
    send(stranger, "/mandates", reference=reference, code=codes[0])
    assert stranger.status == 422


def test_a_request_is_sealed_named_anew_and_opened(city: Portal, app: Flask) -> None:
    reference = noise(city)
    other = colleague(DESK)
    works(city, str(DESK.subject), str(other.subject))
    desk, beside = sign_in(Browser(app), city, DESK), sign_in(Browser(app), city, other)
    place = f"/desk/cases/{reference}"
    desk.get(place)
    assert f"{place}/seal" in desk.html
    desk.get(f"{place}/seal")
    assert '<option value="Dana Osei">' in desk.html and 'value="Dana Osei"' in desk.html.partition("datalist")[0], "one names oneself first"
    send(desk, f"{place}/seal", words="She is <hidden>.", **{"subject-0": "nobody", "email-0": "x@example.org"})
    assert desk.status == 422 and 'href="#ground"' in desk.html and "She is &lt;hidden&gt;." in desk.html
    send(desk, f"{place}/seal", ground="protection", words="She is <hidden>.", **{"subject-0": "nobody", "email-0": "x@example.org"})
    assert desk.status == 422 and 'id="subject-0-error"' in desk.html
    send(desk, f"{place}/seal", ground="protection", words="She is <hidden>.", **{"subject-0": "desk", "email-0": "x@example.org"})
    assert desk.place == f"{place}/seal" and "Sealed since" in desk.html and "She is &lt;hidden&gt;." in desk.html
    beside.get(place)
    assert beside.status == 404
    send(desk, f"{place}/seal/names", **{"subject-0": "desk-second", "email-0": "y@example.org"})
    assert desk.place == "/desk" and "not there any more" in desk.html, "who is not named sees it no more, and lands where they may"
    desk.get(place)
    assert desk.status == 404
    beside.get(f"{place}/seal")
    send(beside, f"{place}/seal/end", why=" ")
    assert beside.status == 422 and 'id="why-error"' in beside.html
    send(beside, f"{place}/seal/end", why="She has moved.")
    assert "open to its office again" in beside.html
    desk.get(place)
    assert desk.status == 200
    champion = sign_in(Browser(app), city, CHAMPION)
    champion.get(f"{place}/seal")
    assert '<option value="desk">' in champion.html


def test_a_till_is_counted_and_a_second_person_closes_its_day(city: Portal, app: Flask) -> None:
    registry = replace(DESK, agencies=("civil-registry",))
    clerk, second = sign_in(Browser(app), city, registry), sign_in(Browser(app), city, colleague(registry))
    clerk.get("/desk/cash")
    assert "No till is open" in clerk.html
    id = new_id()
    from tests.ledger.test_main_job import needed

    with city.work(ANONYMOUS, new_cases=[id]) as work:
        receive(work, Submission(service="birth-certificate", answers=needed(city, "birth-certificate")), case_id=id)
    sweep(city)
    with city.work(registry) as work:
        ((fee,),) = work.sql("SELECT id FROM fees WHERE case_id = %s", (id,))
    clerk.get(f"/desk/fees/{fee}")
    send(clerk, f"/desk/fees/{fee}/cash")
    clerk.get("/desk/cash")
    assert "Count a till" in clerk.html
    for wrong in ("", "ten", "-1", "1.234", "1e99", "NaN"):
        send(clerk, "/desk/cash/count", counted=wrong)
        assert clerk.status == 422 and 'id="counted-error"' in clerk.html, wrong
    send(clerk, "/desk/cash/count", counted="10,00", words="")
    assert clerk.status == 422, "it differs, and nobody says why"
    send(clerk, "/desk/cash/count", counted="10,00", words="Somebody took wrong change.")
    assert "The till is counted" in clerk.html and "Difference" in clerk.html and "a colleague has to close" in clerk.html
    second.get("/desk/cash")
    address = re.findall(r'action="(/desk/cash/[^"]+/close)"', second.html)[0]
    clerk.get("/desk/team")  # a form of its own session
    token = dict(re.findall(r'name="(form-token)" value="([^"]+)"', clerk.html))
    clerk.post(address, **token, once=str(new_id()))
    assert clerk.status == 422 and "You counted this till yourself" in clerk.html
    send(second, address)
    assert "The day is closed." in second.html and "Closed days" in second.html


def test_words_for_everybody_and_word_from_outside(city: Portal, app: Flask) -> None:
    city.amend = amend
    reference = noise(city)
    desk = sign_in(Browser(app), city, DESK)
    desk.get(f"/desk/cases/{reference}/publication")
    assert "shown to nobody" in desk.html
    id = new_id()
    with city.work(ANONYMOUS, new_cases=[id]) as work:
        public = str(receive(work, Submission(service="pothole", text="At my door", answers={"place": "Mill Lane 4"}), case_id=id).case["reference"])
    roads = sign_in(Browser(app), city, replace(DESK, subject="test|roads", agencies=("roads",)))
    roads.get(f"/desk/cases/{public}")
    assert "/publication" in roads.html
    roads.get(f"/desk/cases/{public}/publication")
    send(roads, f"/desk/cases/{public}/publication", parts="address", words="A hole <at> a door")
    assert roads.place == f"/desk/cases/{public}" and "Everybody sees it so" in roads.html
    desk.get(f"/desk/cases/{reference}/signal")
    assert desk.status == 200 and "Something has happened" in desk.title
    desk.get(f"/desk/cases/{reference}/revocation")
    send(desk, f"/desk/cases/{reference}/revocation", words="", effective_on="soon")
    assert desk.status == 422 and 'id="effective_on-error"' in desk.html
    send(desk, f"/desk/cases/{reference}/revocation", words="It was wrong.", effective_on=date.today().isoformat())
    assert desk.status == 422 and "Nothing counts as approved by silence" in desk.html and "It was wrong." in desk.html
