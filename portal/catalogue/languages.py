"""Which languages every text of a definition must have, what a language code looks like, and how a text or a day is said in one."""

from __future__ import annotations

import re
from datetime import date

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from portal.catalogue.definitions import Text

#: A text that lacks one of these is refused; further languages are welcome.
REQUIRED = ("en", "fr")
#: What the portal itself says to people is in each of these: pages, notices, why a date is what it is.
SPOKEN = ("en", "fr", "es", "ar")

#: BCP 47 (RFC 5646) primary subtag, lower case.
_CODE = re.compile(r"[a-z]{2,3}")


def is_language(code: str) -> bool:
    """Whether it looks like a primary language subtag; the registry itself is not asked."""
    return _CODE.fullmatch(code) is not None


def day_in_words(day: date, language: str) -> str:
    """`22 November 2026` in that language; in English where its dates are not known."""
    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return format_date(day, "long", Locale("en", "GB") if locale.language == "en" else locale)


def labelled(title: str, language: str) -> str:
    """A question as it stands before its answer: with a colon, unless it asks already."""
    return title if title.rstrip().endswith(("?", "؟")) else f"{title} :" if language == "fr" else f"{title}:"


def say(text: Text, language: str) -> str:
    """A text of a definition in that language, its primary subtag, English, or whichever there is."""
    return next((text[one] for one in (language, language.partition("-")[0], "en") if one in text), next(iter(text.values()), ""))
