"""The reader's language: which it is, its words (gettext, read from `translations/`), and texts of definitions in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from babel import Locale
from babel.units import format_unit
from flask import Flask, current_app, g, request
from markupsafe import Markup, escape

from portal.catalogue import alphabet
from portal.catalogue.definitions import Text
from portal.catalogue.languages import say
from portal.catalogue.phrases import FOLDER as FOLDER
from portal.catalogue.phrases import LANGUAGES as LANGUAGES
from portal.catalogue.phrases import translations
from portal.pages import cookies
from portal.views.diagram import RIGHT_TO_LEFT

#: The cookie that keeps a choice, and the parameter that makes one.
CHOICE = "language"


def N_(text: str) -> str:
    """Marks a text for translation."""
    return text


def language() -> str:
    """Of the request in hand: asked for in the address, chosen before, sent by the browser, else the portal's own."""
    if "language" not in g:
        chosen = (request.args.get(CHOICE), cookies.given(CHOICE), request.accept_languages.best_match(LANGUAGES))
        own = current_app.extensions["onedoor"].settings.default_language
        g.language = next((one for one in (*chosen, own) if one in LANGUAGES), "en")
    found: str = g.language
    return found


@contextmanager
def spoken(code: str) -> Iterator[None]:
    """Inside, the pages' words are in that language: what is read or handed to somebody who speaks another than who works here."""
    before = language()
    g.language = code if code in LANGUAGES else before
    try:
        yield
    finally:
        g.language = before


def direction(code: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if code in RIGHT_TO_LEFT else "ltr"


def own_name(code: str) -> str:
    """A language as its speakers call it."""
    name = Locale.parse(code).get_display_name() or code
    return name[:1].upper() + name[1:]


def words(text: str) -> str:
    """A text of the pages in the reader's language."""
    return translations(language()).gettext(text)


def plural(one: str, many: str, number: int) -> str:
    """The form of the reader's language that fits the number."""
    return translations(language()).ngettext(one, many, number)


def plain(text: Text) -> str:
    """A text of a definition in the reader's language or the nearest there is, without a mark of which."""
    return say(text, language())


def place(text: Text) -> tuple[str, str]:
    """Where a text stands in a list of its kind, in the reader's language."""
    return alphabet.place(plain(text), language())


def told(text: Text | None) -> Markup:
    """As `plain`, marked where it is of another language (WCAG 2.2, 3.1.2)."""
    if not text:
        return Markup("")
    said = plain(text)
    spoken = next(code for code, one in text.items() if one == said)
    if text.get(language()) == said:
        return escape(said)
    return Markup('<span lang="{}" dir="{}">{}</span>').format(spoken, direction(spoken), said)


def size(number: int) -> str:
    """How large a file is, as people of that language say it."""
    unit, value = ("megabyte", number / 1_000_000) if number >= 100_000 else ("kilobyte", max(number / 1000, 0.1))
    return format_unit(round(value, 1), f"digital-{unit}", "short", locale=Locale.parse(language()))


def install(app: Flask) -> None:
    """Gives the templates `_`, `ngettext` and what they say of languages."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    environment: Any = app.jinja_env
    environment.install_gettext_callables(words, plural, newstyle=True)
