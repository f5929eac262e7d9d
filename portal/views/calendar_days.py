"""An amendment of a calendar, as it becomes when its weekly hours or some of its days are changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from portal.errors import Invalid

#: Days that may be closed, or have hours of their own, at once.
AT_ONCE = 100


def weekly(own: Mapping[str, Any], hours: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Other weekly hours; the days stay as they were."""
    return {**own, "weekly": {day: list(windows) for day, windows in hours.items() if windows}}


def days(own: Mapping[str, Any], first: str, last: str, *, windows: Sequence[str] = (), worked: bool = False) -> dict[str, Any]:
    """From `first` to `last` it is closed; open at these `windows` alone; or `worked` although it is a public holiday. Invalid where they are no days."""
    named = [day.isoformat() for day in _between(first, last)]
    kept = without(own, *named)
    if worked:
        return {**kept, "worked": sorted([*kept.get("worked", ()), *named])}
    if windows:
        return {**kept, "special": {**kept.get("special", {}), **{day: list(windows) for day in named}}}
    return {**kept, "closed": sorted([*kept.get("closed", ()), *named])}


def without(own: Mapping[str, Any], *named: str) -> dict[str, Any]:
    """These days are as they are written again."""
    kept = dict(own)
    for part in ("closed", "worked"):
        if part in own:
            kept[part] = [day for day in own[part] if day not in named]
    if "special" in own:
        kept["special"] = {day: windows for day, windows in own["special"].items() if day not in named}
    return kept


def listed(own: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Days that are not as they are written, in order: `day`, `kind` (closed, worked, special), and `windows` of a special one."""
    found = [{"day": day, "kind": part, "windows": []} for part in ("closed", "worked") for day in own.get(part) or ()]
    found += [{"day": day, "kind": "special", "windows": windows} for day, windows in (own.get("special") or {}).items()]
    return sorted(found, key=lambda one: str(one["day"]))


def _between(first: str, last: str) -> list[date]:
    said = {"first_day": first, "last_day": last or first}
    read: dict[str, date] = {}
    for name, text in said.items():
        try:
            read[name] = date.fromisoformat(text)
        except ValueError:
            raise Invalid(errors=[{"pointer": f"/{name}", "detail": "Write a day as 2026-12-24."}]) from None
    number = (read["last_day"] - read["first_day"]).days + 1
    if number < 1:
        raise Invalid(errors=[{"pointer": "/last_day", "detail": "Write a day that is not before the first."}])
    if number > AT_ONCE:
        raise Invalid(errors=[{"pointer": "/last_day", "detail": "At most a hundred days can be changed at once."}])
    return [read["first_day"] + timedelta(days=one) for one in range(number)]
