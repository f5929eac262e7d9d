"""What the portal itself says is said in every language it speaks, with the same places to fill in."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel import Locale

from portal.catalogue import letters, rulings, spans
from portal.catalogue.languages import SPOKEN
from portal.standards.terms import UNITS
from portal.views import danger, fees, journey, words
from portal.views.why_words import WORDS
from portal.workflow import deciding, remedies, revoking

TEMPLATES = Path(__file__).parents[2] / "portal" / "dispatch" / "templates"
NOTICES = sorted({file.name.split(".")[0] for file in TEMPLATES.iterdir()})
#: One language -> words; or several such by name.
TABLES: dict[str, dict[str, Any]] = {
    "promise": words._SAYS,
    "promise, a day": words._SAYS_DAY,
    "wait": words._WAITS,
    "call": danger._CALL,
    "alerted": danger._ALERTED,
    "letter in another language": letters._INSTEAD,
    "yes and no": deciding._YES,
    "revoked": revoking._TITLE,
    "remedy: when": remedies._WHEN,
    "remedy: over": remedies._OVER,
    "remedy: not yet": remedies._NOT_YET,
    "remedy: turn to": remedies._TURN,
    **{f"remedy: {kind}": table for kind, table in remedies._SAYS.items()},
    **{f"remedy open: {kind}": table for kind, table in remedies._OPEN.items()},
    **{f"fee: {status}": table for status, table in fees._SAYS.items()},
    **{f"outcome: {outcome}": table for outcome, table in rulings._TITLES.items()},
}


def places(text: str) -> list[str]:
    return sorted({name for _, name, _, _ in Formatter().parse(text) if name})


@pytest.mark.parametrize("name", TABLES)
def test_a_table_speaks_every_language(name: str) -> None:
    table = TABLES[name]
    assert set(table) >= set(SPOKEN)
    for language in SPOKEN:
        assert places(str(table[language])) == places(str(table["en"])), language


@pytest.mark.parametrize("language", SPOKEN)
def test_why_a_date_is_told_in_every_language(language: str) -> None:
    assert WORDS[language].keys() == WORDS["en"].keys()
    for key, said in WORDS[language].items():
        english = WORDS["en"][key]
        forms = list(said.values()) if isinstance(said, dict) else [said]
        expected = places(english["other"] if isinstance(english, dict) else english)
        # A form of one or two may leave its number out: it is in the word.
        assert all(set(expected) - set(places(form)) <= {"n"} and set(places(form)) <= set(expected) for form in forms), key
        assert isinstance(said, str) or "other" in said, key


@pytest.mark.parametrize("language", SPOKEN)
def test_a_length_of_time_is_said_by_its_plural_form(language: str) -> None:
    for unit in UNITS:
        for number in (1, 2, 3, 11, 100):
            told = spans.span(number, unit, language)
            assert re.search(rf"\b{number}\b", told) or Locale.parse(language).plural_form(number) in ("one", "two")
            assert "{" not in told
    assert spans.span(2, "calendar_days", "ar") == "يومين"
    assert spans.span(1, "calendar_months", "fr") == "1 mois"
    assert spans.span_of("5 business_days", "xx") == "5 working days"


@pytest.mark.parametrize("language", SPOKEN)
def test_pictures_of_journeys_speak_every_language(language: str) -> None:
    assert journey.words(language).keys() == journey.words("en").keys()


@pytest.mark.parametrize("language", SPOKEN)
@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_is_there_in_every_language_with_the_same_places(notice: str, language: str) -> None:
    told, english = ((TEMPLATES / f"{notice}.{one}.txt").read_text("utf-8") for one in (language, "en"))
    for what in (r"{{ \w+ }}", r"{% .*? %}"):
        assert sorted(re.findall(what, told)) == sorted(re.findall(what, english))
    assert told.count("\n") == english.count("\n")
    assert language == "en" or told != english
