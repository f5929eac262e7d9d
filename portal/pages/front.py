"""`/`: what this is, and the way from a sentence to a service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, request

from portal.catalogue import find
from portal.catalogue.definitions import Service
from portal.intake.receive import TEXT_LIMIT
from portal.kpi import finding
from portal.pages import speech
from portal.pages.opening import page, show, the_portal
from portal.views.danger import emergency

pages = Blueprint("front_pages", __name__)

#: Services shown for a text.
SHOWN = 5


@pages.route("/")
@page("catalogue.read")
def home() -> Response:
    """What this is, the search, and everything there is"""
    return show("home.html", **_offered())


@pages.route("/find", methods=["GET", "POST"])
@page("catalogue.read")
def results() -> Response:
    """Services that fit a sentence; sent as a form, so that the words stand in no address and no log"""
    text = request.form.get("text", "").strip()[:TEXT_LIMIT]
    if not text:
        return show("home.html", empty=request.method == "POST", **_offered())
    catalogue = the_portal().catalogue
    finding.fresh(the_portal())
    matches = find.rank(catalogue, text, speech.language())[:SHOWN]
    found = [catalogue.services[match.service_id] for match in matches]
    sure = find.confident(matches)
    danger = emergency(catalogue, catalogue.triage.agency, speech.language(), alerted=False) if find.danger(catalogue, text) else None
    return show("found.html", text=text, found=found, sure=sure and catalogue.services[sure.service_id], emergency=danger, agencies=catalogue.agencies)


def _offered() -> dict[str, Any]:
    catalogue = the_portal().catalogue
    # An objection begins on the case it is about, not here.
    elsewhere = {agency.objections for agency in catalogue.agencies.values()}
    offered = [service for service in catalogue.services.values() if not service.triage and service.id not in elsewhere]
    by_agency = {id: _sorted(one for one in offered if one.agency == id and not one.life_event) for id in catalogue.agencies}
    groups = [(catalogue.agencies[id], some) for id, some in by_agency.items() if some]
    return {"events": _sorted(one for one in offered if one.life_event), "groups": sorted(groups, key=lambda group: speech.place(group[0].title))}


def _sorted(services: Iterable[Service]) -> list[Service]:
    return sorted(services, key=lambda service: speech.place(service.title))
