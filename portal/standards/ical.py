"""Closures from an iCalendar file (RFC 5545): on which local dates a place is shut, open for half the day, or shut for some hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event

from portal.catalogue.tree import MAX_SIZE
from portal.standards.days_off import Closures
from portal.standards.ical_lines import Block, Line, blocks
from portal.standards.resolve import DAY_MINUTES, Window, WrongHours

#: Every further closure of a place is more likely a mistake than a plan; the limits keep a hostile file from holding up a start.
MOST_EVENTS: Final = 1000
MOST_DAYS: Final = 5_000
#: How often a closure may come again: nothing shuts a place by the hour.
_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
#: Words in the CATEGORIES or SUMMARY of an all-day event that make it half a day.
_HALF: Final = ("half day", "half-day", "demi-journée", "halve dag", "halber tag")
#: An event as the library reads it: what a property holds is asked of its value.
Component = Any


class WrongFile(WrongHours):
    """This file of closures cannot be used. `lines` holds all that is wrong in it: its line, from 1, and what to write instead."""

    def __init__(self, name: str, lines: Iterable[Line]) -> None:
        self.name, self.lines = name, tuple(sorted(set(lines)))
        super().__init__("; ".join(f"{name}:{line}: {message}" for line, message in self.lines), ("holidays_file",))


def read(name: str, raw: bytes, zone: ZoneInfo, years: range, *, half_days: bool) -> Closures:
    """The closures of a file in those years. WrongFile with every fault found.

    An event of whole days (DATE) closes them, also where it is TRANSPARENT, as in most feeds of public holidays; with `half day` in its
    CATEGORIES or SUMMARY they are half days, which needs hours for half days. An event with times shuts the place for that time; one that is
    TRANSPARENT says when it is open that day instead. RRULE, RDATE, EXDATE and RECURRENCE-ID are followed; a CANCELLED event says nothing.
    Times without a zone are the place's own; others are brought there, to the minute.
    """
    if len(raw) > MAX_SIZE:
        raise WrongFile(name, [(1, f"the file holds more than {MAX_SIZE:,} bytes: keep to closures")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise WrongFile(name, [(raw.count(b"\n", 0, wrong.start) + 1, "is not UTF-8: save the file in that encoding")]) from None
    found, faults = blocks(text)
    if faults:
        raise WrongFile(name, faults)
    try:
        events = list(zip(found, Calendar.from_ical(text).walk("VEVENT"), strict=True))
    except ValueError as wrong:
        raise WrongFile(name, [(1, f"is not an iCalendar file: {wrong}")]) from None
    if len(events) > MOST_EVENTS:
        raise WrongFile(name, [(events[MOST_EVENTS][0].line, f"the file holds more than {MOST_EVENTS} events: let one that comes again say so with RRULE")])
    faults = [fault for block, event in events for fault in _faults(block, event, half_days)]
    if faults:
        raise WrongFile(name, faults)
    closures = Closures()
    for occurrence in _occurrences(name, events, years):
        _take(closures, occurrence, zone, years)
    return closures


def _faults(block: Block, event: Component, half_days: bool) -> Iterator[Line]:
    broken = {error[0] for error in event.errors}
    yield from ((block.at(error[0]), f"{error[0]}: {error[1]}") for error in event.errors)
    for key in ("DTSTART", "DTEND", "DURATION", "RRULE"):
        if isinstance(event.get(key), list):
            broken.add(key)
            yield block.at(key), f"{key} stands in this event more than once"
    if "DTSTART" not in event:
        yield block.line, "the event has no DTSTART: write the day it closes, `DTSTART;VALUE=DATE:20261224`"
    for key in {"DTSTART", "DTEND"} & event.keys() - broken:
        if event[key].params.get("TZID") and isinstance(event[key].dt, datetime) and event[key].dt.tzinfo is None:
            broken.add(key)
            yield block.at(key), f"`{event[key].params['TZID']}` is not a time zone: write an IANA name, such as `Europe/Brussels`"
    if "DTSTART" in event and not broken & {"DTSTART", "DTEND", "DURATION"}:
        yield from _length(block, event)
        if half_days is False and not isinstance(event["DTSTART"].dt, datetime) and _is_half(event):
            yield block.line, 'the event is half a day, but the calendar has no hours for it: write `half_days: "08:30-12:00"` there'
    if "RRULE" in event and "RRULE" not in broken:
        yield from _rule(block, event["RRULE"])


def _length(block: Block, event: Component) -> Iterator[Line]:
    if "DTEND" in event and "DURATION" in event:
        yield block.at("DURATION"), "the event has both DTEND and DURATION: take one out"
        return
    start, end = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else None
    if end is not None and isinstance(start, datetime) != isinstance(end, datetime):
        yield block.at("DTEND"), "DTSTART and DTEND must both be dates, or both have a time"
    elif isinstance(start, datetime) and isinstance(end, datetime) and (start.tzinfo is None) != (end.tzinfo is None):
        yield block.at("DTEND"), "DTSTART and DTEND must both have a zone, or neither"
    elif end is not None and end <= start:
        yield block.at("DTEND"), "the event ends before it has begun: DTEND is the first day, or the first moment, after it"
    elif end is None and "DURATION" not in event and isinstance(start, datetime):
        yield block.line, "the event has a time but no end: write DTEND or DURATION, or a date alone for the whole day"
    elif "DURATION" in event and event["DURATION"].dt <= timedelta():
        yield block.at("DURATION"), "the event lasts no time at all: write for example `DURATION:PT4H`"


def _rule(block: Block, rule: Any) -> Iterator[Line]:
    often = str(rule.get("FREQ", [""])[0]).upper()
    if often not in _FREQUENCIES:
        yield block.at("RRULE"), f"a closure cannot come again {often or 'without FREQ'}: write one of {', '.join(_FREQUENCIES)}"
    elif often == "DAILY" and not {"UNTIL", "COUNT"} & rule.keys():
        yield block.at("RRULE"), "a closure every day without end: write UNTIL or COUNT"
    for key in {"BYHOUR", "BYMINUTE", "BYSECOND"} & rule.keys():
        yield block.at("RRULE"), f"{key} cannot be used here: write one event for each time of day"


def _occurrences(name: str, events: list[tuple[Block, Component]], years: range) -> Iterator[Component]:
    """Every time each event takes place in those years; events that share a UID correct one another."""
    series: dict[str, list[tuple[Block, Component]]] = defaultdict(list)
    for number, (block, event) in enumerate(events):
        series[str(event.get("UID", f"none {number}"))].append((block, event))
    days = 0
    for some in series.values():
        whole = Calendar()
        for _, event in some:
            whole.add_component(event)
        try:
            found = recurring_ical_events.of(whole).between(date(years[0], 1, 1), date(years[-1] + 1, 1, 1))
        except (ValueError, ArithmeticError, TypeError, LookupError) as wrong:
            raise WrongFile(name, [(some[0][0].line, f"when this event takes place cannot be told: {wrong}")]) from None
        days += len(found)
        if days > MOST_DAYS:
            raise WrongFile(name, [(some[0][0].line, f"with this event the file closes the place more than {MOST_DAYS:,} times")])
        yield from (one for one in found if isinstance(one, Event) and str(one.get("STATUS", "")).upper() != "CANCELLED")


def _take(closures: Closures, event: Component, zone: ZoneInfo, years: range) -> None:
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    if not isinstance(start, datetime):
        into = closures.half if _is_half(event) else closures.closed
        into.update(day for day in _days(start, end) if day.year in years)
        return
    opens = str(event.get("TRANSP", "")).upper() == "TRANSPARENT"
    for day, window in _windows(_local(start, zone), _local(end, zone)):
        if day.year not in years:
            continue
        if opens:
            closures.open[day].append(window)
        elif window == (0, DAY_MINUTES):
            closures.closed.add(day)
        else:
            closures.shut[day].append(window)


def _is_half(event: Component) -> bool:
    categories = event.get("CATEGORIES", ())
    written = [str(category) for one in (categories if isinstance(categories, list) else [categories]) for category in getattr(one, "cats", ())]
    return any(word in text.casefold() for word in _HALF for text in (*written, str(event.get("SUMMARY", ""))))


def _days(start: date, end: date) -> Iterator[date]:
    return (date.fromordinal(day) for day in range(start.toordinal(), end.toordinal()))


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    """Wall time of the place, to the nearest minute: many write 23:59:59 for the end of a day."""
    local = (at.astimezone(zone) if at.tzinfo else at).replace(tzinfo=None, fold=0)
    return (local + timedelta(seconds=30)).replace(second=0, microsecond=0)


def _windows(start: datetime, end: datetime) -> Iterator[tuple[date, Window]]:
    """An event with times, date by date."""
    for day in _days(start.date(), end.date() + timedelta(days=1)):
        opens = _minute(start) if day == start.date() else 0
        closes = _minute(end) if day == end.date() else DAY_MINUTES
        if opens < closes:
            yield day, (opens, closes)


def _minute(at: datetime) -> int:
    return at.hour * 60 + at.minute
