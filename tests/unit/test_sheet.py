"""Letters on paper: every word is on the page, whatever is written beside it, in the window of an envelope and within the margins."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from random import Random  # noqa: TID251 - seeded: the same letters at every run

import pypdfium2
import pytest

from portal.dispatch import sheet
from portal.dispatch.sheet import Sheet

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
MM = 72 / 25.4
PLAIN = Sheet("7F3K9-2QXRT", "en", "Anna Dupont", "Rue Haute 12\n1000 Brussels", "Roads", "Quay 3", "30 November 2026", "Your request", ("Dear you,",))
ARABIC = ("طلبكم", "قرار", "الرصيف", "في", "تصريح")


def pages(*sheets: Sheet, both_sides: bool = False) -> list[str]:
    """What each page shows, line by line from left to right, as the eye sees it."""
    made = sheet.pdf(sheets, at=NOW, both_sides=both_sides)
    return [shown(page) for page in pypdfium2.PdfDocument(io.BytesIO(made))]


def shown(page: pypdfium2.PdfPage) -> str:
    """Characters by the line they stand on; a gap between two is a blank."""
    seen = page.get_textpage()
    lines: dict[int, list[tuple[float, float, str]]] = {}
    for place in range(seen.count_chars()):
        left, _, right, _ = seen.get_charbox(place, loose=True)
        bottom = seen.get_charbox(place, loose=True)[1]
        if (one := seen.get_text_range(place, 1)).strip():
            lines.setdefault(round(bottom), []).append((left, right, one))
    told = []
    for _, line in sorted(lines.items(), reverse=True):
        line.sort()
        told.append("".join((" " if number and one[0] - line[number - 1][1] > 1 else "") + one[2] for number, one in enumerate(line)))
    return "\n".join(told)


@pytest.mark.parametrize("seed", range(4))
def test_latin_words_and_figures_among_arabic_are_all_there(seed: int) -> None:
    random = Random(seed)
    given = [f"Q{random.randrange(10**6)}x" for _ in range(40)]
    words = [one for latin in given for one in (latin, *random.sample(ARABIC, random.randrange(1, 4)))]
    one = replace(
        PLAIN, language="ar", name=f"{ARABIC[0]} {given[0]}", address=f"{ARABIC[1]} 77\n1000 Brussels", paragraphs=(" ".join(words),), large=seed % 2 == 1
    )
    said = "".join(pages(one))
    assert [latin for latin in (*given, "1000 Brussels", "77", PLAIN.reference) if latin not in said] == []


def test_a_line_of_two_fonts_leaves_the_next_ones_whole() -> None:
    (page,) = pages(replace(PLAIN, language="ar", sender=ARABIC[2], name=" ".join(ARABIC[:2]), address=f"{ARABIC[2]} {ARABIC[0]} 7\n1000 Brussels"))
    assert "1000 Brussels" in page and "\n7\n" in page


def test_each_letter_counts_its_own_pages_and_begins_on_a_new_one() -> None:
    long = replace(PLAIN, paragraphs=tuple(f"Paragraph {number}. " + "Because it is so. " * 20 for number in range(25)))
    said = pages(PLAIN, long, PLAIN)
    feet = [page[page.index("Page ") :].split("\n")[0] for page in said]
    many = len(said) - 2
    assert many > 1 and feet == ["Page 1 of 1", *(f"Page {number} of {many}" for number in range(1, many + 1)), "Page 1 of 1"]
    assert all(PLAIN.reference in page for page in said)
    doubled = pages(PLAIN, PLAIN, both_sides=True)
    assert [bool(page.strip()) for page in doubled] == [True, False, True, False]


def test_the_address_stands_in_the_window_and_nothing_else_does() -> None:
    far = replace(PLAIN, name="@" * 300, address="\n".join(["#" * 200] * 30), sender="%" * 300)
    (page,) = pypdfium2.PdfDocument(io.BytesIO(sheet.pdf([far], at=NOW)))
    seen = page.get_textpage()
    height = page.get_height()
    boxes = [seen.get_charbox(place) for place in range(seen.count_chars()) if seen.get_text_range(place, 1) in "@#%"]
    inside = [box for box in boxes if height - box[3] < 95 * MM]
    assert inside and max(box[2] for box in inside) <= (25 + 86) * MM
    assert max(height - box[1] for box in inside) <= 90 * MM


def test_words_without_end_stay_within_the_margins() -> None:
    endless = replace(PLAIN, subject="W" * 500, paragraphs=("M" * 4000, "a b " * 900))
    drawn = 0
    for page in pypdfium2.PdfDocument(io.BytesIO(sheet.pdf([endless], at=NOW))):
        seen = page.get_textpage()
        boxes = [seen.get_charbox(place) for place in range(seen.count_chars()) if seen.get_text_range(place, 1) in "WM"]
        drawn += len(boxes)
        assert all(box[2] <= page.get_width() - 19 * MM and box[1] >= 20 * MM for box in boxes)
    assert drawn >= 4500, "every word is on a page"


def test_what_no_font_draws_is_named() -> None:
    assert sheet.unprintable("Łukasz Ñandú Ελλάδα Кириллица شارع - “x” 7\u200f\u00a0") == ""
    assert sheet.unprintable("王 😀 x") == "王😀"


def test_a_telephone_number_is_read_from_left_to_right_among_arabic() -> None:
    one = replace(PLAIN, language="ar", contact="الهاتف 02 279 61 11")
    assert "02 279 61 11" in pages(one)[0]
