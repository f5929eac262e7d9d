"""`/performance`: how the portal keeps its word, for everybody; numbers under ten are not shown."""

from __future__ import annotations

from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from flask import Blueprint, Response, current_app
from markupsafe import Markup

from portal.kpi.report import Figure
from portal.pages import speech
from portal.pages.errors import N_
from portal.pages.opening import page, show, the_portal
from portal.pages.services import ENOUGH, LATELY, duration, offered
from portal.views.words import locale

pages = Blueprint("performance_pages", __name__)

#: Measure -> what it is called, and what it means.
MEANS = {
    "requests": (N_("Requests"), N_("All that came in within the last year, on whatever way.")),
    "on-time-of-due": (
        N_("Kept in time"),
        N_("Of all requests with a date, those closed by it. Those open past their date count as not kept, so nothing looks better by being left undone."),
    ),
    "duration-median": (
        N_("Half took at most"),
        N_("From the day it came in until it was closed, nights and holidays included; half of those closed took no longer."),
    ),
    "duration-p90": (N_("Nine of ten took at most"), N_("The same for nine of ten: how long to reckon with.")),
    "satisfaction": (
        N_("Satisfaction"),
        N_("What people answered after their request was closed: 100 percent if all were very satisfied, 0 percent if none was."),
    ),
}
MEASURED = ("requests", "on-time-of-due", "duration-median", "duration-p90", "satisfaction")


@pages.route("/performance")
@page("indicators.read")
def performance() -> Response:
    """All services"""
    catalogue = the_portal().catalogue
    found = _figures("service")
    services = sorted((one for one in catalogue.services.values() if not one.triage), key=lambda one: speech.place(one.title))
    rows = [{"service": service, "figures": _told(found.get(service.id, {}))} for service in services]
    picture = bars([(speech.plain(service.title), share) for service in services if (share := _share(found.get(service.id, {}))) is not None])
    return show("performance.html", rows=rows, all=_told(_figures().get(None, {})), picture=picture, means=MEANS)


@pages.route("/performance/<service>")
@page("indicators.read")
def one(service: str) -> Response:
    """One service: its standards, and its results month by month"""
    found = offered(service)
    mine = (("service", found.id),)
    whole = _figures(only=mine).get(None, {})
    monthly = [(month, figures) for month, figures in sorted(_figures("month", only=mine).items()) if month]
    months = [(_month(month), _told(figures)) for month, figures in monthly]
    return show(
        "performance_of.html",
        service=found,
        all=_told(whole),
        months=months,
        picture=line([(_month(month, short=True), _share(figures)) for month, figures in monthly], rtl=speech.direction(speech.language()) == "rtl"),
        means=MEANS,
        agency=the_portal().catalogue.agencies[found.agency],
    )


def _month(month: str, *, short: bool = False) -> str:
    """A month (`2026-11`) as it is written."""
    year, number = month.split("-")
    return str(format_date(date(int(year), int(number), 1), "MMM y" if short else "MMMM y", locale=locale(speech.language())))


def _figures(*by: str, only: tuple[tuple[str, str], ...] = ()) -> dict[Any, dict[str, Figure]]:
    """By the value of the slice; None: of all."""
    found: dict[Any, dict[str, Figure]] = {}
    for figure in current_app.extensions["onedoor.figures"].figures(the_portal(), since=LATELY, by=by, indicators=MEASURED, only=only):
        found.setdefault(figure["slice"].get(by[0]) if by else None, {})[figure["indicator"]] = figure
    return found


def _share(figures: dict[str, Figure]) -> float | None:
    kept = figures.get("on-time-of-due")
    return kept["value"] if kept and kept["n"] >= ENOUGH else None


def _told(figures: dict[str, Figure]) -> dict[str, str]:
    """Each figure as it is read; what too few cases stand behind is not told."""
    return {name: _say(figures.get(name)) for name in MEASURED}


def _say(figure: Figure | None) -> str:
    where = locale(speech.language())
    if figure is None or not figure["n"]:
        return speech.words("none yet")
    if figure["n"] < ENOUGH or figure["value"] is None:
        return speech.words("fewer than 10")
    if figure["unit"] == "seconds":
        return duration(figure["value"])
    if figure["unit"] == "percent":
        return format_percent(figure["value"] / 100, locale=where)
    return format_decimal(figure["value"], locale=where)


def bars(rows: list[tuple[str, float]]) -> Markup | None:
    """Shares (percent) as horizontal bars: SVG without script or style of its own; the table beside it tells the same in words."""
    if not rows:
        return None
    parts = [Markup('<svg class="od-chart" viewBox="0 0 320 {}" aria-hidden="true" focusable="false">').format(len(rows) * 44)]
    for at, (label, share) in enumerate(rows):
        value = min(max(share, 0.0), 100.0)
        shown = label if len(label) < 42 else f"{label[:40]}…"
        parts.append(Markup('<text x="0" y="{}" class="label">{}</text>').format(at * 44 + 14, shown))
        parts.append(Markup('<rect x="0" y="{}" width="260" height="14" class="rail"/>').format(at * 44 + 20))
        parts.append(Markup('<rect x="0" y="{}" width="{}" height="14" class="bar"/>').format(at * 44 + 20, round(value * 2.6, 1)))
        parts.append(Markup('<text x="268" y="{}" class="label">{}</text>').format(at * 44 + 32, format_percent(value / 100, locale=locale(speech.language()))))
    return Markup("").join([*parts, Markup("</svg>")])


def line(points: list[tuple[str, float | None]], *, rtl: bool) -> Markup | None:
    """Shares (percent) month by month as a line: SVG without script or style of its own; the table beside it tells the same. None for fewer than two."""
    if sum(share is not None for _, share in points) < 2:
        return None
    width, top, height = 600, 12, 180
    step = (width - 60) / max(len(points) - 1, 1)

    def place(at: int) -> float:
        found = 45 + at * step
        return round(width - found if rtl else found, 1)

    marks = [(place(at), round(top + height * (1 - min(max(share, 0.0), 100.0) / 100), 1)) for at, (_, share) in enumerate(points) if share is not None]
    parts = [Markup('<svg class="od-chart" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">').format(width, top + height + 34)]
    for share in (0, 50, 100):
        y = round(top + height * (1 - share / 100), 1)
        parts.append(Markup('<line x1="38" x2="{}" y1="{}" y2="{}" class="grid"/>').format(width - 8, y, y))
        said = format_percent(share / 100, locale=locale(speech.language()))
        parts.append(Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(width if rtl else 0, y + 4, "start", said))
    parts.append(Markup('<polyline class="line" points="{}"/>').format(" ".join(f"{x},{y}" for x, y in marks)))
    parts += [Markup('<circle class="dot" cx="{}" cy="{}" r="4"/>').format(x, y) for x, y in marks]
    every = max(1, len(points) // 4)
    parts += [
        Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(place(at), top + height + 26, label)
        for at, (label, _) in enumerate(points)
        if (at % every == 0 and 0 < at < len(points) - 1) or (at in (0,) and len(points) > 1)
    ]
    return Markup("").join([*parts, Markup("</svg>")])
