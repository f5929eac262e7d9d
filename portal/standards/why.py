"""Why this date, pure: the time of one clock cut into intervals that counted, did not count or stood still, and who held the case in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from portal.standards.calendar import ALWAYS, Calendar, Pause
from portal.standards.clockwork import Clock, begins_at, time_of
from portal.standards.history import Calendars, Told, clocks
from portal.standards.legal import taken_out
from portal.standards.legal_days import Days, days_of, whole
from portal.standards.opening import from_micros, to_micros
from portal.standards.terms import received_at

State = Literal["counted", "closed", "paused"]
_HOUR = 3_600_000_000
#: Who holds a case that waits for its party.
PARTY = "party"


@dataclass(frozen=True)
class Interval:
    """Half-open, instants in UTC. The intervals of a clock follow one another without a gap."""

    begins: datetime
    ends: datetime
    state: State
    #: Of a closed one: `outside-hours` and `break` of a day that opens, `weekend`, `holiday`, `closed-day`, `cut-off` (open, but it came in too
    #: late to count), `event` (the day or hour of a legal event); of a paused one what it waits for; of a counted one `rolled`, where a legal
    #: period goes on after its last day.
    why: str | None = None
    #: Local date of a holiday, or of a day on which the place is closed though it usually opens.
    day: date | None = None
    #: Agency that held the case, `party` while it was asked; None for what lies ahead.
    holder: str | None = None
    #: Of a paused one, what it would have been: `counted`, or why it would have been closed.
    instead: str | None = None

    @property
    def micros(self) -> int:
        """Its length in real time, microseconds."""
        return to_micros(self.ends) - to_micros(self.begins)


@dataclass(frozen=True)
class Why:
    """One clock, explained. `until` is where it stopped, or now; what lies after it has no holder."""

    clock: Clock
    intervals: tuple[Interval, ...]
    until: datetime
    #: Of a clock that counts whole legal days: what each day is to the rule.
    days: tuple[Days, ...] = ()
    #: Step run that was waited for -> its agency.
    agencies: Mapping[str, str] = field(default_factory=dict)

    @property
    def held(self) -> dict[str, int]:
        """Holder -> microseconds of counted time; they add up to what was used, exactly, since every counted instant has one holder."""
        found: dict[str, int] = {}
        for one in self.intervals:
            if one.state == "counted" and one.holder is not None:
                found[one.holder] = found.get(one.holder, 0) + one.micros
        return found


def explain(events: Sequence[Told], calendars: Calendars, *, now: datetime) -> dict[str, Why]:
    """Id of each clock -> why its date is what it is, from the events of its case alone."""
    holders = _holders(events)
    steps = {event.data["step_run"]: event for event in events if event.type == "StepBegun"}
    own: dict[str, str] = {}
    for event in events:
        step = steps.get(event.data.get("step_run") or "") if event.type == "ClockStarted" else None
        if step is not None:
            own[event.data["clock"]] = str(step.agency)
    return {id: _why(clock, [(clock.started_at, own[id])] if id in own else holders, steps, now) for id, clock in clocks(events, calendars).items()}


def _why(clock: Clock, holders: list[tuple[datetime, str]], steps: dict[str, Told], now: datetime) -> Why:
    until = max(clock.started_at, clock.stopped_at or now)
    days = days_of(clock)
    some: Iterable[Interval] = _passed(clock, max(until, clock.due_at))
    for one in days:
        if one.state == "rolled" and clock.hours is not None:
            some = _rolled(some, clock.hours.at(one.first), clock.hours.at(one.last + timedelta(days=1)))
    for still in clock.standstills:
        holder = PARTY if still.awaits == "answer" else str(steps[still.key].agency) if still.key in steps else None
        for span in _spans(clock, still.span):
            some = _laid_over(some, *span, still.awaits, holder)
    some = _cut(some, [until, clock.due_at, *(at for at, _ in holders)])
    joined = tuple(_joined((_held(one, holders, until) for one in some), apart={until, clock.due_at}))
    return Why(clock, joined, until, days, {key: str(event.agency) for key, event in steps.items()})


def _passed(clock: Clock, ends: datetime) -> Iterator[Interval]:
    """All of its time, as if nothing had stopped it."""
    (kind, _), term, hours, start = time_of(clock), clock.term, clock.hours, clock.started_at
    if term is None or hours is None:
        yield from _open_and_closed(kind, start, ends)
        return
    received, begins = received_at(term, hours, start), begins_at(clock)
    for one in _open_and_closed(hours if term.open_time and term.profile != "eu-1182-71" else ALWAYS, start, min(received, ends)):
        yield replace(one, state="closed", why="cut-off") if one.state == "counted" else one
    if term.profile == "eu-1182-71" and received < ends:
        yield Interval(received, min(begins, ends), "closed", "event")
        received = begins
    yield from _open_and_closed(kind, min(received, ends), ends)


def _spans(clock: Clock, span: Pause) -> list[Pause]:
    """Where a pause stops the time: of whole legal days, on the dates that all pauses together cover."""
    if clock.term is None or clock.hours is None or not whole(clock.term):
        return [span]
    hours, one = clock.hours, timedelta(days=1)
    days = [(hours.at(day), hours.at(day + one)) for day in sorted(taken_out(hours, clock.pauses))]
    return [(begins, ends) for begins, ends in days if begins < span[1] and span[0] < ends]


def _holders(events: Iterable[Told]) -> list[tuple[datetime, str]]:
    """From when on who holds the case: its agency, unless only steps of others are under way; then the one that began first."""
    found: list[tuple[datetime, str]] = []
    holder, under_way = "", dict[str, str]()
    for event in sorted((event for event in events if event.type in _CHANGES), key=lambda event: event.occurred_at):
        agency = event.agency
        if event.type in ("StepEnded", "StepCancelled"):
            under_way.pop(event.data["step_run"], None)
        elif agency is not None and event.type == "StepBegun":
            under_way[event.data["step_run"]] = agency
        elif agency is not None:
            holder = agency
        now = holder if not under_way or holder in under_way.values() else next(iter(under_way.values()))
        if now and (not found or found[-1][1] != now):
            found.append((event.occurred_at, now))
    return found


_CHANGES = {"CaseOpened", "CaseRouted", "CaseReferred", "StepBegun", "StepEnded", "StepCancelled"}


def _open_and_closed(kind: Calendar, start: datetime, end: datetime) -> Iterator[Interval]:
    if kind is ALWAYS:
        if start < end:
            yield Interval(start, end, "counted")
        return
    at = start
    while at < end:
        opens = min(kind.next_open(at), end)
        if at < opens:
            yield from _closed(kind, at, opens)
        at = min(_closes(kind, opens, end), end) if opens < end else end
        if opens < at:
            yield Interval(opens, at, "counted")


def _closes(kind: Calendar, opens: datetime, end: datetime) -> datetime:
    """Where the open time that holds an instant ends: the last instant, up to `end`, until which all time was open."""
    begins = low = to_micros(opens)
    last = to_micros(end)
    high = min(low + _HOUR, last)
    while kind.micros_between(opens, from_micros(high)) == high - begins:
        if high == last:
            return end
        low, high = high, min(high + 2 * (high - begins), last)
    while high - low > 1:
        middle = (low + high) // 2
        if kind.micros_between(opens, from_micros(middle)) == middle - begins:
            low = middle
        else:
            high = middle
    return from_micros(low)


def _closed(kind: Calendar, begins: datetime, ends: datetime) -> Iterator[Interval]:
    """Closed time by local date: why it was closed."""
    while begins < ends:
        day = kind.local(begins).date()
        midnight = min(kind.at(day + timedelta(days=1)), ends)
        why = _why_closed(kind, begins, day)
        yield Interval(begins, midnight, "closed", why, day if why == "holiday" or (why == "closed-day" and kind.opens_on(day.weekday())) else None)
        begins = midnight


def _why_closed(kind: Calendar, at: datetime, day: date) -> str:
    if kind.business_days(day, day + timedelta(days=1)):
        return "break" if kind.micros_between(kind.at(day), at) and kind.local(kind.next_open(at)).date() == day else "outside-hours"
    if not kind.opens_on(day.weekday()):
        # Where Sunday is worked, the weekend begins on Friday.
        return "weekend" if day.weekday() >= 5 or (day.weekday() == 4 and kind.opens_on(6)) else "closed-day"
    return "holiday" if kind.is_holiday(day) else "closed-day"


def _laid_over(some: Iterable[Interval], begins: datetime, ends: datetime, awaits: str, holder: str | None) -> Iterator[Interval]:
    """Time in which the clock stood still counts for nothing, open or closed."""
    for one in _cut(some, [begins, ends]):
        inside = begins <= one.begins < ends and one.state != "paused" and one.why not in ("event", "cut-off")
        yield Interval(one.begins, one.ends, "paused", awaits, None, holder, one.why if one.state == "closed" else "counted") if inside else one


def _rolled(some: Iterable[Interval], begins: datetime, ends: datetime) -> Iterator[Interval]:
    """Counted time after the last day of a legal period is told apart."""
    for one in _cut(some, [begins, ends]):
        yield replace(one, why="rolled") if begins <= one.begins < ends and one.state == "counted" else one


def _cut(some: Iterable[Interval], places: Iterable[datetime]) -> Iterator[Interval]:
    marks = sorted(set(places))
    for one in some:
        bounds = [one.begins, *(at for at in marks if one.begins < at < one.ends), one.ends]
        for begins, ends in pairwise(bounds):
            yield replace(one, begins=begins, ends=ends)


def _held(one: Interval, holders: list[tuple[datetime, str]], until: datetime) -> Interval:
    if one.begins >= until:
        return replace(one, holder=None)
    if one.holder is not None or not holders:
        return one
    return replace(one, holder=next((who for at, who in reversed(holders) if at <= one.begins), holders[0][1]))


def _joined(some: Iterable[Interval], *, apart: set[datetime]) -> Iterator[Interval]:
    """Neighbours that say the same made one, but where sums are taken."""
    last: Interval | None = None
    for one in some:
        if last is not None and one.begins not in apart and replace(last, begins=one.begins, ends=one.ends) == one:
            last = replace(last, ends=one.ends)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last
