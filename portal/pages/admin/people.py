"""`/admin/people`: who works here, as what, and since when."""

from __future__ import annotations

from flask import Blueprint, Response

from portal.access import people as kept
from portal.pages.opening import page, principal, show, the_portal

pages = Blueprint("admin_people_pages", __name__, url_prefix="/admin/people")


@pages.route("")
@page("administration.read")
def people() -> Response:
    """Everybody whose roles are kept here; others have those their sign-in vouches for"""
    with the_portal().work(principal()) as work:
        found = kept.everybody(work)
    return show("admin/people.html", people=found, agencies=the_portal().catalogue.agencies)
