"""What past requests teach: which words speak for which service, how sure that is, and when it is better than the words of the catalogue."""

from __future__ import annotations

import csv
import gzip
import random  # noqa: TID251  # seeded
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from portal.catalogue import find
from portal.catalogue.definitions import Catalogue
from portal.catalogue.find import Index, advice, confident, together
from portal.catalogue.learned import Learned, learn, read, tempered
from portal.kpi import finding
from tests.ledger.conftest import catalogue

#: How people of a town call things: not as its catalogue does.
CALLED = {
    "pothole": ("crater by the mill", "bump that ate my wheel", "crater near the bakery"),
    "street-light-fault": ("pitch black at the mill", "gloomy corner by the bakery", "pitch black again"),
    "noise-complaint": ("racket upstairs every night", "drummer above me", "racket and drummer again"),
}


def samples(number: int, seed: int = 3) -> list[tuple[str, str]]:
    """So many requests in those words."""
    chance = random.Random(seed)
    return [(f"{chance.choice(CALLED[id])} {chance.choice(('please', 'today', 'soon'))}", id) for id in (chance.choice(sorted(CALLED)) for _ in range(number))]


def test_words_speak_for_services_and_say_so() -> None:
    model = learn(samples(200))
    chances = model.chances("there is a crater at the mill")
    assert max(chances, key=lambda id: chances[id]) == "pothole"
    assert sum(chances.values()) == pytest.approx(1.0)
    assert model.why("there is a crater at the mill", "pothole")[0][0] == "crater"
    assert model.weight("crater", "pothole") > 0 > model.weight("crater", "noise-complaint")
    assert model.chances("zzz unheard") == model.chances("") == {}


def test_what_one_person_wrote_is_not_kept() -> None:
    model = learn([*samples(200), ("crater before the house of Wilhelmina Brontosaurus", "pothole")])
    assert "crater" in model.counts
    assert not {"wilhelmina", "brontosauru", "brontosaurus"} & model.counts.keys()


def test_it_is_stored_and_read_back_as_it_was() -> None:
    model = tempered(learn(samples(200)), samples(50, seed=4))
    again = read(model.written())
    assert again.version == model.version
    assert again.chances("racket again") == model.chances("racket again")


def test_it_is_switched_on_only_where_it_finds_more_of_what_was_held_out() -> None:
    better = finding.lesson(catalogue(), samples(400))
    assert better is not None
    assert better.share > 0
    assert better.figures.first > better.alone.first
    assert better.figures.wrong_agency_of_sure <= 0.05
    services = [id for id, one in catalogue().services.items() if not one.triage]
    chance = random.Random(5)
    noise = [(" ".join(chance.choices(("alpha", "beta", "gamma", "delta"), k=3)), chance.choice(services)) for _ in range(400)]
    idle = finding.lesson(catalogue(), noise)
    assert idle is not None
    assert idle.share == 0 or idle.figures.first > idle.alone.first
    assert finding.lesson(catalogue(), samples(finding.LEAST - 1)) is None


def test_words_of_no_service_and_services_that_are_gone_change_nothing() -> None:
    known = catalogue()
    ranked = Index(known).rank("there is a pothole")
    model = learn([("a pothole here", "closed-service")] * 10)
    assert together(ranked, model, "zzz", share=1.0, services=known.services) == ranked
    assert "closed-service" not in {one.service_id for one in together(ranked, model, "a pothole here", share=0.5, services=known.services)}
    assert together(ranked, Learned({}, {}), "there is a pothole", share=1.0, services=known.services) == ranked


def test_a_ranking_says_what_to_do_with_it() -> None:
    index = Index(catalogue())
    assert advice(index.rank("there is a big hole in the road near the school")) == "straight"
    assert advice(index.rank("certificate")) == "choose"
    assert advice(index.rank("")) == advice(index.rank("mijn paspoort is kwijt")) == advice(index.rank("πού είναι")) == "people"


def boston(place: Path) -> tuple[Catalogue, list[tuple[str, str]]]:
    """Its requests in order: title and reason, and the type each ended as; and a catalogue of those types, one agency a department."""
    with gzip.open(place / "requests-311" / "boston311-2015-ten-types.csv.gz", "rt", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: datetime.strptime(row["OPEN_DT"], "%m/%d/%Y %I:%M:%S %p"))
    known, whose = catalogue(), {row["TYPE"]: row["Department"] for row in rows}
    base = next(one for one in known.services.values() if not one.triage)
    types = {id: replace(base, id=id, title={"en": id}, summary={"en": id}, synonyms={}, fields=(), agency=agency) for id, agency in whose.items()}
    return replace(known, services=types), [(f"{row['CASE_TITLE']} {row['REASON']}", row["TYPE"]) for row in rows]


def test_requests_of_a_real_city_find_their_type(shared_data: Path) -> None:
    city, requests = boston(shared_data)
    found = finding.lesson(city, requests)
    assert found is not None
    assert found.figures.first >= found.alone.first
    assert found.figures.first > 0.99
    assert found.figures.among_three > 0.995
    assert found.figures.wrong_agency_of_sure < 0.01
    assert found.figures.surprise < 0.02


def test_a_process_uses_what_it_was_told_to_and_no_other_catalogue_does() -> None:
    known = catalogue()
    model = learn(samples(200))
    try:
        find.use(known, model, 1.0)
        assert confident(find.rank(known, "racket and drummer")) is not None
        assert find.rank(replace(known), "racket and drummer") == Index(known).rank("racket and drummer")
    finally:
        find.use(known, None)
    assert find.rank(known, "racket and drummer") == Index(known).rank("racket and drummer")
