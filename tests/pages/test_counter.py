"""At the counter and on the telephone: from what somebody says to a receipt in their hand, without e-mail or mobile telephone; a lost secret too."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from portal.unit_of_work import Portal, Principal
from tests.ledger.test_main_job import needed
from tests.pages.conftest import Browser
from tests.pages.people import DESK, ROADS, sign_in
from tests.pages.test_later import begun, version
from tests.servers import Database


class Clerk(Browser):
    """A caseworker at a screen: forms carry the token of the page before."""

    def __init__(self, app: Flask, city: Portal, who: Principal = DESK, language: str = "en") -> None:
        super().__init__(app, language)
        self.token = ""
        sign_in(self, city, who).get("/desk/entry")

    def post(self, address: str | None = None, /, headers: dict[str, str] | None = None, **fields: Any) -> str:
        found = re.search(r'name="form-token" value="([^"]+)"', self.html)
        self.token = found[1] if found else self.token
        return super().post(address, headers, **{"form-token": self.token}, **fields)

    def answer(self, **fields: Any) -> str:
        """The form in hand, as it stands there."""
        return self.post(self.place, version=version(self), **fields)


@pytest.fixture
def clerk(app: Flask, city: Portal) -> Clerk:
    return Clerk(app, city)


def look(database: Database, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.superuser_url) as connection:
        return connection.execute(sql, values).fetchall()


def entered(clerk: Clerk, language: str = "ar", channel: str = "counter") -> None:
    """The pothole form, begun with consent."""
    clerk.post("/desk/entry/find", text="there is a hole in the road", channel=channel, spoken=language)
    assert 'value="pothole"' in clerk.html
    clerk.post("/desk/entry", text="there is a hole in the road", service="pothole", consent="spoken", channel=channel, spoken=language)


def to_the_end(clerk: Clerk) -> None:
    for fields in ({"place": "شارع النهر 4"}, {"surface": "cycle-path"}, {"depth_cm": "12"}, {"name": "أمل"}):
        clerk.answer(**fields)
        assert clerk.status == 200, clerk.html


def test_from_what_somebody_says_to_a_receipt_in_their_language(clerk: Clerk, fresh_database: Database) -> None:
    entered(clerk)
    assert clerk.place.endswith("/place") and clerk.title == "Where is the damage?"
    aloud = re.search(r'<div class="od-aloud" lang="ar" dir="rtl">(.*?)</div>', clerk.html, re.S)
    assert aloud and re.search("[\u0600-\u06ff]", aloud[1]) and "Where" not in aloud[1]
    assert "أقرب رقم منزل" in aloud[1], "the script is read, not the short title of the form"
    to_the_end(clerk)
    assert clerk.title == "Read it back to them" and "شارع النهر 4" in clerk.html and "أقرأ" in clerk.html
    check, held = clerk.place, version(clerk)
    clerk.answer()
    assert clerk.title == "It is sent"
    paper = re.search(r'<section class="od-paper" lang="ar" dir="rtl"(.*?)</section>', clerk.html, re.S)
    assert paper and "رقمك المرجعي" in unescape(paper[1])
    reference, secret = clerk.code(0), clerk.code(1)
    clerk.post(check, version=held)
    assert clerk.code(0) == reference, "pressed twice is sent once"
    ((channel, language, status),) = look(fresh_database, "SELECT channel, language, status FROM cases")
    assert (channel, language) == ("counter", "ar") and status
    consents = look(fresh_database, "SELECT e.data->>'kind', e.data->>'how', e.actor FROM events e JOIN cases USING (case_id) WHERE type = 'ConsentGiven'")
    assert consents == [("entry", "spoken", f"staff:{DESK.subject}")]
    ((actor,),) = look(fresh_database, "SELECT actor FROM events WHERE type = 'CaseOpened'")
    assert actor == f"staff:{DESK.subject}"
    party = Browser(clerk.client.application)
    party.post("/cases", reference=reference, secret=secret)
    assert "شارع النهر 4" in party.html


def test_no_consent_nothing_begins(clerk: Clerk, fresh_database: Database) -> None:
    clerk.post("/desk/entry", text="a hole", service="pothole", channel="phone", spoken="fr")
    assert clerk.status == 422 and "Ask them first" in clerk.html and "Êtes-vous d'accord" in unescape(clerk.html)
    assert look(fresh_database, "SELECT count(*) FROM saved_drafts") == [(0,)]


def test_what_was_begun_at_the_counter_is_finished_at_home(clerk: Clerk, app: Flask, fresh_database: Database) -> None:
    entered(clerk, language="fr", channel="phone")
    clerk.answer(place="Rue Haute 1", do="later")
    assert clerk.title == "They go on at home" and "Enregistré pour plus tard" in clerk.html
    reference, secret = clerk.code(0), clerk.code(1)
    home = Browser(app, "fr")
    home.post("/drafts", reference=reference, secret=secret)
    assert home.place.endswith("/surface")
    for fields in ({"surface": ""}, {"depth_cm": ""}, {}):
        home.post(version=version(home), **fields)
    home.post(version=version(home))
    assert home.place.endswith("/done")
    assert look(fresh_database, "SELECT channel FROM cases") == [("web",)]


def test_what_was_begun_at_home_goes_on_at_the_counter_and_only_there(browser: Browser, clerk: Clerk, app: Flask, city: Portal) -> None:
    reference, secret = begun(browser)
    clerk.post("/desk/entry/taking-up", reference=reference, secret=secret, spoken="es")
    assert clerk.status == 422 and "Ask them first" in clerk.html
    clerk.post("/desk/entry/taking-up", reference=reference, secret="AAAAA-AAAAA", agreed="signed", spoken="es")
    assert clerk.status == 422 and "nothing saved" in clerk.html
    clerk.post("/desk/entry/taking-up", reference=reference, secret=secret, agreed="signed", spoken="es")
    assert clerk.place.endswith("/depth_cm")
    place = clerk.place
    colleague = Clerk(app, city, ROADS)
    colleague.get(place)
    assert colleague.status == 404, "whoever has not the secret has not the draft"
    clerk.answer(depth_cm="7")
    assert clerk.status == 200
    browser.get(browser.place.replace("your:draft", "depth_cm"))
    assert 'value="7"' in browser.html


def test_words_alone_find_people(clerk: Clerk, fresh_database: Database) -> None:
    clerk.post("/desk/entry", text="something quite different", service="other", consent="signed", channel="phone", spoken="en")
    assert clerk.place.endswith("your:words")
    clerk.answer(words="something quite different")
    clerk.answer()
    clerk.answer()
    assert clerk.title == "It is sent"
    assert look(fresh_database, "SELECT channel, service FROM cases") == [("phone", None)]


def test_a_lost_secret_is_made_anew_by_who_looked_who_it_is(clerk: Clerk, app: Flask, city: Portal, fresh_database: Database) -> None:
    made = (
        Browser(app)
        .client.post(
            "/api/v1/cases",
            json={"service": "noise-complaint", "text": "loud", "answers": needed(city, "noise-complaint"), "contact": {"email": "a@example.org"}},
        )
        .json
    )
    reference, old = made["reference"], made["secret"]
    before = Browser(app)
    before.post("/cases", reference=reference, secret=old)
    assert before.status == 200 and before.place == f"/cases/{reference}"
    clerk.get(f"/desk/cases/{reference}")
    assert "Their secret code is lost" in clerk.html
    clerk.post(f"/desk/cases/{reference}/secret", how="document", words=" ", once="k1")
    assert clerk.status == 422 and "Write what you looked at" in clerk.html
    clerk.post(f"/desk/cases/{reference}/secret", how="document", words="passport, looked at", once="k2")
    assert clerk.title == "New secret code"
    new = clerk.code(1)
    assert new != old
    stranger, party = Browser(app), Browser(app)
    stranger.post("/cases", reference=reference, secret=old)
    party.post("/cases", reference=reference, secret=new)
    assert stranger.status == 422 and party.status == 200 and party.place == f"/cases/{reference}"
    assert "passport" not in party.html
    before.get(f"/cases/{reference}")
    assert before.html.count('name="secret"') == 1 and "loud" not in before.html, "what the old secret has proved ends with it"
    before.post(f"/cases/{reference}/messages", words="let me in", once="m")
    assert look(fresh_database, "SELECT count(*) FROM events WHERE type = 'MessageReceived'") == [(0,)]
    before.post("/cases", reference=reference, secret=new)
    before.get(f"/cases/{reference}")
    party.get(f"/cases/{reference}")
    assert 'name="secret"' not in before.html + party.html and "loud" in before.html and "loud" in party.html
    ((data,),) = look(fresh_database, "SELECT data FROM events WHERE type = 'SecretRenewed'")
    assert data["how"] == "document" and "passport" not in json.dumps(data)
    assert look(fresh_database, "SELECT count(*) FROM events WHERE type = 'NoticePromised' AND data->>'template' = 'secret-renewed'") == [(1,)]
    other = Clerk(app, city, ROADS)
    other.post(f"/desk/cases/{reference}/secret", how="known", words="x", once="k3")
    assert other.status == 404


def test_odd_texts_come_back_unchanged_at_the_counter(clerk: Clerk, shared_data: Path) -> None:
    naughty = json.loads((shared_data / "hostile" / "blns.json").read_text("utf-8"))
    kept = [text for text in naughty if text.strip() and len(text) <= 2000 and not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)]
    entered(clerk)
    step = clerk.place
    for text in kept[1::6]:
        clerk.get(step)
        clerk.answer(place=text)
        clerk.get(step)
        shown = re.search(r"<textarea[^>]*>(.*?)</textarea>", clerk.html, re.S) or re.search(r'name="place"[^>]*value="([^"]*)"', clerk.html)
        assert shown and unescape(shown[1]).lstrip("\n") == text.strip().replace("\r\n", "\n").replace("\r", "\n"), text


def test_citizens_have_no_counter(app: Flask) -> None:
    nobody = Browser(app)
    nobody.get("/desk/entry")
    assert nobody.title == "Sign in"
