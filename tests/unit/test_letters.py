"""Letters: filled once, in one language, with nothing in them that could do anything."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.catalogue import letters, rulings
from portal.catalogue.definitions import Law, Letter, Outcome, Remedy, Ruling
from portal.standards.terms import due_date
from portal.workflow import remedies
from tests.unit.test_terms import OFFICE

LAW = Law({"en": "By-law", "fr": "Règlement"}, "9")


def letter(*paragraphs: str, subject: str = "About {{ reference }}", **more: str) -> Letter:
    return Letter("told", 1, {"en": subject, "fr": subject, **more}, tuple({"en": one, "fr": one, **dict.fromkeys(more, one)} for one in paragraphs))


def filled(*paragraphs: str, language: str = "en", asked: str | None = None, **values: str) -> letters.Filled:
    return letters.fill(letter(*paragraphs), language, values, asked=asked or language)


def test_places_are_filled_and_paragraphs_and_lines_without_any_are_left_out() -> None:
    told = filled(
        "Dear {{ name }},",
        "It is {{outcome}}.",
        "{{ authority }}\n{{ official }}\n{{ function }}",
        "Yours.",
        outcome="no",
        authority="The Mayor",
        function="Desk",
    )
    assert told.paragraphs == ("It is no.", "The Mayor\nDesk", "Yours.")
    assert told.text == "About\n\nIt is no.\n\nThe Mayor\nDesk\n\nYours.\n"


@pytest.mark.parametrize(("conditions", "told"), [("", ()), ("Plant one.\nBy May.", ("These conditions hold:\nPlant one.\nBy May.",))])
def test_what_leads_over_to_nothing_is_left_out(conditions: str, told: tuple[str, ...]) -> None:
    assert filled("These conditions hold:\n{{ conditions }}", conditions=conditions).paragraphs == told


@given(st.text(max_size=300), st.text(max_size=300))
def test_whatever_is_filled_in_stays_words(reasons: str, name: str) -> None:
    told = filled("{{ reasons }}|{{ name }}", reasons=reasons, name=name)
    clean = letters.cleaned(reasons), letters.cleaned(name)
    assert told.paragraphs == (() if not any(one.strip() for one in clean) else (f"{clean[0]}|{clean[1]}".strip(),))
    body = told.html.partition("<main>")[2].partition("</main>")[0]
    tags = body.replace('<h1 dir="auto">', "").replace("</h1>", "").replace('<p dir="auto">', "").replace("</p>", "").replace("<br>", "")
    assert "<" not in tags
    assert ">" not in tags


@pytest.mark.parametrize("hostile", ["\x00", "\x1b", "\x9f", "\u2028", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff", "\r"])
def test_what_nobody_sees_is_taken_out(hostile: str) -> None:
    assert letters.cleaned(f"a{hostile}b") in ("ab", "a\nb")
    assert letters.cleaned("سلام\u200f") == "سلام\u200f"


def test_a_page_says_its_language_and_direction() -> None:
    told = letters.fill(letter("{{ reasons }}", ar="عن"), "ar", {"reasons": "<a>\nb"}, asked="ar")
    assert '<html lang="ar" dir="rtl">' in told.html
    assert '<p dir="auto">&lt;a&gt;<br>b</p>' in told.html
    assert '<html lang="fr" dir="ltr">' in filled("x", language="fr").html


@pytest.mark.parametrize(("asked", "spoken", "said"), [("fr", "fr", False), ("fr-BE", "fr", False), ("nl", "en", True), ("en", "en", False)])
def test_a_language_it_has_or_the_default_and_then_it_says_so(asked: str, spoken: str, said: bool) -> None:
    one = letter("Hello.")
    assert letters.spoken(one, asked, "en") == spoken
    told = letters.fill(one, spoken, {}, asked=asked)
    assert ("(nl)" in told.text) == said


def test_half_a_translation_is_none() -> None:
    half = Letter("told", 1, {"en": "A", "fr": "A", "nl": "A"}, ({"en": "B", "fr": "B"},))
    assert letters.spoken(half, "nl", "fr") == "fr"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ reference }} and {{name}}", [(0, "reference"), (20, "name")]),
        ("{{ 7*7 }}", [(0, "{{"), (7, "}}")]),
        ("a {% if b %}", [(2, "{%"), (10, "%}")]),
        ("{{ answers.number_plate }}", [(0, "answers.number_plate")]),
        ("{{{ name }}}", [(1, "name")]),
        ("{{ name", [(0, "{{")]),
    ],
)
def test_places_and_what_only_looks_like_one(text: str, found: list[tuple[int, str]]) -> None:
    assert list(letters.places(text)) == found


RULINGS: tuple[Ruling, ...] = (
    Ruling(letter="own", outcomes={"granted": Outcome(letter="yes", title={"en": "Yes", "fr": "Oui"})}),
    Ruling(authority={"en": "Mayor", "fr": "Maire"}, letter="all", law=Law({"en": "Code", "fr": "Code"}), remedy=Remedy("appeal", "6 calendar_weeks")),
)


def test_the_nearest_ruling_goes_first_and_what_it_leaves_out_comes_from_the_next() -> None:
    granted, refused = (rulings.ruled(outcome, RULINGS, LAW) for outcome in ("granted", "refused"))
    assert (granted.letter, refused.letter) == ("yes", "own")
    assert granted.authority == {"en": "Mayor", "fr": "Maire"}
    assert (granted.law.title["en"], rulings.ruled("granted", RULINGS[:1], LAW).law) == ("Code", LAW)
    assert (granted.gives, granted.reasoned, refused.gives, refused.reasoned) == ("all", False, "nothing", True)
    assert rulings.ruled("granted", (Ruling(no_letter={"en": "Shown at the desk.", "fr": "Montré au guichet."}), *RULINGS), LAW).letter is None


@pytest.mark.parametrize(
    ("outcome", "said", "reasoned"),
    [
        ("refused", Outcome(reasons="optional"), True),
        ("waiting-list", Outcome(gives="part"), True),
        ("offered", Outcome(), False),
        ("offered", Outcome(reasons="required"), True),
        ("declined", Outcome(gives="all"), False),
    ],
)
def test_what_refuses_even_in_part_needs_reasons(outcome: str, said: Outcome, reasoned: bool) -> None:
    assert rulings.ruled(outcome, (Ruling(outcomes={outcome: said}),), LAW).reasoned is reasoned


#: Belgian public holidays of 2024 and 2025, written out by hand.
HOLIDAYS = {date.fromisoformat(f"2024-{day}") for day in ("01-01", "04-01", "05-01", "05-09", "05-20")}


@given(
    st.datetimes(datetime(2023, 1, 2), datetime(2026, 6, 1)),
    st.integers(1, 14),
    st.sampled_from(["calendar_weeks", "calendar_days"]),
)
def test_the_last_day_is_counted_from_the_day_after_and_never_falls_on_a_closed_one(served: datetime, count: int, unit: str) -> None:
    """Awb 6:8 and the Algemene termijnenwet, counted on a list of days: no code of the terms is used."""
    until = remedies.ends(Remedy("objection", f"{count} {unit}"), OFFICE, served.replace(tzinfo=ZoneInfo("Europe/Brussels")))
    assert until is not None
    days = [served.date() + timedelta(days=number) for number in range(200)]
    wanted = days[count * 7 if unit == "calendar_weeks" else count]
    open_days = [day for day in days if day.weekday() not in (5, 6) and day not in HOLIDAYS]
    found = due_date(OFFICE, until)
    first = next(day for day in open_days if day >= wanted)
    second_working = [day for day in open_days if day > served.date()][1]
    assert found == (max(first, second_working) if (unit, count) != ("calendar_days", 1) else first)
    assert until.astimezone(ZoneInfo("Europe/Brussels")).time().isoformat() == "00:00:00"


def test_a_term_is_said_in_words_in_both_languages() -> None:
    one = Remedy("objection", "1 calendar_months", turn_to={"en": "the desk", "fr": "le guichet"}, law=LAW)
    assert "within 1 month." in remedies.sentence(one, "en", today=None)
    said = remedies.sentence(one, "fr", today=date(2026, 11, 22))
    assert "1 mois" in said
    assert "le dernier jour est le 22 novembre 2026" in said
    assert said.endswith("(Règlement, art. 9)")


@pytest.mark.parametrize("pair", list(pairwise(["2024-03-28", "2024-03-29", "2024-03-30"])))
def test_a_later_service_never_ends_earlier(pair: tuple[str, str]) -> None:
    ends: list[Any] = [remedies.ends(Remedy("appeal", "1 calendar_weeks"), OFFICE, datetime.fromisoformat(f"{day}T12:00:00+01:00")) for day in pair]
    assert ends[0] <= ends[1]
