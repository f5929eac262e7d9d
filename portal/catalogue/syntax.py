"""What single values must look like: ids, terms, windows of the day, dates. Each function gives a message, or None where all is well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

from portal.catalogue.faults import instead

UNITS = ("business_days", "business_hours", "calendar_days", "calendar_weeks", "calendar_months", "calendar_hours")
PROFILES = ("same-time", "opening-hours", "eu-1182-71")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

ID = "[a-z][a-z0-9]*(-[a-z0-9]+)*"
WORD = "[a-z0-9]+([-_][a-z0-9]+)*"
FIELD = "[a-z][a-z0-9]*([-_][a-z0-9]+)*"
TERM = "[1-9][0-9]{0,4} (" + "|".join(UNITS) + ")"
TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_ID, _WORD, _FIELD, _TERM = (re.compile(form) for form in (ID, WORD, FIELD, TERM))
_WINDOW = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")
#: Reserved in CEL (cel-spec, language definition): `answers.in` could not be written.
_CEL = {"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"}
_CEL |= {"package", "namespace", "return", "var", "void", "while"}

#: Steps of every form beside its questions, and what its pages send with the answers.
_FORMS = {"check", "done", "do", "once", "version", "form-token"}


def bad_id(id: str) -> str | None:
    """Ids of definitions, steps, standards, queues: `moving-home`."""
    return None if _ID.fullmatch(id) and len(id) <= 63 else f"`{id[:80]}` is no id: small letters, digits and single hyphens, a letter first, at most 63"


def bad_word(word: str) -> str | None:
    """Ids of options, outcomes and teams: as ids, but a digit may come first and `_` may join."""
    return None if _WORD.fullmatch(word) and len(word) <= 63 else f"`{word[:80]}` cannot be used here: small letters, digits, single `-` or `_`, at most 63"


def bad_field(id: str) -> str | None:
    """Ids of fields. They are names in conditions too, where a hyphen would be a minus and is written `_`."""
    if id in _CEL:
        return f"`{id}` is a reserved word of conditions: write another, such as `{id}_answer`"
    return None if _FIELD.fullmatch(id) and len(id) <= 63 else f"`{id[:80]}` is no field id: write small letters, digits and single `_`, such as `moving_date`"


def bad_question(id: str) -> str | None:
    """Ids of questions: ids of fields that are no step of a form besides, nor what every form carries."""
    if id in _FORMS:
        return f"`{id}` is a word of the form itself: a page would open in place of the question; write another, such as `{id.replace('-', '_')}_answer`"
    return bad_field(id)


def bad_term(term: str) -> str | None:
    """`N unit` with an explicit unit (a bare day is ambiguous)."""
    if _TERM.fullmatch(term):
        return None
    number = re.search(r"[1-9][0-9]*", term)
    example = f"{number.group() if number else 5} business_days"
    return f"`{term[:40]}` is no term: write a whole number from 1 and a unit, such as `{example}`; units are " + ", ".join(UNITS)


def bad_window(window: str) -> str | None:
    """`HH:MM-HH:MM` of one local day; `24:00` is its end."""
    if _span(window):
        return None
    return f"`{window[:40]}` is no window: write `HH:MM-HH:MM`, the end after the beginning and at most 24:00, such as `08:30-17:00`"


def bad_time(time: str) -> str | None:
    """`HH:MM`, a time of the local day."""
    return None if re.fullmatch(TIME, time) else f"`{time[:40]}` is no time of day: write `HH:MM`, from 00:00 to 23:59, such as `15:00`"


def bad_cutoff(cutoff: str, calendar: str, weekly: Mapping[str, Iterable[str]]) -> str | None:
    """A cut-off lies inside the hours of each weekday that opens, at no edge and in no break; a day may end before it, but not every day."""
    at, cuts = _minutes(cutoff), False
    for day, windows in (weekly or dict.fromkeys(DAYS, ("00:00-24:00",))).items():
        spans = [span for window in windows if (span := _span(window))]
        inside = any(opens < at < closes for opens, closes in spans)
        cuts |= inside
        if spans and not inside and at < max(closes for _, closes in spans):
            hours = ", ".join(windows)
            return f"`{cutoff}` is not inside the opening hours of {day} ({hours}) of calendar `{calendar}`: write a time after it opens and outside its breaks"
    if weekly and not cuts:
        return f"`{cutoff}` is not before the closing of any day of calendar `{calendar}`, so it would change nothing: write an earlier time, or leave it out"
    return None


def bad_order(windows: Iterable[str]) -> str | None:
    """Windows of one day: one after the other, no overlap."""
    spans = [span for window in windows if (span := _span(window))]
    clash = next(((a, b) for a, b in pairwise(spans) if b[0] < a[1]), None)
    return "windows of a day must follow one another without overlap" if clash else None


def _span(window: str) -> tuple[int, int] | None:
    match = _WINDOW.fullmatch(window)
    if not match or not match[0].isascii():
        return None
    start, end = _minutes(window[:5]), _minutes(window[6:])
    return (start, end) if start < end <= 24 * 60 else None


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def bad_day(day: str) -> str | None:
    """Days of the week."""
    return None if day in DAYS else f"`{day[:40]}` is no day: {instead(day, DAYS)}"


def bad_date(text: str) -> str | None:
    """Local dates, ISO 8601 extended."""
    try:
        good = date.fromisoformat(text).isoformat() == text
    except ValueError:
        good = False
    return None if good else f"`{text[:40]}` is no date: write `YYYY-MM-DD` of a day that exists"


def bad_zone(zone: str) -> str | None:
    """Names of the IANA time zone database."""
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        return f"`{zone[:40]}` is no time zone: write a name of the IANA database, such as `Europe/Brussels`"
    return None


def bad_country(code: str) -> str | None:
    """ISO 3166-1 alpha-2; whether the `holidays` package knows it is asked when the calendar is resolved."""
    return None if re.fullmatch(r"[A-Z]{2}", code) else f"`{code[:40]}` is no country: write two capital letters (ISO 3166-1), such as `BE`"


def bad_currency(code: str) -> str | None:
    """ISO 4217."""
    return None if re.fullmatch(r"[A-Z]{3}", code) else f"`{code[:40]}` is no currency: write three capital letters (ISO 4217), such as `EUR`"


def bad_address(url: str) -> str | None:
    """Addresses deliveries go to; `${NAME}` at the start is taken from the settings."""
    return (
        None
        if re.match(r"(https?://|mailto:|sftp://|file:|\$\{[A-Z][A-Z0-9_]*\})\S*$", url)
        else f"`{url[:60]}` is no address: write `https://...` or `${{NAME}}/...`"
    )
