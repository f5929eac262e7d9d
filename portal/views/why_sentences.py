"""Why this date, in sentences: what `portal.standards.why` found, told in order in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date

from portal.catalogue.spans import span
from portal.standards.clockwork import Standstill, begins_at, extension_of, term_of
from portal.standards.days_off import holiday_name
from portal.standards.history import Line
from portal.standards.legal import taken_out
from portal.standards.legal_days import Days, whole
from portal.standards.terms import Term, last_moment, received_at
from portal.standards.why import Why
from portal.views.why_words import WORDS
from portal.views.words import locale

_MICROSECOND = timedelta(microseconds=1)
_MINUTE, _DAY = 60_000_000, 24 * 60


class Teller:
    """Sentences in one language and zone; English where there are no words for the language."""

    def __init__(self, language: str, zone: str, agencies: Mapping[str, Mapping[str, str]], reasons: Mapping[str, str] | None = None) -> None:
        found = locale(language)
        self.language = found.language if found.language in WORDS else "en"
        self.locale = Locale("en", "GB") if self.language == "en" else found
        self.zone = ZoneInfo(zone)
        self.agencies = agencies
        #: Item of the vault -> the words in which an extension was reasoned.
        self.reasons = reasons or {}

    def sentences(self, why: Why, told: list[Line]) -> list[str]:
        """From the rule to the date, then how it stands. `told`: the events of this clock."""
        return [one for one in _Telling(self, why, told).all() if one]

    def say(self, key: str, n: int | None = None, /, **what: object) -> str:
        """The words of that key; of a number, in its plural form."""
        words = WORDS[self.language][key]
        if not isinstance(words, str):
            words = words.get(self.locale.plural_form(n or 0), words["other"])
        return words.format(n=n, **what)

    def day(self, day: date, name: str | None = None) -> str:
        """`Friday 6 November 2026`, with the name of the holiday it is."""
        text = format_date(day, self.say("date"), locale=self.locale)
        text = text.replace(" 1 ", " 1er ") if self.language == "fr" else text
        return self.say("named", day=text, name=name) if name else text

    def listed(self, some: Sequence[str]) -> str:
        """`a, b and c`."""
        return self.say("and").join([", ".join(some[:-1]), some[-1]] if len(some) > 1 else some)

    def moment(self, at: datetime) -> str:
        """Day and time of an instant that begins something: at midnight the day alone."""
        local = at.astimezone(self.zone)
        return self.day(local.date()) if local.time() == datetime.min.time() else self.exact(at)

    def exact(self, at: datetime) -> str:
        """Day and time."""
        local = at.astimezone(self.zone)
        return self.say("at", day=self.day(local.date()), time=f"{local:%H:%M}")

    def end(self, at: datetime) -> str:
        """Day and time of an instant that ends something: of the end of a day, that day alone."""
        day, time = last_moment(at, self.zone)
        return self.day(day) if time is None else self.exact(at)

    def term(self, term: Term) -> str:
        """`5 working days`."""
        return span(term.count, term.unit, self.language)

    def law(self, article: str | None) -> str:
        """` (article 15)`, or nothing."""
        return self.say("law", article=article) if article else ""

    def agency(self, id: str | None) -> str | None:
        """Its title in the reader's language."""
        title = self.agencies.get(id or "", {})
        return title.get(self.language) or title.get("en") or id

    def minutes(self, minutes: int, *, days: bool) -> str:
        """A length in whole minutes; in `days` of 24 hours too where it is real time."""
        whole, rest = divmod(minutes, _DAY) if days else (0, minutes)
        parts = [
            self.say("days", whole) if whole else "",
            self.say("hours", rest // 60) if rest >= 60 else "",
            self.say("minutes", rest % 60) if rest % 60 else "",
        ]
        return " ".join(part for part in parts if part) or self.say("moment")


class _Telling:
    """The sentences of one clock."""

    def __init__(self, teller: Teller, why: Why, told: list[Line]) -> None:
        self.t, self.why, self.clock, self.told = teller, why, why.clock, told
        self.computed = self.clock.term is not None and told[0].data["due_source"] != "imported"
        self.real = self.clock.term is None or not self.clock.term.open_time or self.clock.term.profile == "eu-1182-71"
        if why.days and self.clock.hours is not None:
            # A legal day is one of the place that counts it.
            self.t = Teller(teller.language, self.clock.hours.zone.key, teller.agencies, teller.reasons)

    def all(self) -> Iterator[str]:
        """From the rule to how it stands."""
        resets = [event for event in self.told if event.type == "ClockReset"]
        yield from self._rule()
        yield self.t.say("start", at=self.t.exact(datetime.fromisoformat(self.told[0].data["started_at"])))
        for event in resets:
            yield self.t.say("reset", at=self.t.exact(datetime.fromisoformat(event.data["started_at"])))
        yield from self._begins()
        yield from self._closed()
        for still in self.clock.standstills:
            yield from self._paused(still)
        yield from self._last_day("term")
        yield from self._moves()
        yield from self._last_day("extension")
        yield from self._runs_out()
        yield from self._date()
        yield from self._stands()

    def _rule(self) -> Iterator[str]:
        term, hours = self.clock.term, self.clock.hours
        if term is None or not self.computed:
            return
        yield self.t.say("term", term=self.t.term(term), law=self.t.law(self.told[0].data["rule"].get("law")))
        key = _counted(term)
        yield self.t.say(key, long=self.t.minutes(hours.day_seconds // 60, days=False) if key == "usual-days" and hours else "")

    def _begins(self) -> Iterator[str]:
        term, hours, start = self.clock.term, self.clock.hours, self.clock.started_at
        if term is None or hours is None or not self.computed:
            return
        received, begins = received_at(term, hours, start), begins_at(self.clock)
        if received != start and term.cutoff is not None:
            late = start >= hours.at(hours.local(start).date(), term.cutoff) and hours.is_open(start)
            yield self.t.say("too-late" if late else "not-open", cutoff=f"{term.cutoff:%H:%M}", begins=self.t.exact(received))
        elif term.cutoff is not None:
            yield self.t.say("in-time", cutoff=f"{term.cutoff:%H:%M}")
        if term.profile == "eu-1182-71":
            yield self._first_day() if whole(term) else self.t.say("first-hour", at=self.t.exact(begins))
        elif begins != received:
            yield self.t.say("not-open", begins=self.t.exact(begins))
        elif term.unit == "business_days" and not hours.is_open(start) and received == start:
            yield self.t.say("as-it-stands")

    def _first_day(self) -> str:
        first = next((one.first for one in self.why.days if one.state in ("counted", "rolled")), None)
        return self.t.say("first-day", day=self.t.day(first)) if first else ""

    def _closed(self) -> Iterator[str]:
        closed = [one for one in self.why.intervals if one.state == "closed" and one.begins < self.clock.due_at]
        if not self.real and any(one.why not in ("cut-off", "event") for one in closed):
            yield self.t.say("closed")
        for key, why in (("holidays", "holiday"), ("closed-days", "closed-day")):
            days = sorted({one.day for one in closed if one.day and one.why == why})
            if days:
                yield self.t.say(key, len(days), days=self.t.listed([self._named(day) for day in days]))

    def _named(self, day: date) -> str:
        place = self.clock.hours.place if self.clock.hours else None
        return self.t.day(day, holiday_name(*place, day, self.t.language) if place and self.clock.hours and self.clock.hours.is_holiday(day) else None)

    def _paused(self, still: Standstill) -> Iterator[str]:
        begins, ends = still.span
        who = self.t.agency(self.why.agencies.get(still.key)) or self.t.say("another")
        if begins == ends:
            yield self.t.say(f"no-{still.awaits}", who=who)
            return
        stopped = self.clock.stopped_at
        done = still.ended is not None or stopped is not None
        ends = max(begins, min(ends, stopped)) if stopped else ends
        says = {"begins": self.t.moment(begins), "ends": self.t.end(ends), "law": self.t.law(still.law), "who": who}
        same = says["begins"] == says["ends"]
        yield self.t.say(f"{still.awaits}{'-day' if done and same else '' if done else '-still'}", **says)
        yield self._taken(begins, still.span[1], done=done)

    def _taken(self, begins: datetime, ends: datetime, *, done: bool) -> str:
        """What a pause makes of the date; of one that is not `done`, at the most."""
        if self.why.days and self.why.days[0].part == "term" and self.clock.hours:
            event = self.why.days[0].first
            days = sum(event < day for day in taken_out(self.clock.hours, [(begins, ends)]))
            return self.t.say("whole-days" if done else "days-still", days) if days else self.t.say("days-stay")
        if self.real:
            return self.t.say("real-moved" if done else "real-still")
        inside = [one for one in self.why.intervals if one.state == "paused" and one.instead == "counted" and begins <= one.begins < ends]
        minutes = sum(one.micros for one in inside) // _MINUTE
        return self.t.say("open-moved" if done else "open-still", long=self.t.minutes(minutes, days=False)) if inside else self.t.say("open-stays")

    def _last_day(self, part: str) -> Iterator[str]:
        """Of whole legal days: the last one, and what it becomes."""
        days = [one for one in self.why.days if one.part == part]
        if self.clock.term is None:
            return
        if not days:
            yield from self._short_month(part)
            return
        term = self.clock.term if part == "term" else extension_of(self.clock)
        rolled = [one for one in days if one.state == "rolled"]
        counted = next((one.last for one in reversed(days) if one.state == "counted"), days[0].last)
        if term and term.unit == "calendar_months" and counted.day < days[0].last.day and not any(one.state == "paused" for one in days):
            yield self._clamped(days[0].last, counted)
        elif not rolled:
            yield self.t.say("last-day", day=self._named(counted))
        if rolled:
            yield from self._rolled(counted, rolled)

    def _short_month(self, part: str) -> Iterator[str]:
        """Of months counted to the same time of day."""
        term, hours = self.clock.term, self.clock.hours
        if part != "term" or term is None or hours is None or term.unit != "calendar_months" or self.clock.pauses or self.clock.extension:
            return
        begins, ends = hours.local(self.clock.started_at).date(), hours.local(self.clock.due_at).date()
        if term.profile == "same-time" and ends.day < begins.day:
            yield self._clamped(begins, ends)

    def _clamped(self, begins: date, last: date) -> str:
        month = format_date(last, "LLLL" if self.t.language == "en" else "MMMM", locale=self.t.locale)
        return self.t.say("clamped", month=month, number=begins.day, day=self.t.day(last))

    def _rolled(self, counted: date, rolled: list[Days]) -> Iterator[str]:
        end = self.t.day(rolled[-1].last)
        hours = self.clock.hours
        over = [one for one in rolled if one.why == "holiday"]
        works = hours is not None and counted.weekday() < 5 and not hours.is_holiday(counted)
        if works or any(one.why == "two-working-days" for one in rolled):
            yield self.t.say("last-day", day=self._named(counted))
            yield self.t.say("two-working-days", end=end)
        else:
            yield self.t.say("rolled", day=self._named(counted), end=end)
        if over:
            yield self.t.say("rolled-over", len(over), days=self.t.listed([self._named(one.first) for one in over]))

    def _moves(self) -> Iterator[str]:
        for event in (event for event in self.told if event.type == "ClockMoved"):
            if event.data["why"] != "extended":
                yield self.t.say("calendar")
                continue
            says = {"term": self.t.term(term_of(event.data["within"])), "law": self.t.law(event.data.get("law"))}
            base = next((one.first for one in self.why.days if one.part == "extension"), None)
            said = self.t.say("extended-from", day=self.t.day(base), **says) if base else self.t.say("extended", **says)
            reason = " ".join(self.t.reasons.get(event.data.get("words") or "", "").split())
            yield said + (self.t.say("because", reason=reason) if reason else "")

    def _runs_out(self) -> Iterator[str]:
        """Where open time is used up exactly at a closing."""
        term, hours, due = self.clock.term, self.clock.hours, self.clock.due_at
        if term is None or hours is None or self.real or not self.computed or (term.unit == "business_days" and term.profile == "same-time"):
            return
        if not hours.is_open(due) and hours.is_open(due - _MICROSECOND):
            yield self.t.say("at-closing")
        elif hours.is_open(due) and not hours.is_open(due - _MICROSECOND) and not self.clock.pauses:
            yield self.t.say("at-opening")

    def _date(self) -> Iterator[str]:
        due, first = self.clock.due_at, self.clock.original_due_at
        day_alone = last_moment(due, self.t.zone)[1] is None
        yield self.t.say(("due-day" if day_alone else "due") if self.computed else "imported", due=self.t.end(due))
        if first != due:
            yield self.t.say("first", due=self.t.end(first))

    def _stands(self) -> Iterator[str]:
        clock, held = self.clock, self.why.held
        if held:
            used = sum(held.values()) // _MINUTE
            parts = ", ".join(f"{self.t.agency(who)} {self.t.minutes(minutes, days=self.real)}" for who, minutes in _whole_minutes(held))
            yield self.t.say("held" if clock.stopped_at is None else "held-all", used=self.t.minutes(used, days=self.real), parts=parts)
        elif clock.owed:
            yield self.t.say("unused")
        if clock.status == "met":
            yield self.t.say("met", at=self.t.exact(clock.stopped_at or clock.due_at))
        elif clock.status == "missed":
            yield self.t.say("late", at=self.t.exact(clock.stopped_at)) if clock.stopped_at else self.t.say("missed")
        elif clock.status == "cancelled":
            yield self.t.say("cancelled")


def _counted(term: Term) -> str:
    """The words for how a term is counted."""
    if term.profile == "eu-1182-71":
        return {"calendar_hours": "legal-hours", "business_days": "legal-working"}.get(term.unit, "legal-days")
    if term.unit == "business_days":
        return "usual-days" if term.profile == "opening-hours" else "open-days"
    return {"business_hours": "open-hours", "calendar_hours": "real-hours"}.get(term.unit, "real-days")


def _whole_minutes(held: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Microseconds by holder as minutes that add up to the minutes of the sum."""
    passed = 0
    for who, micros in held.items():
        yield who, (passed + micros) // _MINUTE - passed // _MINUTE
        passed += micros
