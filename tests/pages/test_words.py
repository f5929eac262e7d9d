"""Every text of the pages stands in every language; the pages are whole."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from babel.messages.extract import extract, extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask

from portal.cases import secret
from portal.db import new_id
from portal.errors import IllegalMove
from portal.intake.receive import Submission, receive
from portal.pages import acting, history, speech
from portal.unit_of_work import ANONYMOUS, Portal
from portal.views.words import promise_says
from tests.laws.rooms import ROOT
from tests.ledger.conftest import SECRET
from tests.pages.conftest import Browser
from tests.pages.refusals import sentences
from tests.pages.test_desk import NOISE

WAYS = [("**.py", "python"), ("templates/**.html", "jinja2")]
SPOKEN = {"_": None, "words": None, "N_": None, "ngettext": (1, 2), "plural": (1, 2)}
#: Plural forms of each language.
FORMS = {"ar": 6, "es": 2, "fr": 2}
PLACES = re.compile(r"%\([a-z]+\)s")
PAGES = ("/", "/find", "/cases", "/services/pothole", "/services/resident-parking-permit", "/performance", "/performance/pothole", "/nothing", "/cases/X")


def texts() -> set[str]:
    """What stands in code and templates, and what verbs behind the pages refuse."""
    found = extract_from_dir(ROOT / "portal" / "pages", WAYS, {"templates/**.html": {"newstyle_gettext": "true"}}, keywords=SPOKEN)
    said = {one if isinstance(one, str) else one[0] for _, _, one, _, _ in found} - {"type"}
    with (ROOT / "portal" / "catalogue" / "advice.py").open("rb") as file:
        return said | sentences() | {str(one) for _, one, _, _ in extract("python", file, keywords=SPOKEN)}


@pytest.mark.parametrize("language", [one for one in speech.LANGUAGES if one != "en"])
def test_nothing_is_left_untranslated(language: str) -> None:
    with (speech.FOLDER / f"{language}.po").open("rb") as file:
        known = {entry.id if isinstance(entry.id, str) else entry.id[0]: entry for entry in read_po(file, locale=language) if entry.id}
    wanted = texts()
    assert len(wanted) > 150
    assert sorted(wanted - known.keys()) == []
    assert sorted(known.keys() - wanted) == [], "no page says this any more"
    for text in wanted:
        said = known[text].string
        forms = [said] if isinstance(said, str) else list(said)
        assert len(forms) == (1 if isinstance(known[text].id, str) else FORMS[language]), text
        for form in forms:
            assert form and not known[text].fuzzy, text
            assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(form)), text


def test_every_page_is_whole_in_every_language(app: Flask) -> None:
    """One h1, a title of its own, language and direction, a way past the navigation; nothing from elsewhere, no script and no style inside."""
    for language in speech.LANGUAGES:
        titles = set()
        for address in PAGES:
            browser = Browser(app, language)
            browser.get(address)
            assert browser.status in (200, 404), address
            assert f'<html lang="{language}" dir="{speech.direction(language)}" class="govuk-template">' in browser.html
            assert browser.title and 'href="#main" class="govuk-skip-link"' in browser.html
            assert not re.search(r'<script(?! src="/assets/)|<style|style="|\son[a-z]+="|(src|href|action)="(https?:)?//', browser.html)
            titles.add(re.findall("<title>(.*?)</title>", browser.html)[0])
        assert len(titles) >= len(PAGES) - 2


def test_a_choice_of_language_is_kept(app: Flask) -> None:
    browser = Browser(app, "fr")
    browser.get("/services/pothole")
    assert browser.title == "Nid-de-poule ou trottoir abîmé"
    browser.get("/services/pothole?language=en")
    browser.get("/")
    assert browser.title == "One door to every public service"


def test_a_page_is_light(app: Flask) -> None:
    """A first load stays under 200 kB."""
    weight = 0
    home = app.test_client().get("/").get_data(as_text=True)
    parts = set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', home))
    assert len(parts) == 3
    for address in ("/", *parts):
        with app.test_client().get(address) as found:
            assert found.status_code == 200
            assert address == "/" or found.headers["Cache-Control"] == "public, max-age=31536000"
            weight += len(found.data)
    assert weight < 150_000


def test_nothing_of_another_house_is_left(app: Flask) -> None:
    """The typeface, crown and logotype of GOV.UK may be used on its own pages only; both ways of reading have the same rules."""
    folder = ROOT / "portal" / "pages" / "static"
    left, right = ((folder / name).read_text("utf-8") for name in ("onedoor.css", "onedoor.rtl.css"))
    for sheet in (left, right):
        assert not re.search(r"GDS Transport|crown|crest|logotype|@font-face|url\(|@import", sheet)
    assert left.count("{") == right.count("{") and "left:" in left and left != right
    for language in speech.LANGUAGES:
        html = app.test_client().get("/", headers={"Accept-Language": language}).get_data(as_text=True)
        assert "crown" not in html and "gov.uk" not in html and ("/onedoor.rtl.css" in html) == (language == "ar")


def test_errors_are_pages_in_the_readers_language(app: Flask) -> None:
    browser = Browser(app, "fr")
    for status, address, fields in ((404, "/nothing", None), (405, "/performance", {}), (413, "/find", {"text": "x" * 300_000})):
        browser.get(address) if fields is None else browser.post(address, **fields)
        assert browser.status == status and 'lang="fr"' in browser.html and browser.title


def test_what_ends_with_its_day_is_told_as_that_day(app: Flask) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert history.until(datetime(2026, 12, 30, 23, tzinfo=UTC), "Europe/Brussels") == "30 December 2026"
        assert history.until(datetime(2026, 12, 30, 22, tzinfo=UTC), "Europe/Brussels") == "30 December 2026 23:00"
        assert promise_says(datetime(2026, 12, 8, 8, tzinfo=UTC), "Europe/Brussels", "en") == "You will hear the outcome by Tuesday, 8 December 2026 at 09:00."


@pytest.mark.parametrize("language", speech.LANGUAGES)
def test_what_a_verb_refuses_is_said_in_the_readers_language(app: Flask, city: Portal, language: str) -> None:
    browser = Browser(app, language)
    id = new_id()
    with city.work(ANONYMOUS, new_cases=[id]) as work:
        told = receive(work, Submission(service="noise-complaint", answers=NOISE), case_id=id)
    reference = told.case["reference"]
    browser.post("/cases", reference=reference, secret=secret.derive(SECRET, id))
    for _ in range(2):
        browser.post(f"/cases/{reference}/withdrawal", words="")
    assert browser.status == 409 and 'lang="en"' not in browser.html.replace('<a href="/cases', "").partition("<main")[2]
    with app.test_request_context("/", headers={"Accept-Language": language}):
        said = acting.said(IllegalMove("A case that is %(status)s cannot be withdrawn.", values={"status": "withdrawn"}))
        assert said in unescape(browser.html) and (language == "en") == ("cannot be withdrawn" in said)
        odd = acting.said(IllegalMove("Nobody has <translated> this."))
        assert ('<span lang="en" dir="ltr">' in odd) == (language != "en")
