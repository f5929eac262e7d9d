"""Dates and promises in the reader's words."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time

_SAYS = {
    "en": "You will hear the outcome by {day} at {time}.",
    "fr": "Vous connaîtrez le résultat au plus tard le {day} à {time}.",
}


def locale(language: str) -> Locale:
    """The locale for a language code; English where there is none."""
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def promise_says(due_at: datetime, zone: str, language: str) -> str:
    """One sentence with the local date and time of a promise."""
    return _promise_says(due_at.replace(second=0, microsecond=0), zone, language)


@lru_cache(maxsize=1024)
def _promise_says(due_at: datetime, zone: str, language: str) -> str:
    where = locale(language)
    local = due_at.astimezone(ZoneInfo(zone))
    template = _SAYS.get(where.language, _SAYS["en"])
    where = where if where.language in _SAYS else Locale("en")
    return template.format(day=format_date(local, "full", locale=where), time=format_time(local, "short", locale=where))
