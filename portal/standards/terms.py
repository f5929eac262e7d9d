"""Terms: how long a promise may take, in explicit units, and how each way of counting turns it into one instant."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from fractions import Fraction
from typing import Final, Literal, get_args

from portal.standards.calendar import ALWAYS, Calendar, Pause
from portal.standards.cutoff import received
from portal.standards.legal import later, legal_begins, legal_due, whole_days, working_days

Unit = Literal["business_days", "business_hours", "calendar_days", "calendar_weeks", "calendar_months", "calendar_hours"]
#: How days are counted.
#:
#: `same-time`: a start outside hours is rolled forward to the next open instant; due at the same wall time N business days later.
#:   Source: the promised dates of Boston's 311 (2015), which it equals to two minutes; gocardless/business rolls the same way. A pause
#:   that takes open time away moves the date on by as much open time, and never to a closing instant but to the next opening.
#:   Calendar days, weeks and months are the same wall time on that date; 31 January and one month is the last of February (ISO 8601
#:   nominal durations); a pause moves the date on by its real length.
#: `opening-hours`: N times the opening time of the usual day (`Calendar.day_seconds`), spent in open time.
#:   Source: schedule-based SLA days of service desks (ServiceNow, Zammad), where a day is a quantity of working time.
#: `eu-1182-71`: Regulation (EEC, Euratom) No 1182/71, Article 3 (portal/standards/legal.py).
Profile = Literal["same-time", "opening-hours", "eu-1182-71"]
#: Where a budget of open time runs out exactly at a closing instant: due then (Zammad's older engine), or at the next opening (biz, pandas).
Ends = Literal["closing", "next-open"]
#: Where a `same-time` count of business days starts outside hours: rolled forward first (gocardless/business), or counted as it stands
#: (biz, Clavius). Open time runs from the next opening and legal days from the next day whatever this says; other units run as they pass.
Begins = Literal["roll-forward", "just-count"]

UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)

_TERM = re.compile(r"([1-9][0-9]{0,4}) ([a-z_]+)", re.ASCII)
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_ISO_DAYS = re.compile(r"P([1-9][0-9]{0,4})D", re.ASCII)
_LOOSE = re.compile(r"([+-]?[0-9]+(?:[.,][0-9]+)?)[\s_-]*([A-Za-z _-]*)", re.ASCII)
#: Words people write -> the units they may mean.
_MEANT: Final[tuple[tuple[tuple[str, ...], tuple[Unit, ...]], ...]] = (
    (("d", "day", "days"), ("business_days", "calendar_days")),
    (("h", "hour", "hours"), ("business_hours", "calendar_hours")),
    (("w", "week", "weeks", "calendar_week", "calendar_weeks"), ("calendar_weeks",)),
    (("m", "month", "months", "calendar_month", "calendar_months"), ("calendar_months",)),
    (("bd", "business_day", "business_days", "working_day", "working_days", "workday", "workdays"), ("business_days",)),
    (("business_hour", "business_hours", "working_hour", "working_hours", "opening_hours"), ("business_hours",)),
    (("calendar_day", "calendar_days"), ("calendar_days",)),
    (("calendar_hour", "calendar_hours"), ("calendar_hours",)),
)


@dataclass(frozen=True)
class Term:
    """So many units of time, and how they are counted. ValueError for a pair of unit and profile that has no meaning."""

    count: int
    unit: Unit
    profile: Profile = "same-time"
    ends: Ends = "closing"
    begins: Begins = "roll-forward"
    #: Local time of day from which on a start counts as the next working day's opening (portal/standards/cutoff.py), before anything else
    #: is done with it, in every profile. Only the start: an extension, a pause or an escalation knows no cut-off.
    cutoff: time | None = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"`{self}` is no term: write 1 or more")
        if self.profile == "eu-1182-71" and self.unit == "business_hours":
            raise ValueError(f"`{self}` cannot be counted by eu-1182-71, which knows hours, days, working days, weeks and months: write calendar_hours")
        if self.profile == "opening-hours" and not self.open_time:
            raise ValueError(f"`{self}` cannot be counted by opening-hours: write business_days or business_hours, or take profile same-time")
        if self.cutoff is not None and self.begins == "just-count":
            raise ValueError("a cut-off moves a start to the next opening, and just-count counts it as it stands: write one of the two")
        if self.cutoff is not None and self.profile == "same-time" and self.unit == "calendar_months":
            raise ValueError(
                f"`{self}` of profile same-time cannot have a cut-off, since a start a day later may end sooner (29 January 16:00 and 30 January "
                "09:00 both end on 28 February): take profile eu-1182-71, or write calendar_weeks"
            )

    def __str__(self) -> str:
        return f"{self.count} {self.unit}"

    @property
    def open_time(self) -> bool:
        """Whether it passes in open time; else in real time."""
        return self.unit.startswith("business_")


def parse_term(text: str, *, profile: str = "same-time", ends: Ends = "closing", begins: Begins = "roll-forward", cutoff: str | None = None) -> Term:
    """`5 business_days` as a Term. A unit is always written out, since `P1D` and `5 days` mean different things to different systems.

    Raises ValueError with a sentence that says what to write.
    """
    known = next((one for one in PROFILES if one == profile), None)
    if known is None:
        raise ValueError(f"`{profile}` is not a profile: write one of {', '.join(PROFILES)}")
    found = _TERM.fullmatch(text) if isinstance(text, str) else None
    unit = next((one for one in UNITS if found and one == found[2]), None)
    if not found or unit is None:
        raise ValueError(_advice(str(text)))
    return Term(int(found[1]), unit, known, ends, begins, _cutoff(cutoff))


def received_at(term: Term, calendar: Calendar, start: datetime) -> datetime:
    """The instant (UTC) as which a start counts: itself, unless the term has a cut-off."""
    return received(calendar, start, term.cutoff) if term.cutoff else start.astimezone(UTC)


def counts_from(term: Term, calendar: Calendar, start: datetime) -> datetime:
    """The instant (UTC) from which on a term's time counts: after the cut-off, after the day or the hour of a legal event, after closed time."""
    start = received_at(term, calendar, start)
    if term.profile == "eu-1182-71":
        return legal_begins(calendar, start, term.unit)
    return calendar.next_open(start) if term.open_time and term.begins == "roll-forward" else start


def due(term: Term, calendar: Calendar, start: datetime, pauses: Collection[Pause] = ()) -> datetime:
    """The instant (UTC) by which a promise that starts at `start` is to be kept: earlier is in time, and so is that instant.

    Under `eu-1182-71` it is the end of a day, which is the start of the next; `due_date` gives the day to tell people.
    Raises `CalendarEnds` where the calendar does not reach that far.
    """
    start = received_at(term, calendar, start)
    if term.profile == "eu-1182-71":
        return legal_due(calendar, start, term.count, term.unit, pauses)
    if term.unit == "business_days" and term.profile == "same-time":
        return _same_time(term, calendar, start, pauses)
    if term.open_time:
        seconds = term.count * (calendar.day_seconds if term.unit == "business_days" else 3600)
        ends = calendar.add_pausing(start, seconds, pauses)
        return calendar.next_running(ends, pauses) if term.ends == "next-open" else ends
    if term.unit == "calendar_hours":
        return ALWAYS.add_pausing(start, term.count * 3600, pauses)
    local = calendar.local(start)
    unpaused = calendar.at(later(local.date(), term.count, term.unit), local.time())
    return ALWAYS.add_micros(start, ALWAYS.micros_between(start, unpaused), pauses)


def used(term: Term, calendar: Calendar, start: datetime, until: datetime, pauses: Collection[Pause] = ()) -> int:
    """Whole seconds of the term's kind of time (open time, legal days, or real time) that have run in [start, until), pauses left out."""
    kind, still = passing(term, calendar, pauses)
    return kind.between_pausing(counts_from(term, calendar, start), until, still)


def share_due(term: Term, calendar: Calendar, start: datetime, share: float, pauses: Collection[Pause] = ()) -> datetime:
    """The instant at which that share (0..1, taken as the decimal it is written as) of the term has run: when people are warned."""
    if not 0 < share < 1:
        raise ValueError(f"a share of {share} cannot be warned at: write a number between 0 and 1, for example 0.8")
    kind, still = passing(term, calendar, pauses)
    begins, ends = counts_from(term, calendar, start), due(term, calendar, start, pauses)
    whole = kind.micros_between(begins, ends, still)
    return min(ends, kind.add_micros(begins, int(whole * Fraction(str(share))), still))


def passing(term: Term, calendar: Calendar, pauses: Collection[Pause] = ()) -> tuple[Calendar, Collection[Pause]]:
    """What a term's time passes in, and the intervals in which it stands still: of legal days the whole local dates that pauses take out."""
    if term.profile == "eu-1182-71" and term.unit != "calendar_hours":
        return (working_days(calendar) if term.unit == "business_days" else ALWAYS), whole_days(calendar, pauses)
    return (calendar if term.open_time else ALWAYS), pauses


def due_date(calendar: Calendar, at: datetime) -> date:
    """The local date to tell people for a due instant: the end of a day belongs to that day, not to the next."""
    return last_moment(at, calendar.zone)[0]


def last_moment(at: datetime, zone: tzinfo) -> tuple[date, time | None]:
    """Local date and time of a due instant as people say it: where it is the end of a day, that day and no time."""
    local = at.astimezone(zone)
    return (local.date() - timedelta(days=1), None) if local.time() == time() else (local.date(), local.time())


def _same_time(term: Term, calendar: Calendar, start: datetime, pauses: Collection[Pause]) -> datetime:
    unpaused = calendar.add_days(start, term.count, roll=term.begins == "roll-forward")
    budget = calendar.micros_between(start, unpaused)
    if calendar.micros_between(start, unpaused, pauses) == budget:
        return unpaused
    return calendar.next_running(calendar.add_micros(start, budget, pauses), pauses)


def _cutoff(text: str | None) -> time | None:
    if text is None:
        return None
    if not _TIME.fullmatch(text):
        raise ValueError(f"`{text}` is no time of day: write `HH:MM`, such as `15:00`")
    return time.fromisoformat(text)


def _advice(text: str) -> str:
    """What to write in place of a term that cannot be read."""
    found = _LOOSE.fullmatch(text.strip())
    if days := _ISO_DAYS.fullmatch(text):
        return f"`{text}` is not a term, since systems disagree on what a day is: write `{days[1]} business_days` or `{days[1]} calendar_days`"
    if not found:
        return f"`{text}` is not a term: write a number and a unit written out, for example `5 business_days`; units are {', '.join(UNITS)}"
    number, word = found[1], found[2].strip().lower().replace(" ", "_").replace("-", "_")
    if not re.fullmatch(r"[1-9][0-9]{0,4}", number):
        number = "5"
    units = next((units for words, units in _MEANT if word in words), UNITS)
    choices = " or ".join(f"`{number} {unit}`" for unit in units) if units is not UNITS else f"`{number} business_days`, with a unit of {', '.join(UNITS)}"
    why = "is not a term" if number == found[1] else "is not a term, which counts whole units from 1 to 99999"
    return f"`{text}` {why}: write {choices}"
