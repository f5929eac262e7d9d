"""Why this date, as people are told it: the sentences of clocks of every kind, in English and French."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from portal.catalogue.definitions import PauseRule, Standard
from portal.cli.replan import _at
from portal.db import new_id
from portal.standards import changes, clocks
from portal.standards.legal_days import Days
from portal.standards.why import Why, explain
from portal.views.why_sentences import Teller
from tests.unit.clock_desk import CALENDARS, LAW, Desk, standard

BRUSSELS = ZoneInfo("Europe/Brussels")
AGENCIES = {"hall": {"en": "Town Hall", "fr": "Mairie"}, "roads": {"en": "Roads", "fr": "Voirie"}}
NEXT_DAY = (PauseRule("answer", LAW),)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=BRUSSELS).astimezone(UTC)


def begun(start: str, what: Standard, *, calendar: str = "tests-brussels") -> Desk:
    """A case of the hall with one clock."""
    desk = Desk(at(start))
    desk.record(desk.case, "CaseOpened", agency="hall", zone="Europe/Brussels")
    desk.start(what, calendar=calendar)
    return desk


def why(desk: Desk) -> Why:
    (found,) = explain(desk.events, CALENDARS.__getitem__, now=desk.now).values()
    return found


def said(desk: Desk, language: str = "en") -> str:
    told: Any = [event for event in desk.events if "clock" in event.data]
    return " ".join(Teller(language, "Europe/Brussels", AGENCIES).sentences(why(desk), told))


def legal(within: str, **more: Any) -> Standard:
    return standard(within=within, profile="eu-1182-71", pauses=NEXT_DAY, **more)


def days(desk: Desk) -> list[tuple[str, str, str, str | None]]:
    def brief(one: Days) -> tuple[str, str, str, str | None]:
        return f"{one.first:%m-%d}", f"{one.last:%m-%d}", one.state, one.why

    return [brief(one) for one in why(desk).days]


def test_a_last_day_that_is_no_working_day_is_named_with_the_day_it_becomes() -> None:
    desk = begun("11-05T14:00", legal("30 calendar_days"))
    assert "The last day, Saturday 5 December 2026, is not a working day, so the term ends with Monday 7 December 2026." in said(desk)
    assert "Le dernier jour, le samedi 5 décembre 2026, n'est pas un jour ouvrable : le délai se termine donc le lundi 7 décembre 2026." in said(desk, "fr")
    assert "The first day that counts is Friday 6 November 2026." in said(desk)
    assert days(desk) == [
        ("11-05", "11-05", "event", None),
        ("11-06", "12-05", "counted", None),
        ("12-06", "12-06", "rolled", "weekend"),
        ("12-07", "12-07", "rolled", None),
    ]
    assert next((one.state, one.why, one.begins) for one in why(desk).intervals) == ("closed", "event", at("11-05T14:00"))
    assert [one.begins for one in why(desk).intervals if one.why == "rolled"] == [at("12-06T00:00")]


def test_holidays_have_names() -> None:
    christmas = begun("11-27T14:00", legal("4 calendar_weeks"))
    assert "The last day, Friday 25 December 2026 (Christmas Day), is not a working day" in said(christmas)
    assert "Le dernier jour, le vendredi 25 décembre 2026 (Noël), n'est" in said(christmas, "fr")
    easter = begun("03-27T14:00", legal("9 calendar_days"))  # Easter Sunday, then Easter Monday
    assert "The last day, Sunday 5 April 2026 (Easter Sunday), is not a working day, so the term ends with Tuesday 7 April 2026." in said(easter)
    assert "Monday 6 April 2026 (Easter Monday) is not a working day either." in said(easter)
    working = begun("11-09T14:00", legal("3 business_days"))
    assert "One holiday is not counted: Wednesday 11 November 2026 (Armistice Day)." in said(working)


def test_a_holiday_on_a_weekend_is_the_weekend() -> None:
    desk = begun("08-14T14:00", standard(within="1 business_days"))  # Saturday 15 August is Assumption Day
    assert {one.why for one in why(desk).intervals if one.state == "closed"} == {"outside-hours", "break", "weekend"}
    assert "holiday" not in said(desk)


def test_a_noon_break_is_a_break_and_the_weekend_is_where_the_place_has_it() -> None:
    desk = begun("11-06T12:30", standard(within="1 business_hours"))
    assert [(one.state, one.why) for one in why(desk).intervals] == [("closed", "break"), ("counted", None)]
    gulf = begun("11-05T09:00", standard(within="1 business_days"), calendar="tests-gulf")
    assert {(one.why, one.begins.astimezone(ZoneInfo("Asia/Kuwait")).weekday()) for one in why(gulf).intervals if one.why == "weekend"} == {("weekend", 4)}


@pytest.mark.parametrize(
    ("within", "english", "french"),
    [
        ("1 business_days", "1 working day (", "1 jour ouvrable ("),
        ("2 business_days", "2 working days (", "2 jours ouvrables ("),
        ("1 business_hours", "1 working hour (", "1 heure ouvrable ("),
        ("1 calendar_hours", "1 hour (", "1 heure ("),
        ("1 calendar_weeks", "1 week (", "1 semaine ("),
        ("1 calendar_months", "1 month (", "1 mois ("),
        ("2 calendar_months", "2 months (", "2 mois ("),
        ("1 calendar_days", "1 day (", "1 jour ("),
    ],
)
def test_one_is_one(within: str, english: str, french: str) -> None:
    desk = begun("11-05T14:00", standard(within=within))
    assert f"The time given is {english}article 15)." in said(desk)
    assert f"Le délai est de {french}article 15)." in said(desk, "fr")


@pytest.mark.parametrize(
    ("start", "more", "sentence"),
    [
        ("11-06T15:30", {"cutoff": "15:00"}, "What comes in at 15:00 or later counts from the next working day, so it is counted from Monday 9 November 2026"),
        ("11-06T15:00", {"cutoff": "15:00"}, "What comes in at 15:00 or later counts from the next working day"),
        ("11-06T14:59", {"cutoff": "15:00"}, "That was before 15:00, so it counts as received that day."),
        ("11-07T11:00", {"cutoff": "15:00"}, "That was outside opening hours, so it is counted from the next opening, Monday 9 November 2026 at 09:00."),
        ("11-07T11:00", {}, "That was outside opening hours, so it is counted from the next opening, Monday 9 November 2026 at 09:00."),
        ("11-07T11:00", {"begins": "just-count"}, "That was outside opening hours; it is counted from that moment all the same."),
        ("11-06T14:00", {"within": "3 business_hours"}, "It runs out exactly when the office closes, and that moment is still in time."),
        (
            "11-06T14:00",
            {"within": "3 business_hours", "ends": "next-open"},
            "it ends with the next opening. So the date is Monday 9 November 2026 at 09:00.",
        ),
        ("11-06T14:00", {"profile": "opening-hours"}, "A working day means 7 h of opening time, the hours of a usual day."),
        ("11-06T14:00", {"within": "24 calendar_hours"}, "Hours are counted day and night, every day."),
        ("11-06T14:20", {"within": "24 calendar_hours", "profile": "eu-1182-71"}, "The first hour that counts begins on Friday 6 November 2026 at 15:00."),
        ("01-31T14:00", {"within": "1 calendar_months"}, "February has no day 31, so the last day is Saturday 28 February 2026."),
        ("01-31T14:00", {"within": "1 calendar_months", "profile": "eu-1182-71"}, "February has no day 31, so the last day is Saturday 28 February 2026."),
        ("11-06T14:00", {"within": "2 calendar_days", "profile": "eu-1182-71"}, "at least two working days, so the term ends with Tuesday 10 November 2026"),
    ],
)
def test_the_conventions_are_told(start: str, more: dict[str, Any], sentence: str) -> None:
    assert sentence in said(begun(start, standard(**more)))


def test_a_pause_ends_with_the_day_the_mail_says() -> None:
    desk = begun("11-05T14:00", legal("14 calendar_days"))
    desk.now = at("11-10T10:00")
    key = new_id()
    changes.pause(desk.work, desk.case, awaits="answer", key=key, at=desk.now, until=at("12-08T00:00"))
    assert "It stands still from Wednesday 11 November 2026 until you answer, at the latest until Monday 7 December 2026 (article 15)." in said(desk)
    assert "If it takes until then, 27 whole days are taken out." in said(desk)
    changes.resume(desk.work, desk.case, key, at=at("11-13T11:00"), why="answered")
    assert "It stood still from Wednesday 11 November 2026 to Friday 13 November 2026 at 11:00, while you were asked" in said(desk)
    assert "2 whole days are taken out." in said(desk)
    assert "2 jours entiers ne sont pas comptés." in said(desk, "fr")
    assert ("11-11", "11-12", "paused", "answer") in days(desk)


def test_another_agency_is_named_and_what_its_pause_costs_too() -> None:
    desk = begun("11-05T14:00", standard(within="10 business_days"))
    run = str(new_id())
    desk.now = at("11-10T10:00")
    desk.record(desk.case, "StepBegun", agency="roads", step="consult", run=run, step_run=run, kind="send")
    changes.pause(desk.work, desk.case, awaits="agency", key=UUID(run), at=desk.now, step="consult")
    changes.resume(desk.work, desk.case, UUID(run), at=at("11-10T15:30"), why="answered")
    assert "while we waited for Roads (article 15). 4 h 30 min of opening time fell into that, and the date moves on by as much." in said(desk)
    assert "d'un autre service (Voirie) (article 15). Cela couvre 4 h 30 min d'ouverture" in said(desk, "fr")


def test_minutes_by_holder_add_up_to_the_minutes_told() -> None:
    desk = begun("11-05T14:00", standard(within="30 business_days"))
    desk.now += timedelta(minutes=10, seconds=40)
    desk.record(desk.case, "CaseReferred", agency="roads", to_agency="roads", to_service=None, from_agency="hall", from_service=None, words=None)
    desk.now += timedelta(minutes=10, seconds=40)
    assert "Time used so far: 21 min (Town Hall 10 min, Roads 11 min)." in said(desk)


def test_what_was_done_late_is_told_so() -> None:
    desk = begun("11-06T14:00", standard(within="1 business_days"))
    clocks.stop(desk.work, desk.case, lambda _: True, at=at("11-20T10:00"))
    assert "It was done on Friday 20 November 2026 at 10:00, after the date." in said(desk)


def test_the_first_of_a_month_in_french() -> None:
    assert "le mardi 1er décembre 2026 à 10:00" in said(begun("11-30T10:00", standard(within="1 business_days")), "fr")


def test_a_preview_of_new_dates_shows_the_day_that_ends() -> None:
    assert _at(at("12-08T00:00"), BRUSSELS).strip() == "Mon 2026-12-07"
    assert _at(at("12-08T10:30"), BRUSSELS) == "Tue 2026-12-08 10:30"
    assert date(2026, 12, 7).weekday() == 0
