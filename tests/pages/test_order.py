"""Names stand where people look for them: not as their bytes are, in a list of people and in a list of services."""

from __future__ import annotations

import csv
from pathlib import Path
from unicodedata import combining, normalize

import pytest
from flask import Flask

from portal.access import people
from portal.pages import speech
from portal.unit_of_work import ENGINE, Portal
from tests.pages.conftest import Browser
from tests.pages.people import ADMIN, sign_in

#: As people sort them; sorted by bytes they stand otherwise.
NAMES = ["anna de Vries", "Åse Berg", "Ben Adams", "Émile Dupont", "Eva Novák", "Łucja Nowak", "Mia Zahl", "Özlem Ak", "Peter Ost", "Zoe Ames", "Алла Быкова"]
NAMES += ["Ёлкин Пётр", "Яна Орлова"]


def kept(city: Portal, names: list[str]) -> list[str]:
    """The names of everybody once these are written down too."""
    with city.work(ENGINE) as work:
        for number, name in enumerate(names):
            people.keep(work, "https://idp.example", f"person-{number}", roles=["champion"], agency=None, name=name)
    with city.work(ENGINE) as work:
        return [one.name for one in people.everybody(work) if one.name in names]


def test_people_are_listed_as_people_sort_names(city: Portal, app: Flask) -> None:
    assert sorted(NAMES) != NAMES
    assert kept(city, NAMES[::-1]) == NAMES
    admin = sign_in(Browser(app), city, ADMIN)
    admin.get("/admin/people")
    assert (found := [admin.html.index(name) for name in NAMES]) == sorted(found)


def test_names_of_all_locales_stand_under_their_letter(city: Portal, shared_data: Path) -> None:
    with (shared_data / "hostile" / "people-by-locale.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len({row["locale"] for row in rows}) == 18
    names = list({row["name"] for row in rows})
    found = kept(city, names)
    assert sorted(found) == sorted(names), "nobody is lost, nobody stands there twice"
    letters = ["".join(one for one in normalize("NFKD", name.casefold()) if not combining(one))[:1] for name in found]
    latin = [one for one in letters if "a" <= one <= "z"]
    assert latin == sorted(latin) and sorted(found) != found


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ["Acte de naissance", "eau", "École", "Etat civil", "Zone bleue"]),
        ("es", ["nube", "Ñandú", "Ojo", "único", "Zona"]),
        ("ar", ["أرض", "اعتراض", "إيجار", "بناء"]),
        ("en", ["ash", "Birth", "café", "Zoo"]),
    ],
)
def test_titles_are_listed_in_the_order_of_the_readers_language(language: str, words: list[str], app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert [one[language] for one in sorted(({language: word} for word in words[::-1]), key=speech.place)] == words != sorted(words)
