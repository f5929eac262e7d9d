"""Working hours as an agency writes them, made whole: windows, holidays by year, and what they were made with."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import date
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import Any

from portal.catalogue.definitions import WorkingHours

#: Half-open window of a local day, in minutes from its 00:00; 1440 is the start of the next local day.
Window = tuple[int, int]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

_WINDOW = re.compile(r"([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
#: Names a zone database may hold that depend on the machine, or count leap seconds.
_NOT_ZONES = ("localtime", "posixrules", "Factory", "posix/", "right/")


class WrongHours(ValueError):
    """These working hours cannot be used. `path` leads to the fault inside the definition, for example `("weekly", "mon", 1)`."""

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        self.path = path
        super().__init__(message)


def resolve(hours: WorkingHours, *, years: range = range(2000, 2051), beside: Callable[[str], bytes] | None = None) -> dict[str, Any]:
    """The JSON-able body that is stored and hashed, and from which `Calendar.from_body` computes. `beside` reads a file next to the definition.

    `{"zone", "years": [first, last], "weekly": {"mon": ["HH:MM-HH:MM"]}, "special": {date: [window]}, "holidays": {"2026": [date]}, "made_with": {...}}`

    Everything a promise depends on is in it but the zone's transitions: those stay with the zone database, whose version is
    recorded, because a government may change them and a wall time promised must follow. An upgrade of `holidays` thus moves no date.
    A holiday closes its whole local date; half days and closures of some hours become special hours. `made_with` has no say in the hash
    (portal/catalogue/publish.py), so machines with other zone databases agree on it; only a file's times written in another zone are
    brought to this one with the database at hand. Raises `WrongHours`, a ValueError whose sentence says what is wrong and what to write.
    """
    zone(hours.zone)
    weekly = _weekly(hours)
    special = {local_date(day, years, ("special", day)).isoformat(): _written(texts, ("special", day)) for day, texts in hours.special.items()}
    if not weekly and not any(special.values()):
        raise WrongHours("these hours never open: write at least one window, for example `mon: [09:00-17:00]`", ("weekly",))
    made_with = {"holidays": metadata.version("holidays"), "tzdata": tzdata_version(hours.zone)}
    if hours.country:
        # For the names of its holidays, which no date depends on.
        made_with |= {"country": hours.country} | ({"subdivision": hours.subdivision} if hours.subdivision else {})
    if hours.holidays_file:
        made_with["icalendar"] = metadata.version("icalendar")
    from portal.standards.days_off import days_off  # not at the top: it reads the names of this module

    closed, other = days_off(hours, years, {day: windows(texts) for day, texts in weekly.items()}, beside)
    _check_special(special, closed)
    return {
        "zone": hours.zone,
        "years": [years[0], years[-1]],
        "weekly": weekly,
        "special": {day.isoformat(): _texts(found) for day, found in sorted(other.items())} | special,
        "holidays": {str(year): [day.isoformat() for day in sorted(closed) if day.year == year] for year in years},
        "made_with": made_with,
    }


def _weekly(hours: WorkingHours) -> dict[str, list[str]]:
    if hours.always:
        for field in fields(hours):
            if field.name not in ("id", "zone", "always") and getattr(hours, field.name):
                raise WrongHours(f"`always` is day and night, every day: leave out `{field.name}`, or `always`", (field.name,))
        return {day: ["00:00-24:00"] for day in WEEKDAYS}
    for day in hours.weekly:
        if day not in WEEKDAYS:
            raise WrongHours(f"`{day}` is not a weekday: write one of {', '.join(WEEKDAYS)}", ("weekly", day))
    return {day: _written(hours.weekly.get(day, ()), ("weekly", day)) for day in WEEKDAYS if hours.weekly.get(day)}


def zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone of that IANA name. WrongHours where there is none, or where it would mean something else on the next machine."""
    try:
        if name.startswith(_NOT_ZONES):
            raise ValueError(name)
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = difflib.get_close_matches(name, zoneinfo.available_timezones(), n=1)
        hint = f"did you mean `{near[0]}`?" if near else "write an IANA name, for example `Europe/Brussels`"
        raise WrongHours(f"`{name}` is not a time zone: {hint}", ("zone",)) from None


def windows(texts: Sequence[str], path: tuple[str | int, ...] = ()) -> tuple[Window, ...]:
    """`HH:MM-HH:MM` windows of one local day as minutes, in order. `24:00` ends with the day. WrongHours on overlap or nonsense."""
    if isinstance(texts, str):
        raise WrongHours(f"`{texts}` stands alone: write a list, [{texts}]", path)
    found: list[tuple[Window, int]] = []
    for place, text in enumerate(texts):
        found.append((_window(text, (*path, place)), place))
    found.sort()
    for ((_, closes), before), ((opens, _), after) in pairwise(found):
        if opens < closes:
            raise WrongHours(f"`{texts[before]}` and `{texts[after]}` overlap: write windows that do not share a minute", (*path, after))
    return tuple(window for window, _ in found)


def _window(text: str, path: tuple[str | int, ...]) -> Window:
    found = _WINDOW.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise WrongHours(f"`{text}` is not a window: write `HH:MM-HH:MM`, for example `09:00-12:30`", path)
    hour, minute, to_hour, to_minute = (int(part) for part in found.groups())
    opens, closes = hour * 60 + minute, to_hour * 60 + to_minute
    if opens >= DAY_MINUTES or closes > DAY_MINUTES:
        raise WrongHours(f"`{text}` holds a time that no day has: a window opens from 00:00 to 23:59 and closes by 24:00", path)
    if closes <= opens:
        raise WrongHours(
            f"`{text}` ends before it starts: hours over midnight are two windows, `{text[:5]}-24:00` and on the next day `00:00-{text[6:]}`", path
        )
    return opens, closes


def tzdata_version(name: str) -> str:
    """The version of the zone database that answers for this zone here: the machine's, which comes first, else the package's."""
    for folder in zoneinfo.TZPATH:
        if Path(folder, name).is_file():
            try:
                with Path(folder, "tzdata.zi").open(encoding="ascii") as lines:
                    return f"system {lines.readline().removeprefix('# version').strip()}"
            except (OSError, UnicodeDecodeError):
                return "system"
    return metadata.version("tzdata")


def cut(written: Iterable[Window], breaks: Iterable[Window]) -> list[Window]:
    """What is left of windows when others are taken out."""
    left = list(written)
    for begins, ends in breaks:
        pieces = [((opens, min(closes, begins)), (max(opens, ends), closes)) for opens, closes in left]
        left = [piece for pair in pieces for piece in pair if piece[0] < piece[1]]
    return left


def _written(texts: Sequence[str], path: tuple[str | int, ...]) -> list[str]:
    return _texts(windows(texts, path))


def _texts(found: Iterable[Window]) -> list[str]:
    return [f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}" for opens, closes in found]


def local_date(text: str, years: range, path: tuple[str | int, ...]) -> date:
    """A date of the calendar's years; WrongHours for any other."""
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        raise WrongHours(f"`{text}` is not a date: write YYYY-MM-DD, for example `2026-12-24`", path) from None
    if day.year not in years:
        raise WrongHours(f"{text} lies outside the years of this calendar, {years[0]} to {years[-1]}", path)
    return day


def _check_special(special: dict[str, list[str]], closed: set[date]) -> None:
    """A holiday closes its date, so hours written for it would be lost without a word."""
    for day, texts in special.items():
        if texts and date.fromisoformat(day) in closed:
            raise WrongHours(f"{day} is a holiday and stays closed: name it in `worked` too, or take its hours out", ("special", day))
