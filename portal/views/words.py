"""Dates and promises in the reader's words."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time

from portal.standards.terms import last_moment

_SAYS = {
    "en": "You will hear the outcome by {day} at {time}.",
    "fr": "Vous connaîtrez le résultat au plus tard le {day} à {time}.",
    "es": "Conocerá el resultado a más tardar el {day} a las {time}.",
    "ar": "ستعرف النتيجة في موعد أقصاه {day} الساعة {time}.",
}
#: A date that ends with its day.
_SAYS_DAY = {
    "en": "You will hear the outcome by the end of {day}.",
    "fr": "Vous connaîtrez le résultat au plus tard le {day}.",
    "es": "Conocerá el resultado a más tardar el {day}.",
    "ar": "ستعرف النتيجة في موعد أقصاه نهاية يوم {day}.",
}


#: What a case waits for.
_WAITS = {
    "en": ("Waiting: {why}", "Waiting until {day}: {why}"),
    "fr": ("En attente : {why}", "En attente jusqu'au {day} : {why}"),
    "es": ("En espera: {why}", "En espera hasta el {day}: {why}"),
    "ar": ("في الانتظار: {why}", "في الانتظار حتى {day}: {why}"),
}


def wait_says(why: str, until: datetime | None, zone: str, language: str) -> str:
    """One sentence on what a case waits for, and until which local day it does at most."""
    where = locale(language)
    where = where if where.language in _WAITS else Locale("en")
    without, dated = _WAITS[where.language]
    if until is None:
        return without.format(why=why)
    return dated.format(why=why, day=format_date(until.astimezone(ZoneInfo(zone)).date(), "full", locale=where))


def locale(language: str) -> Locale:
    """The locale for a language code; English where there is none. English dates lead with the day, as in our letters."""
    try:
        found = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en", "GB")
    return Locale("en", "GB") if found == Locale("en") else found


def promise_says(due_at: datetime, zone: str, language: str) -> str:
    """One sentence with the local date and time of a promise."""
    return _promise_says(due_at.replace(second=0, microsecond=0), zone, language)


@lru_cache(maxsize=1024)
def _promise_says(due_at: datetime, zone: str, language: str) -> str:
    where = locale(language)
    where = where if where.language in _SAYS else Locale("en")
    day, time = last_moment(due_at, ZoneInfo(zone))
    if time is None:
        return _SAYS_DAY[where.language].format(day=format_date(day, "full", locale=where))
    return _SAYS[where.language].format(day=format_date(day, "full", locale=where), time=format_time(time, "short", locale=where))
