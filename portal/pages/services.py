"""`/services/{id}`: what a service is, what it costs, what is promised, and how long it really takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from babel.dates import format_timedelta
from flask import Blueprint, Response, current_app

from portal.catalogue.definitions import Service
from portal.catalogue.pricing import bounds
from portal.errors import NotFound
from portal.pages import speech
from portal.pages.opening import page, show, the_portal
from portal.views.danger import emergency
from portal.views.fees import money
from portal.views.figures import Recent
from portal.views.words import locale

pages = Blueprint("services_pages", __name__)

#: Figures of fewer cases are not shown: single people could be told from them.
ENOUGH = 10
#: Of which time figures tell.
LATELY = timedelta(days=365)


@pages.route("/services/<service>")
@page("catalogue.read")
def service(service: str) -> Response:
    """One service"""
    found = offered(service)
    catalogue = the_portal().catalogue
    return show(
        "service.html",
        service=found,
        agency=catalogue.agencies[found.agency],
        fee=_fee(found),
        lately=_lately(found),
        emergency=emergency(catalogue, found.agency, speech.language(), alerted=False) if found.danger else None,
        promises=[one for one in found.standards if one.kind != "agreement"],
    )


def offered(id: str) -> Service:
    """A service one may ask for; NotFound for any other."""
    found = the_portal().catalogue.services.get(id)
    if found is None or found.triage:
        raise NotFound
    return found


def duration(seconds: float) -> str:
    """About how long, in the reader's language."""
    return format_timedelta(timedelta(seconds=max(seconds, 60)), granularity="minute", threshold=1.2, locale=locale(speech.language()))


def _fee(service: Service) -> dict[str, str] | None:
    if service.fee is None:
        return None
    least, most = bounds(service) or (service.fee.amount, service.fee.amount)
    if least is None or most is None:
        return {}
    return {name: money(amount, service.fee.currency, speech.language()) for name, amount in (("least", least), ("most", most))}


def _lately(service: Service) -> dict[str, Any] | None:
    """How long half and nine of ten took in the last year; None where too few were closed."""
    asked: Recent = current_app.extensions["onedoor.figures"]
    figures = asked.figures(the_portal(), since=LATELY, indicators=("duration-median", "duration-p90"), only=(("service", service.id),))
    mine = {one["indicator"]: one for one in figures}
    half = mine.get("duration-median")
    if half is None or half["n"] < ENOUGH or half["value"] is None:
        return None
    return {"half": duration(half["value"]), "most": duration(mine["duration-p90"]["value"]), "n": half["n"]}
