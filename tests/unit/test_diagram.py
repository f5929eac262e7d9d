"""The picture of a journey: everything in it is text a screen reader and a browser can read, nothing runs, nothing overlaps, and it never changes by itself."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from random import Random  # noqa: TID251  (seeded)

import pytest

from portal.catalogue.definitions import Catalogue, Journey
from portal.catalogue.load import load
from portal.views.diagram import diagram
from portal.views.journey import END, lines, text, words
from portal.views.layers import layout
from tests.unit.random_journeys import Sound

#: SVG 2 presentation attributes and structure; anything else would need a style sheet or run.
TAGS = {"svg", "title", "desc", "defs", "marker", "path", "rect", "text"}
#: Letters beyond those of Latin-1 that may hide in a label.
HOSTILE = "<script>alert(1)</script>\"&' onload=x"


class Seen(HTMLParser):
    """Tags with their attributes, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def seen(svg: str) -> Seen:
    reader = Seen()
    reader.feed(svg)
    return reader


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def drawn(catalogue: Catalogue, journey: Journey, language: str = "en", live: dict[str, int] | None = None) -> str:
    return diagram(journey, lines(catalogue, journey, language, live), text(journey.title, language), language=language)


def random(seed: int) -> Journey:
    return Sound(Random(seed), depth=2).journey


def boxes(svg: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right, bottom of all steps (drawn with a stroke of a colour) and labels."""
    found = [one for tag, one in seen(svg).tags if tag == "rect" and one.get("stroke")]
    return [
        (float(one["x"] or 0), float(one["y"] or 0), float(one["x"] or 0) + float(one["width"] or 0), float(one["y"] or 0) + float(one["height"] or 0))
        for one in found
    ]


def test_all_journeys_are_drawn_with_title_description_and_every_word(catalogue: Catalogue) -> None:
    for journey in catalogue.journeys.values():
        svg = drawn(catalogue, journey)
        reader = seen(svg)
        tag, root = reader.tags[0]
        assert (tag, root["role"], root["aria-labelledby"]) == ("svg", "img", "journey-title journey-desc")
        assert reader.tags[1] == ("title", {"id": "journey-title"})
        said = " ".join(" ".join(reader.text).split())
        for step in journey.steps:
            assert step.title["en"] in said
        for line in lines(catalogue, journey, "en"):
            for word in [*line.says.split(), *(word for way in line.ways for word in way.label.split() if len(word) < 20)]:
                assert word in said


@pytest.mark.parametrize("seed", range(40))
def test_nothing_in_it_runs_or_needs_a_style_sheet(seed: int, catalogue: Catalogue) -> None:
    reader = seen(drawn(catalogue, random(seed)))
    assert {tag for tag, _ in reader.tags} <= TAGS
    names = {name for _, attributes in reader.tags for name in attributes}
    assert not {name for name in names if name.startswith("on") or name in ("style", "href", "class", "xlink:href")}


def test_what_a_definition_says_is_only_ever_text(catalogue: Catalogue) -> None:
    journey = catalogue.journeys["one-desk"]
    steps = lines(catalogue, journey, "en")
    hostile = [type(line)(line.id, line.kind, HOSTILE, HOSTILE, (HOSTILE,), tuple(type(way)(way.to, HOSTILE) for way in line.ways), False) for line in steps]
    reader = seen(diagram(journey, hostile, HOSTILE, name="safe"))
    assert {tag for tag, _ in reader.tags} <= TAGS
    assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on")]
    assert "".join(reader.text).count("alert(1)") > 4


@pytest.mark.parametrize("seed", range(40))
def test_steps_and_labels_lie_apart_inside_the_picture(seed: int, catalogue: Catalogue) -> None:
    for language in ("en", "ar"):
        svg = drawn(catalogue, random(seed), language)
        _, _, width, height = map(float, (seen(svg).tags[0][1]["viewbox"] or "").split())
        all_boxes = boxes(svg)
        assert len(all_boxes) >= len(random(seed).steps)
        for at, (left, top, right, bottom) in enumerate(all_boxes):
            assert -1 <= left < right <= width + 1
            assert -1 <= top < bottom <= height + 1
            for other in all_boxes[:at]:
                assert right <= other[0] + 1 or other[2] <= left + 1 or bottom <= other[1] + 1 or other[3] <= top + 1


@pytest.mark.parametrize("seed", range(40))
def test_all_ways_lead_down_but_those_of_a_round(seed: int) -> None:
    journey = random(seed)
    found = layout(journey)
    edges = {(step.id, arm.to) for step in journey.steps for arm in step.ways} | {(step.id, step.undo) for step in journey.steps if step.undo}
    assert set(found.paths) | set(found.back) == edges
    for path in found.paths.values():
        layers = [found.layer(name) for name in path]
        assert layers == list(range(layers[0], layers[0] + len(path)))
    assert bool(found.back) == any(one.kind == "decide" and "again" in one.outcomes for one in journey.steps)
    assert [name for row in found.rows for name in row].count(END) == 1


def test_it_is_the_same_every_time(catalogue: Catalogue) -> None:
    journey = catalogue.journeys["means-tested"]
    assert drawn(catalogue, journey) == drawn(load(), journey)
    assert len({drawn(catalogue, random(seed)) for seed in range(20)}) > 10


def test_two_ways_at_once_are_read_on_a_telephone(catalogue: Catalogue) -> None:
    """360 wide, some of it margin: letters of 12 stay above 11."""
    root = seen(drawn(catalogue, catalogue.journeys["staff-and-agency"])).tags[0][1]
    assert float(root["width"] or 0) * 11 / 12 <= 360 - 2 * 12


def test_from_right_to_left_it_is_mirrored_and_conditions_are_not(catalogue: Catalogue) -> None:
    journey = catalogue.journeys["permit-with-inspection"]
    # Persian: its words are the English ones, so that only the direction differs.
    there, here = drawn(catalogue, journey, "fa"), drawn(catalogue, journey, "en")
    assert (seen(there).tags[0][1]["direction"], seen(here).tags[0][1]["direction"]) == ("rtl", "ltr")
    width = float(seen(here).tags[0][1]["width"] or 0)
    mirrored = {(round(width - right, 1), round(width - left, 1), top) for left, top, right, _ in boxes(here)}
    assert all(any(abs(left - one[0]) < 0.3 and abs(right - one[1]) < 0.3 and top == one[2] for one in mirrored) for left, top, right, _ in boxes(there))
    assert re.search(r'direction="ltr">[^<]*answers\.', there)


def test_counts_of_live_cases_are_shown_where_there_are_any(catalogue: Catalogue) -> None:
    journey = catalogue.journeys["childcare-place"]
    svg = drawn(catalogue, journey, live={"place": 17})
    assert f">17 {words('en')['now']}<" in svg
    assert svg.count(f" {words('en')['now']}<") == 1


def test_another_language_is_taken_where_it_is_there(catalogue: Catalogue) -> None:
    journey = catalogue.journeys["water-account-move"]
    french = drawn(catalogue, journey, "fr")
    assert "Transférer" in french
    assert "sous 3 jours ouvrables" in " ".join(" ".join(seen(french).text).split())
    assert "Move the water account" in drawn(catalogue, journey, "nl")


def test_what_has_more_inside_leads_there(catalogue: Catalogue) -> None:
    svg = drawn(catalogue, catalogue.journeys["moving-home"])
    there = {tag[1]["href"] for tag in seen(svg).tags if tag[0] == "a"}
    assert there == {"residence-registration", "staff-and-agency", "childcare-place", "water-account-move"}
    told = " ".join(" ".join(seen(svg).text).split())
    assert "Resident parking permit · Rivermouth City Council (where needed)" in told
