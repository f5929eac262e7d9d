"""A stored calendar with other hours, further closures and working days, as an administrator changed it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.standards.resolve import WEEKDAYS, WrongHours, local_date, windows


def amended(body: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the calendar with `change`: `weekly` in place of the one that is written, `special` days and `closed` and `worked` dates beside those.

    WrongHours, with the path inside `change`, for what cannot be.
    """
    first, last = body["years"]
    years = range(first, last + 1)
    weekly = _weekly(change["weekly"]) if change.get("weekly") is not None else body["weekly"]
    special = {**body["special"], **{_day(day, years, ("special", day)): _windows(texts, ("special", day)) for day, texts in change.get("special", {}).items()}}
    closed = {_day(day, years, ("closed", place)) for place, day in enumerate(change.get("closed", ()))}
    worked = {_day(day, years, ("worked", place)) for place, day in enumerate(change.get("worked", ()))}
    for place, day in enumerate(change.get("worked", ())):
        if day in closed:
            raise WrongHours(f"`{day}` is closed and worked: leave one of them out", ("worked", place))
    own = {day for day, texts in change.get("special", {}).items() if texts}
    if clash := sorted(own & closed):
        raise WrongHours(f"`{clash[0]}` is closed and has hours of its own: leave one of them out", ("special", clash[0]))
    special = {day: texts for day, texts in special.items() if day not in closed or day in own}
    days = {day for some in body["holidays"].values() for day in some}
    days = (days | closed) - worked - own
    if not weekly and not any(special.values()):
        raise WrongHours("these hours never open: write at least one window, for example `mon: [09:00-17:00]`", ("weekly",))
    return {**body, "weekly": weekly, "special": dict(sorted(special.items())), "holidays": {str(year): _of(days, year) for year in years}}


def _of(days: set[str], year: int) -> list[str]:
    return sorted(day for day in days if day.startswith(f"{year:04d}-"))


def _weekly(written: Mapping[str, Any]) -> dict[str, list[str]]:
    for day in written:
        if day not in WEEKDAYS:
            raise WrongHours(f"`{day}` is not a weekday: write one of {', '.join(WEEKDAYS)}", ("weekly", day))
    return {day: _windows(written[day], ("weekly", day)) for day in WEEKDAYS if written.get(day)}


def _windows(texts: Any, path: tuple[str | int, ...]) -> list[str]:
    windows(texts, path)
    return sorted(texts)


def _day(text: str, years: range, path: tuple[str | int, ...]) -> str:
    return local_date(text, years, path).isoformat()
