"""The arithmetic of one clock, pure: what each thing that happens to it makes of it. The due date is always computed anew, from all that is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal

from portal.standards.calendar import ALWAYS, Calendar, Pause
from portal.standards.terms import Begins, Ends, Term, counts_from, due, parse_term, passing

Status = Literal["running", "paused", "met", "missed", "cancelled"]
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Standstill:
    """One pause. It has an end from its first instant on: `until`, or `ended` where what it waits for came sooner."""

    #: The ask, or the step run, it waits for.
    key: str
    #: `answer` or `agency`.
    awaits: str
    begins: datetime
    until: datetime
    law: str | None = None
    ended: datetime | None = None

    @property
    def span(self) -> Pause:
        """Half-open; empty where it ended before it began."""
        return self.begins, self.until if self.ended is None else max(self.begins, self.ended)


@dataclass(frozen=True)
class Clock:
    """A promise as it stands. `hours` is None where the date came from elsewhere: then nothing moves it."""

    term: Term | None
    hours: Calendar | None = field(repr=False)
    started_at: datetime
    due_at: datetime
    original_due_at: datetime
    status: Status = "running"
    standstills: tuple[Standstill, ...] = ()
    extension: str | None = None
    extended: bool = False
    stopped_at: datetime | None = None
    missed_at: datetime | None = None

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """Intervals in which it stood or will stand still."""
        return tuple(one.span for one in self.standstills if one.span[0] < one.span[1])

    @property
    def owed(self) -> bool:
        """Nobody has stopped it: a missed promise is still owed."""
        return self.stopped_at is None and self.status in ("running", "paused", "missed")


@lru_cache(maxsize=1024)
def term_of(within: str, profile: str = "same-time", ends: Ends = "closing", begins: Begins = "roll-forward", cutoff: str | None = None) -> Term:
    """The term of a standard."""
    return parse_term(within, profile=profile, ends=ends, begins=begins, cutoff=cutoff)


def period(within: str) -> Term:
    """The term of a time given for a reply or a next step: whole days by EU 1182/71, hours as they pass."""
    return term_of(within, "same-time" if within.endswith("_hours") else "eu-1182-71")


def rule_term(rule: Mapping[str, Any]) -> Term | None:
    """The term of a clock's rule; None where its date came from elsewhere."""
    if not rule.get("within") or "profile" not in rule:
        return None
    return term_of(rule["within"], rule["profile"], rule.get("ends", "closing"), rule.get("begins", "roll-forward"), rule.get("cutoff"))


def begun(term: Term, hours: Calendar, started_at: datetime) -> Clock:
    """A clock that starts."""
    due_at = due(term, hours, started_at)
    return Clock(term, hours, started_at, due_at, due_at)


def after_due(term: Term, hours: Calendar, due_at: datetime, profile: str | None) -> datetime:
    """The date so long after a due date. A legal period ends with its day, so that day, not the next, is the one the count starts from."""
    return due(term, hours, due_at - _MICROSECOND if profile == "eu-1182-71" else due_at)


def reckoned(clock: Clock) -> datetime:
    """Its due date from scratch: start, term, hours, every pause, and the extension, which is counted on from there. Nothing is added up."""
    if clock.term is None or clock.hours is None:
        return clock.due_at
    ends = due(clock.term, clock.hours, clock.started_at, clock.pauses)
    more = extension_of(clock)
    if more is None:
        return ends
    # A legal period ends with a day: its last day is the event the extension is counted from.
    base = ends - _MICROSECOND if clock.term.profile == "eu-1182-71" else ends
    return due(more, clock.hours, base, clock.pauses)


def extension_of(clock: Clock) -> Term | None:
    """The term it was extended by: counted in the same way from the instant, or the last day, on which it would have ended."""
    if clock.term is None or clock.extension is None:
        return None
    return term_of(clock.extension, clock.term.profile, clock.term.ends, "just-count")


def pause_from(clock: Clock, at: datetime, *, next_day: bool) -> datetime:
    """Where a pause asked for at an instant begins: there, or with the next local day."""
    if not next_day or clock.hours is None:
        return at
    return clock.hours.at(clock.hours.local(at).date() + timedelta(days=1), time())


def can_pause(clock: Clock, begins: datetime, until: datetime | None) -> bool:
    """A pause needs a date on which it ends, and comes too late once the promise is due."""
    return clock.hours is not None and clock.status in ("running", "paused") and until is not None and begins < until and begins < clock.due_at


def paused(clock: Clock, one: Standstill) -> Clock:
    """It stands still for that."""
    return _again(replace(clock, standstills=(*clock.standstills, one)))


def resumed(clock: Clock, key: str, at: datetime) -> Clock:
    """What it stood still for has come, or lapsed: never later than the pause's own end."""
    some = tuple(replace(one, ended=min(at, one.until)) if one.key == key and one.ended is None else one for one in clock.standstills)
    return _again(replace(clock, standstills=some))


def extended(clock: Clock, within: str) -> Clock:
    """It was given more time, once."""
    return _again(replace(clock, extension=within, extended=True))


def reset(clock: Clock, at: datetime) -> Clock:
    """It is measured anew from an instant: what was promised first stays on record, and so does that it was extended.

    What it stands still for goes on: a wait that is not over is carried over, from that instant on where it had begun before.
    """
    still = tuple(replace(one, begins=max(one.begins, at)) for one in clock.standstills if goes_on(one, at))
    return _again(replace(clock, started_at=at, standstills=still, extension=None))


def goes_on(one: Standstill, at: datetime) -> bool:
    """It waits beyond that instant."""
    return one.ended is None and max(one.begins, at) < one.until


def moved(clock: Clock, due_at: datetime, hours: Calendar | None = None) -> Clock:
    """Its date is another one, by a calendar that was changed."""
    return replace(clock, due_at=due_at, hours=hours or clock.hours)


def stopped(clock: Clock, at: datetime) -> Clock:
    """What it measures has happened: kept at its due instant or before, else missed."""
    if clock.status == "missed":
        return replace(clock, stopped_at=at)
    if at <= clock.due_at:
        return replace(clock, status="met", stopped_at=at)
    return replace(clock, status="missed", stopped_at=at, missed_at=clock.due_at)


def missed(clock: Clock) -> Clock:
    """Its date has passed; it is still owed."""
    return replace(clock, status="missed", missed_at=clock.due_at)


def cancelled(clock: Clock, at: datetime) -> Clock:
    """It no longer applies. One that was missed stays missed, or missing it could be undone."""
    return replace(clock, status="missed" if clock.status == "missed" else "cancelled", stopped_at=at)


def used(clock: Clock, until: datetime) -> int:
    """Microseconds of the term's own kind of time that have run until an instant, pauses left out."""
    kind, still = time_of(clock)
    return kind.micros_between(begins_at(clock), until, still)


def share_at(clock: Clock, thousandths: int) -> datetime:
    """The instant at which people are warned: when that share of its time has run, or at the next opening where nobody works then."""
    (kind, still), begins = time_of(clock), begins_at(clock)
    whole = kind.micros_between(begins, clock.due_at, still)
    at = kind.add_micros(begins, whole * thousandths // 1000, still)
    return min(clock.due_at, clock.hours.next_running(at, clock.pauses) if clock.hours else at)


def time_of(clock: Clock) -> tuple[Calendar, Collection[Pause]]:
    """What its time passes in (opening hours, legal days, or real time), and when it stands still."""
    return (ALWAYS, clock.pauses) if clock.term is None or clock.hours is None else passing(clock.term, clock.hours, clock.pauses)


def begins_at(clock: Clock) -> datetime:
    """The instant from which on its time counts: its start, or later by a cut-off, the day of a legal event, or closed time."""
    return clock.started_at if clock.term is None or clock.hours is None else counts_from(clock.term, clock.hours, clock.started_at)


def _again(clock: Clock) -> Clock:
    """Due date and status after a change of what they follow from."""
    still = any(one.ended is None for one in clock.standstills)
    status: Status = clock.status if clock.status not in ("running", "paused") else "paused" if still else "running"
    return replace(clock, due_at=reckoned(clock), status=status)
