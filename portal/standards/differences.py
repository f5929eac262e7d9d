"""What differs between two versions of a calendar, in words: hours, days, zone and years."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from portal.standards.resolve import WEEKDAYS


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """One line a difference, the newer version's view: `closed 2026-12-24 (Thu)`. Bodies as `resolve` made them; what made them does not count."""
    return [*_whole(before, after), *_week(before, after), *_holidays(before, after), *_special(before, after)]


def _whole(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    if before["zone"] != after["zone"]:
        yield f"zone {before['zone']} -> {after['zone']}"
    if before["years"] != after["years"]:
        yield "years " + " -> ".join(f"{first} to {last}" for first, last in (before["years"], after["years"]))


def _week(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for day in WEEKDAYS:
        was, now = (hours(body["weekly"].get(day, ())) for body in (before, after))
        if was != now:
            yield f"{day} {was} -> {now}"


def _holidays(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    was, now = ({day for days in body["holidays"].values() for day in days} for body in (before, after))
    yield from (f"closed {named(day)}" for day in sorted(now - was))
    yield from (f"no longer closed {named(day)}" for day in sorted(was - now))


def _special(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    was, now = before["special"], after["special"]
    for day in sorted({*was, *now}):
        if was.get(day) != now.get(day):
            yield f"{named(day)} {_own(was, day)} -> {_own(now, day)}"


def _own(special: Mapping[str, Iterable[str]], day: str) -> str:
    return hours(special[day]) if day in special else "as usual"


def hours(texts: Iterable[str]) -> str:
    """Windows of one day as they are shown."""
    return " ".join(texts) or "closed"


def named(day: str) -> str:
    """A date with its day of the week."""
    return f"{day} ({WEEKDAYS[date.fromisoformat(day).weekday()]})"
