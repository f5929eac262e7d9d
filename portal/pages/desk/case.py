"""`/desk/cases/{reference}`: everything staff may see of a case."""

from __future__ import annotations

from flask import Blueprint, Response

from portal.pages import speech
from portal.pages.desk import known, words
from portal.pages.opening import page, principal, show, the_portal
from portal.views import desk, entry

pages = Blueprint("desk_case_pages", __name__, url_prefix="/desk/cases")


@pages.route("/<reference>")
@page("delivery.read")
def case(reference: str) -> Response:
    """The case as staff see it"""
    portal = the_portal()
    with portal.work(principal()) as work:
        told = desk.of_case(work, entry.find(work, reference), language=speech.language())
    who = principal()
    named = [row | {"called": words.named(row, desk.step_title(portal.catalogue, row)), "openable": row["agency"] in who.agencies} for row in told["tasks"]]
    home = "/champion" if who.scope == "champion" else "/desk"
    return show("desk/case.html", subject=who.subject, home=home, **known.of(portal.catalogue, told | {"tasks": named}))
