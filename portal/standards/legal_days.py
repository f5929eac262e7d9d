"""A legal period day by day: the day of the event, the days that count, those a pause takes out, and what the last day becomes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Literal

from portal.standards.calendar import Calendar, Pause
from portal.standards.clockwork import Clock, Standstill, extension_of, reckoned
from portal.standards.legal import is_working, legal_due, nominal_last, taken_out
from portal.standards.terms import Term, due, due_date, received_at

#: `event`: not counted, Article 3(1); `counted`; `skipped`: no working day, in a period of working days; `paused`; `rolled`: a day the period
#: goes on for after its last one, Article 3(4) and 3(5).
State = Literal["event", "counted", "skipped", "paused", "rolled"]
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Days:
    """Local dates, both included, that the rule treats alike for the same reason."""

    first: date
    last: date
    state: State
    #: Of skipped and rolled ones: `weekend`, `holiday`, `two-working-days` (Article 3(5)), None for the day the period then ends with; of paused
    #: and rolled ones what is waited for: `answer`, `agency`.
    why: str | None = None
    part: Literal["term", "extension"] = "term"

    @property
    def count(self) -> int:
        """How many days they are."""
        return (self.last - self.first).days + 1


def days_of(clock: Clock) -> tuple[Days, ...]:
    """The days of a clock whose term or extension counts whole legal days; none for another clock, or a date that was kept as it had been promised."""
    term, hours, more = clock.term, clock.hours, extension_of(clock)
    if term is None or hours is None or reckoned(clock) != clock.due_at:
        return ()
    found: list[Days] = []
    if whole(term):
        found += _period(hours, hours.local(received_at(term, hours, clock.started_at)).date(), term, clock.standstills)
    if more is not None and whole(more):
        event = due_date(hours, due(term, hours, clock.started_at, clock.pauses))
        found += [replace(one, part="extension") for one in _period(hours, event, more, clock.standstills)]
    return tuple(found)


def whole(term: Term) -> bool:
    """Whether it counts whole days by Regulation 1182/71."""
    return term.profile == "eu-1182-71" and term.unit != "calendar_hours"


def _period(hours: Calendar, event: date, term: Term, stills: Collection[Standstill]) -> Iterator[Days]:
    waits = [(one.span, one.awaits) for one in stills if one.span[0] < one.span[1]]
    pauses = [span for span, _ in waits]
    out = {day: _awaits(hours, day, waits) for day in taken_out(hours, pauses)}
    last = due_date(hours, legal_due(hours, hours.at(event), term.count, term.unit, pauses))
    nominal = last if term.unit == "business_days" else nominal_last(event, term.count, term.unit, set(out))
    some = [Days(event, event, "event"), *(_day(hours, event + timedelta(days=after), nominal, last, out, term) for after in range(1, (last - event).days + 1))]
    for _, alike in groupby(some, key=lambda one: (one.state, one.why, one.first if one.why == "holiday" else None)):
        run = list(alike)
        yield replace(run[0], last=run[-1].last)


def _day(hours: Calendar, day: date, nominal: date, last: date, out: dict[date, str], term: Term) -> Days:
    why = None if is_working(hours, day) else "weekend" if day.weekday() >= 5 else "holiday"
    if day > nominal:
        return Days(day, day, "rolled", out.get(day) or why or ("two-working-days" if day < last else None))
    if term.unit == "business_days" and why:
        return Days(day, day, "skipped", why)
    return Days(day, day, "paused", out[day]) if day in out else Days(day, day, "counted")


def _awaits(hours: Calendar, day: date, waits: Collection[tuple[Pause, str]]) -> str:
    begins, ends = hours.at(day), hours.at(day + _ONE_DAY)
    return next(awaits for (since, until), awaits in waits if since < ends and begins < until)
