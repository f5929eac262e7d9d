"""`/admin/agencies/{agency}/hours/{calendar}`: opening hours, closures and half days; the dates they move are shown before they are kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date, get_day_names
from flask import Blueprint, Response, redirect, request

from portal.db import new_id
from portal.errors import Conflict, Invalid, NotFound, Refusal
from portal.pages import acting, history, speech
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Work
from portal.views import administration as views
from portal.views import calendar_days
from portal.views.words import locale

pages = Blueprint("admin_hours_pages", __name__, url_prefix="/admin/agencies/<agency>/hours/<calendar>")

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Public holidays that are listed.
SHOWN = 20
#: What joins the beginning and the end of a window, as people type it: hyphen, en dash, em dash.
_DASH = re.compile("\\s*[-\u2013\u2014]\\s*")


@pages.route("")
@page("agency.amend")
def hours(agency: str, calendar: str) -> Response:
    """Hours of the week, and days that differ"""
    return _page(agency, calendar)


@pages.route("", methods=["POST"])
@page("agency.amend")
def change(agency: str, calendar: str) -> Response:
    """First the dates that would move; then, when that is wanted, it is kept"""
    if request.form.get("do") == "no":
        return _page(agency, calendar)
    sure = request.form.get("sure") == "1"
    try:
        if not sure:
            return _check(agency, calendar)
        acting.change("agency.hours", lambda work: views.keep_hours(work, agency, calendar, _wanted(work, agency, calendar), version=acting.version()))
    except Refusal as refused:
        return _page(agency, calendar, faults=acting.faults(refused, place=_box, otherwise="main"))
    return _move(agency, calendar, done="kept") if request.form.get("move") == "yes" else _to(agency, calendar, "kept")


@pages.route("/dates", methods=["POST"])
@page("agency.amend")
def bring(agency: str, calendar: str) -> Response:
    """Dates of open requests follow; doing it again changes nothing"""
    return _move(agency, calendar, done="moved")


def _move(agency: str, calendar: str, *, done: str) -> Response:
    try:
        found = views.move_dates(the_portal(), f"{agency}/{calendar}", also_earlier=False)
    except Conflict:
        return _to(agency, calendar, "many")
    return _to(agency, calendar, f"{done}&moved={found['later'] + found['earlier']}")


def _to(agency: str, calendar: str, done: str) -> Response:
    return Response(status=303, headers={"Location": redirect(f"/admin/agencies/{agency}/hours/{calendar}?done={done}").location})


def _wanted(work: Work, agency: str, calendar: str) -> dict[str, Any]:
    """The amendment of the calendar as the form wants it."""
    form, own = request.form, views.own_hours(work, agency, calendar)
    what = form.get("what", "")
    if what == "weekly":
        return calendar_days.weekly(own, {day: _windows(form.get(f"weekly-{day}", "")) for day in WEEKDAYS})
    if what == "days":
        kind = form.get("kind", "closed")
        said = _windows(form.get("hours", ""))
        if kind == "special" and not said:
            raise Invalid(errors=[{"pointer": "/hours", "detail": "Write the hours it is open, such as 09:00-12:00."}])
        windows = said if kind == "special" else ()
        return calendar_days.days(own, form.get("first_day", "").strip(), form.get("last_day", "").strip(), windows=windows, worked=kind == "worked")
    if what == "back":
        return calendar_days.without(own, form.get("day", ""))
    if what == "written":
        return {}
    raise NotFound


def _windows(said: str) -> list[str]:
    """`9:00 - 12:00, 13:00-17:00` as windows, whatever dash joins them; what cannot be one is passed on as it was typed, and refused there."""
    parts = (_DASH.sub("-", part.strip()) for part in re.split(r"[,;،\n]", said))
    return [re.sub(r"(?<!\d)(\d):", r"0\1:", part) for part in parts if part]


def _box(pointer: str) -> str:
    part, _, inside = pointer.strip("/").partition("/")
    if part == "weekly":
        return f"weekly-{inside.partition('/')[0] or 'mon'}"
    if part == "special" or part == "hours":
        return "hours"
    return "last_day" if part == "last_day" else "first_day"


def _check(agency: str, calendar: str) -> Response:
    """What is changed, the dates it would move, and the way to keep it."""
    with the_portal().work(principal()) as work:
        views.demand_version(work, agency, acting.version())
        wanted = _wanted(work, agency, calendar)
        new, _ = views.hours(work, agency, calendar, wanted)
        told = views.agency(work, agency)
    zone = work.catalogue.calendars[f"{agency}/{calendar}"]["zone"]
    found = views.dates(the_portal(), new, f"{agency}/{calendar}")
    return show(
        "admin/hours_check.html",
        agency=_named(agency),
        calendar=calendar,
        hidden=[(name, value) for name, value in request.form.items() if name in _KEPT or name.startswith("weekly-")],
        once=str(new_id()),
        version=told["version"],
        dates=found,
        examples=[(_titled(one["standard"]), history.moment(one["from"], zone), history.moment(one["to"], zone)) for one in found["examples"]],
        change=_said(wanted),
    )


_KEPT = ("what", "kind", "first_day", "last_day", "hours", "day")


def _said(wanted: Mapping[str, Any]) -> list[str]:
    """What the form in hand changes, in sentences."""
    form = request.form
    what, kind = form.get("what"), form.get("kind", "closed")
    if what == "weekly":
        return [f"{name}: {', '.join((wanted['weekly'] or {}).get(day, [])) or speech.words('closed')}" for day, name in _names()]
    if what == "written":
        return [speech.words("Hours and days are again as they are written in the definitions.")]
    if what == "back":
        return [speech.words("%(day)s is again as it is written.") % {"day": _day(form.get("day", ""))}]
    first, last = form.get("first_day", "").strip(), form.get("last_day", "").strip() or form.get("first_day", "").strip()
    days = _day(first) if first == last else f"{_day(first)} \u2013 {_day(last)}"
    texts = {"closed": speech.words("closed"), "worked": speech.words("open as on a working day"), "special": ", ".join(_windows(form.get("hours", "")))}
    return [f"{days}: {texts.get(kind, texts['closed'])}"]


def _titled(standard: str) -> Any:
    services = the_portal().catalogue.services.values()
    return next((speech.told(one.title) for service in services for one in service.standards if one.id == standard and one.title), standard)


def _names() -> list[tuple[str, str]]:
    names = get_day_names("wide", locale=locale(speech.language()))
    return [(day, names[place]) for place, day in enumerate(WEEKDAYS)]


def _day(said: str) -> str:
    try:
        return format_date(date.fromisoformat(said), "full", locale=locale(speech.language()))
    except ValueError:
        return said


def _page(agency: str, calendar: str, *, faults: dict[str, str] | None = None) -> Response:
    with the_portal().work(principal()) as work:
        told = views.agency(work, agency)
        own = views.own_hours(work, agency, calendar)
        today = work.now.date().isoformat()
        body = work.catalogue.calendars[f"{agency}/{calendar}"]
    holidays = [day for year in sorted(body["holidays"]) for day in body["holidays"][year] if day >= today and day not in own.get("closed", ())]
    typed = request.form
    weekly = {day: ", ".join(body["weekly"].get(day, [])) for day in WEEKDAYS}
    if faults and typed.get("what") == "weekly":
        weekly = {day: typed.get(f"weekly-{day}", "") for day in WEEKDAYS}
    return show(
        "admin/hours.html",
        status=422 if faults else 200,
        faults=faults or {},
        typed=typed if faults and typed.get("what") == "days" else {},
        once=str(new_id()),
        agency=_named(agency),
        calendar=calendar,
        zone=body["zone"],
        version=told["version"],
        amended=any(own.values()),
        names=_names(),
        weekly=weekly,
        days=[one | {"says": _day(one["day"])} for one in calendar_days.listed(own)],
        holidays=[_day(day) for day in holidays[:SHOWN]],
        done=request.args.get("done", ""),
        moved=request.args.get("moved", type=int),
    )


def _named(agency: str) -> Any:
    found = the_portal().catalogue.agencies.get(agency)
    if found is None:
        raise NotFound
    return found
