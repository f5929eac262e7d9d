"""Free text finds its service in two languages, stays unsure where it should, and danger is heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.catalogue.definitions import Catalogue
from portal.catalogue.find import MARGIN, SURE, Index, confident, danger, rank
from portal.catalogue.load import load
from portal.catalogue.words import singular, tokens


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(directories=[Path(__file__).parents[2]])


@pytest.fixture(scope="module")
def index(catalogue: Catalogue) -> Index:
    return Index(catalogue)


FOUND = {
    "I moved to a new house": "moving-home",
    "We need to register our new address because we moved last month": "moving-home",
    "j'ai changé d'adresse": "moving-home",
    "Je viens de déménager, que dois-je faire ?": "moving-home",
    "a copy of my birth certificate": "birth-certificate",
    "extrait d'acte de naissance": "birth-certificate",
    "my rubbish was not collected": "missed-waste-collection",
    "Ma POUBELLE n'a pas été vidée": "missed-waste-collection",
    "there is a big hole in the road near the school": "pothole",
    "trou dans la chaussée": "pothole",
    "lampadaire eteint": "street-light-fault",
    "the lamp in my street is broken": "street-light-fault",
    "my neighbours play loud music all night": "noise-complaint",
    "couper un arbre dans mon jardin": "tree-felling-permit",
    "je ne peux pas payer mon loyer": "housing-benefit",
    "crèche pour mon bébé": "childcare-place",
    "it smells of gas in the kitchen": "gas-smell",
}
UNSURE = [
    "",
    "?",
    "help",
    "permit",
    "certificate",
    "water",
    "I lost my passport",
    "What is the weather?",
    "the officer at the tax office shouted at me while I was waiting with my baby",
]


@pytest.mark.parametrize("text", FOUND)
def test_free_text_finds_its_service(index: Index, text: str) -> None:
    match = confident(index.rank(text))
    assert match is not None
    assert match.service_id == FOUND[text]
    assert match.why


@pytest.mark.parametrize("text", UNSURE)
def test_what_is_not_clear_is_left_to_people(index: Index, text: str) -> None:
    assert confident(index.rank(text)) is None


def test_scores_are_shares_in_order_and_the_front_door_is_no_match(index: Index, catalogue: Catalogue) -> None:
    for text in [*FOUND, *UNSURE, "word " * 5000, "\x00" * 100, "naïve 日本語 ١٢٣"]:
        matches = index.rank(text)
        assert all(0 < match.score < 1 for match in matches)
        assert matches == sorted(matches, key=lambda match: (-match.score, match.service_id))
        assert catalogue.triage.id not in {match.service_id for match in matches}


def test_confidence_needs_height_and_margin(index: Index) -> None:
    best, *others = index.rank("a copy of my birth certificate")
    assert confident([best, *others]) == best
    assert confident([best, best]) is None
    assert confident([match for match in others if match.score < SURE]) is None
    assert 0 < MARGIN < SURE < 1


def test_a_word_that_is_added_to_no_avail_never_raises_the_score(index: Index) -> None:
    assert index.rank("hole in the road zebra")[0].score < index.rank("hole in the road")[0].score


@pytest.mark.parametrize(
    "text",
    [
        "There is a SMELL OF GAS in my kitchen",
        "gas leak!",
        "ça sent le gaz dans la cuisine",
        "une odeur de gaz",
        "أشم رائحة غاز",
        "il me bat tous les jours",
        "the house is on fire",
        "je veux me tuer",
        "витік газу",
    ],
)
def test_danger_is_heard_in_any_language(index: Index, text: str) -> None:
    assert index.danger(text)


@pytest.mark.parametrize(
    "text", ["my gas bill", "firewood delivery", "Las Vegas leaks", "au feu rouge", "je me bats contre la facture", "", "smell of gasoline"]
)
def test_a_part_of_a_word_or_a_mere_subject_is_no_danger(index: Index, text: str) -> None:
    assert not index.danger(text)


def test_the_short_forms_use_one_index_per_catalogue(catalogue: Catalogue, index: Index) -> None:
    assert rank(catalogue, "pothole", "en") == index.rank("pothole")
    assert danger(catalogue, "gas leak")


def test_words_are_folded() -> None:
    assert tokens("L'ÉTÉ, les journaux_et Œuvres!") == ["l", "ete", "les", "journaux", "et", "oeuvre"]
    assert [singular(word) for word in ("eaux", "houses", "parties", "bus", "glass", "trees", "feux")] == [
        "eaux",
        "house",
        "party",
        "bus",
        "glass",
        "tree",
        "feux",
    ]
