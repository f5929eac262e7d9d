"""Why this date, in sentences: what `portal.standards.why` found, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime

from portal.access.scoping import visible
from portal.events import log
from portal.events.chain import stamp
from portal.standards import clocks
from portal.standards.history import Line
from portal.standards.terms import Term, due_date
from portal.standards.why import Interval, Why, explain
from portal.unit_of_work import Work
from portal.vault import items
from portal.views.words import locale

#: Events of one case that are read at most; a case with more is explained up to there.
MOST = 20_000

_EN = {
    "business_days": "working days",
    "business_hours": "working hours",
    "calendar_days": "days",
    "calendar_weeks": "weeks",
    "calendar_months": "months",
    "calendar_hours": "hours",
    "same-time": "It is counted to the same time of day.",
    "opening-hours": "A day is as long as the usual opening hours.",
    "eu-1182-71": "It is counted in whole days: the first day is not counted, and a last day that is a holiday or in a weekend becomes the next working day "
    "(Regulation 1182/71, Article 3).",
    "term": "The time given is {count} {unit}{law}. {profile}",
    "start": "It began on {at}.",
    "closed": "Time outside opening hours is not counted.",
    "holidays": "These holidays are not counted: {days}.",
    "answer": "It stood still from {begins} to {ends}, while you were asked for something{law}.",
    "agency": "It stood still from {begins} to {ends}, while another agency had the case{law}.",
    "answer-still": "It stands still from {begins} until you answer, at the latest until {ends}{law}.",
    "agency-still": "It stands still from {begins} until another agency has answered, at the latest until {ends}{law}.",
    "nothing": "You were asked for something and answered at once: nothing stood still.",
    "extended": "It was extended once, by {within}{law}.",
    "because": " The reason given: “{reason}”",
    "reset": "It was measured anew from {at}.",
    "calendar": "The opening hours of the agency were changed, and the date with them.",
    "due": "So the date is {due}.",
    "imported": "The date, {due}, was given by the agency's own system; it was not computed here.",
    "first": "The date that was promised first was {due}.",
    "held": "Of its time, {used} have passed: {parts}.",
    "met": "It was kept on {at}.",
    "missed": "It was missed.",
    "cancelled": "It no longer applies.",
    "law": " (article {article})",
    "h": "{h} h {m} min",
}
_FR = {
    "business_days": "jours ouvrables",
    "business_hours": "heures ouvrables",
    "calendar_days": "jours",
    "calendar_weeks": "semaines",
    "calendar_months": "mois",
    "calendar_hours": "heures",
    "same-time": "Il se compte jusqu'à la même heure.",
    "opening-hours": "Un jour y vaut la durée habituelle d'ouverture.",
    "eu-1182-71": "Il se compte en jours entiers : le premier jour ne compte pas, et un dernier jour férié ou de week-end devient le jour ouvrable suivant "
    "(règlement 1182/71, article 3).",
    "term": "Le délai est de {count} {unit}{law}. {profile}",
    "start": "Il a commencé le {at}.",
    "closed": "Le temps hors des heures d'ouverture ne compte pas.",
    "holidays": "Ces jours fériés ne comptent pas : {days}.",
    "answer": "Il a été suspendu du {begins} au {ends}, le temps que vous répondiez à une demande{law}.",
    "agency": "Il a été suspendu du {begins} au {ends}, le temps qu'un autre service réponde{law}.",
    "answer-still": "Il est suspendu depuis le {begins} jusqu'à votre réponse, au plus tard jusqu'au {ends}{law}.",
    "agency-still": "Il est suspendu depuis le {begins} jusqu'à la réponse d'un autre service, au plus tard jusqu'au {ends}{law}.",
    "nothing": "Une réponse vous a été demandée et vous l'avez donnée aussitôt : rien n'a été suspendu.",
    "extended": "Il a été prolongé une fois, de {within}{law}.",
    "because": " Motif donné : « {reason} »",
    "reset": "Il a été compté à nouveau à partir du {at}.",
    "calendar": "Les heures d'ouverture du service ont changé, et la date avec elles.",
    "due": "La date est donc le {due}.",
    "imported": "La date, le {due}, vient du système du service lui-même ; elle n'a pas été calculée ici.",
    "first": "La date promise au début était le {due}.",
    "held": "De ce délai, {used} se sont écoulées : {parts}.",
    "met": "Il a été tenu le {at}.",
    "missed": "Il n'a pas été tenu.",
    "cancelled": "Il ne s'applique plus.",
    "law": " (article {article})",
    "h": "{h} h {m} min",
}
_WORDS = {"en": _EN, "fr": _FR}


def of_case(work: Work, case_id: UUID, *, now: datetime, language: str) -> dict[str, dict[str, Any]]:
    """Id of each clock of a case the reader may see -> `{"sentences", "intervals", "held"}`; seconds and instants as the machine reads them."""
    rows = work.run(visible(work, log.history(case_id, limit=MOST)))
    events = [Line(row["type"], row["occurred_at"], row["agency"], row["data"]) for row in rows]
    zone = next((event.data["zone"] for event in events if event.type == "CaseOpened"), "UTC")
    found = explain(events, lambda hash: clocks.calendar(work, hash), now=now)
    told: dict[str, list[Line]] = {id: [event for event in events if event.data.get("clock") == id] for id in found}
    names = {agency.id: agency.title for agency in work.catalogue.agencies.values()}
    words = reasons(work, case_id, events)
    return {id: _shown(one, Teller(language, zone, names, words).sentences(one, told[id])) for id, one in found.items()}


def extensions(events: Iterable[Line]) -> list[Line]:
    """Those of the events that extended a promise."""
    return [event for event in events if event.type == "ClockMoved" and event.data["why"] == "extended"]


def reasons(work: Work, case_id: UUID, events: Iterable[Line]) -> dict[str, str]:
    """Item of the vault -> the words in which an extension was reasoned, as far as the reader may see them."""
    wanted = {event.data["words"] for event in extensions(events) if event.data.get("words")}
    kept = work.run(visible(work, items.kept(case_id))) if wanted else []
    return {str(item["id"]): item["value"] for item in kept if str(item["id"]) in wanted}


def _shown(why: Why, sentences: list[str]) -> dict[str, Any]:
    return {"sentences": sentences, "intervals": [_interval(one) for one in why.intervals], "held": why.held}


def _interval(one: Interval) -> dict[str, Any]:
    return {
        "from": stamp(one.begins),
        "to": stamp(one.ends),
        "state": one.state,
        "why": one.why,
        "day": one.day.isoformat() if one.day else None,
        "held_by": one.holder,
        "microseconds": one.micros,
    }


class Teller:
    """Sentences in one language and zone; English where there are no words for the language."""

    def __init__(self, language: str, zone: str, agencies: Mapping[str, Mapping[str, str]], reasons: Mapping[str, str] | None = None) -> None:
        found = locale(language)
        self.language = found.language if found.language in _WORDS else "en"
        self.locale = Locale("en", "GB") if self.language == "en" else found
        self.zone = ZoneInfo(zone)
        self.agencies = agencies
        self.reasons = reasons or {}

    def sentences(self, why: Why, told: list[Line]) -> list[str]:
        """From the rule to the date, then how it stands. `told`: the events of this clock."""
        some = [*self._rule(why, told), *self._closed(why), *self._changes(why, told), *self._date(why, told)]
        return [one for one in some if one]

    def _say(self, key: str, **what: Any) -> str:
        return _WORDS[self.language][key].format(**what)

    def _law(self, article: str | None) -> str:
        return self._say("law", article=article) if article else ""

    def _at(self, at: datetime) -> str:
        return format_datetime(at.astimezone(self.zone), "d MMMM y, HH:mm", locale=self.locale)

    def _day(self, why: Why, at: datetime) -> str:
        """The date of a due instant: of a count in whole days the day alone, else the time as well."""
        if why.clock.term is not None and why.clock.hours is not None and why.clock.term.profile == "eu-1182-71":
            return format_date(due_date(why.clock.hours, at), "d MMMM y", locale=self.locale)
        return self._at(at)

    def _term(self, term: Term) -> str:
        return f"{term.count} {self._say(term.unit)}"

    def _rule(self, why: Why, told: list[Line]) -> list[str]:
        term, data = why.clock.term, told[0].data
        if term is None or data["due_source"] == "imported":
            return [self._say("start", at=self._at(why.clock.started_at))]
        law = self._law(data["rule"].get("law"))
        return [
            self._say("term", count=term.count, unit=self._say(term.unit), law=law, profile=self._say(term.profile)),
            self._say("start", at=self._at(datetime.fromisoformat(data["started_at"]))),
        ]

    def _closed(self, why: Why) -> list[str]:
        closed = [one for one in why.intervals if one.state == "closed"]
        days = sorted({one.day for one in closed if one.day})
        named = ", ".join(format_date(day, "d MMMM y", locale=self.locale) for day in days)
        return [self._say("closed") if closed else "", self._say("holidays", days=named) if days else ""]

    def _changes(self, why: Why, told: list[Line]) -> list[str]:
        return [_CHANGES[event.type](self, why, event) for event in told if event.type in _CHANGES]

    def _paused(self, why: Why, event: Line) -> str:
        still = next((one for one in why.clock.standstills if one.key == event.data["pause"]), None)
        if still is None:
            return ""
        begins, ends = still.span
        if begins == ends:
            return self._say("nothing") if still.awaits == "answer" else ""
        key = still.awaits if still.ended is not None or why.clock.stopped_at is not None else f"{still.awaits}-still"
        return self._say(key, begins=self._at(begins), ends=self._at(ends), law=self._law(still.law))

    def _moved(self, _: Why, event: Line) -> str:
        if event.data["why"] != "extended":
            return self._say("calendar")
        reason = self.reasons.get(event.data.get("words") or "")
        said = self._say("extended", within=self._term(clocks.term_of(event.data["within"], "same-time")), law=self._law(event.data.get("law")))
        return said + (self._say("because", reason=" ".join(reason.split())) if reason else "")

    def _reset(self, _: Why, event: Line) -> str:
        return self._say("reset", at=self._at(datetime.fromisoformat(event.data["started_at"])))

    def _date(self, why: Why, told: list[Line]) -> list[str]:
        clock = why.clock
        imported = clock.term is None or told[0].data["due_source"] == "imported"
        some = [self._say("imported" if imported else "due", due=self._day(why, clock.due_at))]
        if clock.original_due_at != clock.due_at:
            some.append(self._say("first", due=self._day(why, clock.original_due_at)))
        if why.held:
            parts = ", ".join(f"{self._name(who)} {self._long(micros)}" for who, micros in why.held.items())
            some.append(self._say("held", used=self._long(sum(why.held.values())), parts=parts))
        if clock.status == "met":
            some.append(self._say("met", at=self._at(clock.stopped_at or clock.due_at)))
        elif clock.status in ("missed", "cancelled"):
            some.append(self._say(clock.status))
        return some

    def _name(self, who: str) -> str:
        title = self.agencies.get(who, {})
        return title.get(self.language) or title.get("en") or who

    def _long(self, micros: int) -> str:
        minutes = micros // 60_000_000
        return self._say("h", h=minutes // 60, m=minutes % 60)


_CHANGES: dict[str, Callable[[Teller, Why, Line], str]] = {"ClockPaused": Teller._paused, "ClockMoved": Teller._moved, "ClockReset": Teller._reset}
