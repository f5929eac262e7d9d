"""`/my`: the requests of somebody who signed in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from babel.dates import format_date
from flask import Blueprint, Response, request

from portal.pages import history, speech
from portal.pages.opening import page, principal, show, the_portal
from portal.views import drafts as ways
from portal.views.mine import mine
from portal.views.words import locale

pages = Blueprint("mine_pages", __name__)

#: Requests on one page.
SHOWN = 50


@pages.route("/my")
@page("case.list-own")
def own() -> Response:
    """The list, newest first"""
    catalogue = the_portal().catalogue
    after = request.args.get("after", type=UUID)
    with the_portal().work(principal()) as work:
        begun = [] if after else ways.kept_by(work)
        found = mine(work, after=after, limit=SHOWN + 1)
    rows = [
        {**row, "service": catalogue.services.get(row["service"] or "") or catalogue.triage, "received": history.moment(row["received_at"], row["zone"])}
        for row in found[:SHOWN]
    ]
    begun = [{**one, "service": catalogue.services.get(one["service"] or ""), "until": _day(one["expires_at"])} for one in begun]
    return show("mine.html", rows=rows, drafts=begun, after=found[SHOWN - 1]["id"] if len(found) > SHOWN else None, says=_says())


def _day(at: datetime) -> str:
    return format_date(at.date(), "long", locale=locale(speech.language()))


def _says() -> dict[str, str]:
    """Where a request stands, in two words."""
    return {
        "received": speech.words("received"),
        "in-progress": speech.words("in progress"),
        "waiting": speech.words("waiting for you"),
        "decided": speech.words("decided"),
        "closed": speech.words("closed"),
        "withdrawn": speech.words("taken back"),
    }
