"""A letter on paper: what is printed, kept in the vault as it was made, and the pages made of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from portal.catalogue.letters import RIGHT_TO_LEFT
from portal.dispatch.sheet_words import words

#: Fonts that come with the portal: packages of fonts under the Open Font License. Where one lacks a character the next is asked.
FONTS = (("fontpkg_noto_sans", "NotoSans[wdth,wght].ttf"), ("fontpkg_noto_sans_arabic", "NotoSansArabic[wdth,wght].ttf"))
#: Millimetres on A4: margins, and the window of an envelope (DIN 5008, form B; ISO 269 DL and C5/6).
LEFT, RIGHT, FOOT = 25.0, 20.0, 25.0
WINDOW_TOP, WINDOW_WIDTH, WINDOW_LINES = 45.0, 85.0, 7
#: Points, and millimetres of a line; then those of large print (18 points: what associations of people with low vision ask for).
SIZE, LARGE = (11.0, 5.6), (18.0, 9.2)
#: Points below which nothing is written.
SMALLEST = 6.0
#: Latin, Greek and Cyrillic letters, figures and signs that stand alone; and blanks between figures.
_PLAIN, _APART = re.compile("[\\s\x20-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf]*"), re.compile(r"(?<=\d) (?=\d)")
#: Drawn by no font, and nothing is missed.
_UNDRAWN = frozenset("\n\t\u200b\u200c\u200d\u00ad\u2060\ufe0e\ufe0f")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed of one letter. `address`: lines below the name."""

    reference: str
    language: str
    name: str
    address: str
    sender: str
    contact: str
    date: str
    subject: str
    paragraphs: tuple[str, ...]
    large: bool = False

    @property
    def kept(self) -> dict[str, Any]:
        """As the vault keeps it."""
        return {**asdict(self), "paragraphs": list(self.paragraphs)}

    @property
    def text(self) -> str:
        """Everything that is drawn."""
        return "\n".join((self.name, self.address, self.sender, self.contact, self.date, self.subject, *self.paragraphs))


def from_kept(value: Mapping[str, Any]) -> Sheet:
    """The letter as it was kept."""
    return Sheet(**{**value, "paragraphs": tuple(value["paragraphs"])})


def named(fonts: str) -> tuple[str, ...]:
    """Files of the setting LETTER_FONTS."""
    return tuple(one.strip() for one in fonts.split(",") if one.strip())


def unprintable(text: str, more: Sequence[str] = ()) -> str:
    """Characters no font of ours draws, each once; `more`: files of further fonts."""
    known = _drawn(tuple(more))
    return "".join(dict.fromkeys(one for one in text if one not in _UNDRAWN and ord(one) not in known and unicodedata.category(one) != "Cf"))


def pdf(sheets: Iterable[Sheet], *, at: datetime, more: Sequence[str] = (), both_sides: bool = False) -> bytes:
    """All letters as one PDF, each from a page of its own; `both_sides`: from a sheet of its own, so that none begins on another's back."""
    from fpdf import FPDF

    paper = FPDF(format="A4")
    paper.set_creation_date(at)
    paper.set_margins(LEFT, LEFT, RIGHT)
    names = []
    for number, file in enumerate((*_own(), *map(Path, more))):
        paper.add_font(f"f{number}", "", file)
        names.append(f"f{number}")
    paper.set_fallback_fonts(names[1:], exact_match=False)
    for sheet in sheets:
        first = paper.page + 1
        _write(paper, sheet)
        _feet(paper, sheet, first, paper.page)
        if both_sides and (paper.page - first) % 2 == 0:
            paper.set_auto_page_break(False)
            paper.add_page()
    return bytes(paper.output())


def _write(paper: Any, sheet: Sheet) -> None:
    size, line = LARGE if sheet.large else SIZE
    paper.set_auto_page_break(True, FOOT + (6 if sheet.large else 0))
    paper.add_page()
    _put(paper, (LEFT, WINDOW_TOP - 5), WINDOW_WIDTH, 8, sheet.sender)
    window = [one for one in (sheet.name, *address_lines(sheet.address)) if one]
    for number, text in enumerate(window[:WINDOW_LINES]):
        _put(paper, (LEFT, WINDOW_TOP + number * 5.5), WINDOW_WIDTH, 12 if sheet.large else 11, text)
    beside, step = paper.w - RIGHT - 65, 13
    for number, (name, value) in enumerate((("reference", sheet.reference), ("date", sheet.date))):
        _put(paper, (beside, WINDOW_TOP + number * step), 65, 8, words(sheet.language, name))
        _put(paper, (beside, WINDOW_TOP + number * step + 5), 65, 14 if sheet.large else 11, value)
    paper.set_xy(LEFT, 98)
    _paragraph(paper, sheet.subject, sheet.language, size * 1.25, line * 1.2)
    for text in (*sheet.paragraphs, words(sheet.language, "reply", reference=sheet.reference)):
        _paragraph(paper, text, sheet.language, size, line)
    if sheet.contact:
        _paragraph(paper, f"{words(sheet.language, 'by')}: {sheet.contact}", sheet.language, size, line)


def _paragraph(paper: Any, text: str, language: str, size: float, line: float) -> None:
    """Numbers with blanks in them stay whole, and are read from left to right whatever stands around them (UAX 9, W4: a no-break space joins numbers)."""
    text = _APART.sub("\u00a0", text)
    _say(paper, text, size=size, base=language)
    paper.multi_cell(paper.w - LEFT - RIGHT, line, text, align="R" if _to_the_left(text, language) else "L", new_x="LMARGIN", new_y="NEXT")
    paper.ln(line * 0.6)


def _feet(paper: Any, sheet: Sheet, first: int, last: int) -> None:
    """Reference and number at the foot of every page of a letter, so that a page that got lost is missed."""
    paper.set_auto_page_break(False)
    for page in range(first, last + 1):
        paper.page = page
        size = 12 if sheet.large else 9
        _put(paper, (LEFT, paper.h - 15), 70, size, sheet.reference)
        _put(paper, (paper.w - RIGHT - 70, paper.h - 15), 70, size, words(sheet.language, "page", page=page - first + 1, pages=last - first + 1), side="R")
    paper.page = last


def _put(paper: Any, place: tuple[float, float], width: float, size: float, text: str, *, side: str = "L") -> None:
    """One line at its place; a long one is written smaller, and cut where even that has no room."""
    text = " ".join(text.split())
    _say(paper, text, size=size, base=None)
    while text and paper.get_string_width(text) > width:
        size, text = (size - 0.5, text) if size > SMALLEST else (size, text[:-1])
        _say(paper, text, size=size, base=None)
    if text:
        paper.set_xy(*place)
        paper.cell(width, 5, text, align=side)


def _say(paper: Any, text: str, *, size: float, base: str | None) -> None:
    """Joined letters and marks are shaped; what has neither is written faster without."""
    paper.set_font("f0", size=1)  # what stands on the page is said anew: fpdf2 loses count where a line of two fonts was written before
    paper.set_font("f0", size=size)
    if _PLAIN.fullmatch(text):
        paper.set_text_shaping(False)
    else:
        paper.set_text_shaping(True, direction="rtl" if _to_the_left(text, base) else "ltr")


def _to_the_left(text: str, language: str | None) -> bool:
    """By the language of the letter; what is in no language of ours by its first letter."""
    if language is not None:
        return language.partition("-")[0] in RIGHT_TO_LEFT
    first = next((kind for one in text if (kind := unicodedata.bidirectional(one)) in ("L", "R", "AL")), "L")
    return first != "L"


def address_lines(address: str) -> list[str]:
    """An address as it stands on an envelope: line by line, else at its commas."""
    parts = address.splitlines() if "\n" in address.strip() else address.split(",")
    return [one.strip() for one in parts if one.strip()]


@cache
def _own() -> tuple[Path, ...]:
    found = []
    for package, name in FONTS:
        with as_file(files(package) / "files" / name) as file:
            found.append(file)
    return tuple(found)


@cache
def _drawn(more: tuple[str, ...]) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    found: set[int] = set()
    for file in (*_own(), *map(Path, more)):
        with TTFont(file, lazy=True) as font:
            found.update(font.getBestCmap())
    return frozenset(found)
