"""Clocks from the events of a case alone: what the table says must be what this makes of the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from portal.standards import clockwork
from portal.standards.calendar import Calendar
from portal.standards.clockwork import Clock, Standstill


class Told(Protocol):
    """An event, as it was recorded or read back."""

    @property
    def type(self) -> str:
        """Its type."""

    @property
    def occurred_at(self) -> datetime:
        """When it was true."""

    @property
    def agency(self) -> str | None:
        """Whose it is."""

    @property
    def data(self) -> dict[str, Any]:
        """What it says."""


class Line(NamedTuple):
    """An event as it stands in the log: what clocks need of it."""

    type: str
    occurred_at: datetime
    agency: str | None
    data: dict[str, Any]


#: Prepared calendar of a hash.
Calendars = Callable[[str], Calendar]
Data = Mapping[str, Any]


def clocks(events: Iterable[Told], calendars: Calendars) -> dict[str, Clock]:
    """Id of each clock -> how it stands after these events, in their order. Dates are computed from their causes; those the events tell are not read.

    Two exceptions, which have no cause to compute from: a date that was `imported`, and one moved by a change of calendar.
    """
    found: dict[str, Clock] = {}
    for event in events:
        if event.type == "ClockStarted":
            found[event.data["clock"]] = _started(event.data, calendars)
        elif event.type == "CaseReplanned":
            hours = calendars(event.data["calendar_hash"])
            found |= {id: clockwork.moved(found[id], found[id].due_at, hours) for id in event.data["clocks"] if id in found}
        elif event.type in _FOLLOW and (before := found.get(event.data["clock"])) is not None:
            found[event.data["clock"]] = _FOLLOW[event.type](before, event, calendars)
    return found


def _started(data: Data, calendars: Calendars) -> Clock:
    term, hash = clockwork.rule_term(data["rule"]), data.get("calendar_hash")
    started_at, due_at = _at(data["started_at"]), _at(data["due_at"])
    hours = calendars(hash) if hash else None
    if data["due_source"] == "imported" or term is None or hours is None:
        return Clock(term, hours, started_at, due_at, due_at)
    return clockwork.begun(term, hours, started_at)


def _paused(clock: Clock, event: Told, _: Calendars) -> Clock:
    data = event.data
    return clockwork.paused(clock, Standstill(data["pause"], data["why"], _at(data["from"]), _at(data["until"]), data.get("law")))


def _resumed(clock: Clock, event: Told, _: Calendars) -> Clock:
    return clockwork.resumed(clock, event.data["pause"], _at(event.data["at"]))


def _moved(clock: Clock, event: Told, calendars: Calendars) -> Clock:
    data = event.data
    if data["why"] == "extended":
        return clockwork.extended(clock, data["within"])
    hash = data.get("calendar_hash")
    return clockwork.moved(clock, _at(data["due_at"]), calendars(hash) if hash else None)


def _reset(clock: Clock, event: Told, _: Calendars) -> Clock:
    return clockwork.reset(clock, _at(event.data["started_at"]))


def _met(clock: Clock, event: Told, _: Calendars) -> Clock:
    return clockwork.stopped(clock, event.occurred_at)


def _missed(clock: Clock, event: Told, _: Calendars) -> Clock:
    at = event.data.get("stopped_at")
    return clockwork.stopped(clock, _at(at)) if at else clockwork.missed(clock)


def _stopped(clock: Clock, event: Told, _: Calendars) -> Clock:
    return clockwork.stopped(clock, _at(event.data["at"]))


def _cancelled(clock: Clock, event: Told, _: Calendars) -> Clock:
    return clockwork.cancelled(clock, event.occurred_at)


_FOLLOW: dict[str, Callable[[Clock, Told, Calendars], Clock]] = {
    "ClockPaused": _paused,
    "ClockResumed": _resumed,
    "ClockMoved": _moved,
    "ClockReset": _reset,
    "StandardMet": _met,
    "StandardMissed": _missed,
    "ClockStopped": _stopped,
    "ClockCancelled": _cancelled,
}


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
