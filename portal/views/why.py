"""Why this date: each clock of a case explained from its events, in sentences and as what the sum can be repeated from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from portal.access import once
from portal.events import log
from portal.events.chain import stamp
from portal.standards import clocks
from portal.standards.clockwork import begins_at
from portal.standards.days_off import holiday_name
from portal.standards.history import Line
from portal.standards.legal_days import Days
from portal.standards.why import Interval, Why, explain
from portal.unit_of_work import Work
from portal.vault import items
from portal.views.why_sentences import Teller

#: Events of one case that are read at most; a case with more is explained up to there.
MOST = 20_000


def whole(case_id: UUID) -> Select[Any]:
    """The history of a case, for a reader; pass it through `access.visible`."""
    return log.history(case_id, limit=MOST)


def of_case(work: Work, case_id: UUID, *, now: datetime, language: str) -> dict[str, dict[str, Any]]:
    """Id of each clock of a case the reader may see -> what `shown` says."""
    rows = once.rows(work, whole, case_id)
    events = [Line(row["type"], row["occurred_at"], row["agency"], row["data"]) for row in rows]
    zone = next((event.data["zone"] for event in events if event.type == "CaseOpened"), "UTC")
    found = explain(events, lambda hash: clocks.calendar(work, hash), now=now)
    told: dict[str, list[Line]] = {id: [event for event in events if event.data.get("clock") == id] for id in found}
    names = {agency.id: agency.title for agency in work.catalogue.agencies.values()}
    teller = Teller(language, zone, names, reasons(work, case_id, events))
    before = passed_on(events, teller)
    shown_by_id = {id: shown(one, told[id], teller) for id, one in found.items()}
    for id in before.keys() & shown_by_id.keys():
        shown_by_id[id]["sentences"].insert(0, before[id])
    return shown_by_id


def passed_on(events: Iterable[Line], teller: Teller) -> dict[str, str]:
    """Id of each promise of a case that was passed on -> the sentence that says so, and whether the time at the other door counts."""
    told: dict[str, str] = {}
    opened = referred = None
    for event in events:
        if event.type == "CaseOpened":
            opened = event
        elif event.type == "CaseReferred":
            referred = event
        elif event.type == "ClockStarted" and opened and referred and event.data["covers"] == "case":
            key = "passed-on-receipt" if event.data["started_at"] == opened.data["received_at"] else "passed-on-competent"
            doors = {"first": teller.agency(opened.agency), "who": teller.agency(event.agency)}
            told[event.data["clock"]] = teller.say(key, at=teller.day(referred.occurred_at.astimezone(teller.zone).date()), **doors)
    return told


def extensions(events: Iterable[Line]) -> list[Line]:
    """Those of the events that extended a promise."""
    return [event for event in events if event.type == "ClockMoved" and event.data["why"] == "extended"]


def reasons(work: Work, case_id: UUID, events: Iterable[Line]) -> dict[str, str]:
    """Item of the vault -> the words in which an extension was reasoned, as far as the reader may see them."""
    wanted = {event.data["words"] for event in extensions(events) if event.data.get("words")}
    kept = once.rows(work, items.kept, case_id) if wanted else []
    return {str(item["id"]): item["value"] for item in kept if str(item["id"]) in wanted}


def shown(why: Why, told: list[Line], teller: Teller) -> dict[str, Any]:
    """Sentences, and all that a reader needs to repeat the sum without this program.

    `rule`; `zone` of the opening hours and `usual_day`, the seconds of a usual day in them; `counts_from`, after cut-off, event and closed
    time; `extension`; `intervals` that follow one another from the start to the date or to now (a `paused` one says in `instead` what it would
    have been); of whole legal days `days`, what each is to the rule; `held`, microseconds of counted time by agency.
    """
    clock = why.clock
    return {
        "sentences": teller.sentences(why, told),
        "rule": told[0].data["rule"],
        "started_at": stamp(clock.started_at),
        "counts_from": stamp(begins_at(clock)),
        "zone": clock.hours.zone.key if clock.hours else None,
        "usual_day": clock.hours.day_seconds if clock.hours and clock.term and clock.term.profile == "opening-hours" else None,
        "extension": clock.extension,
        "due_at": stamp(clock.due_at),
        "intervals": [_interval(one) for one in why.intervals],
        "days": [_days(why, one, teller.language) for one in why.days],
        "held": why.held,
    }


def _interval(one: Interval) -> dict[str, Any]:
    return {
        "from": stamp(one.begins),
        "to": stamp(one.ends),
        "state": one.state,
        "why": one.why,
        "instead": one.instead,
        "day": one.day.isoformat() if one.day else None,
        "held_by": one.holder,
        "microseconds": one.micros,
    }


def _days(why: Why, one: Days, language: str) -> dict[str, Any]:
    place = why.clock.hours.place if why.clock.hours and one.why == "holiday" else None
    return {
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "days": one.count,
        "state": one.state,
        "why": one.why,
        "name": holiday_name(*place, one.first, language) if place else None,
        "part": one.part,
    }
