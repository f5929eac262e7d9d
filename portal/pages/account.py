"""`/account`: who one is here, and with which browsers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, request

from portal.access import sessions
from portal.pages import history
from portal.pages.opening import page, principal, show, signed_in, the_portal

pages = Blueprint("account_pages", __name__)


@pages.route("/account")
@page("session.read")
def account() -> Response:
    """One's sessions"""
    with the_portal().work(principal()) as work:
        mine = sessions.of(work, str(principal().subject))
    return show("account.html", mine=mine, here=signed_in(), at=_at, done=request.args.get("done"))


@pages.route("/account/sessions/<uuid:session>/end", methods=["POST"])
@page("session.end")
def end(session: UUID) -> Response:
    """One of them is over; gone already is well"""
    with the_portal().work(principal()) as work:
        sessions.end(work, str(principal().subject), session)
    return Response(status=303, headers={"Location": "/account?done=one"})


@pages.route("/account/sessions/end", methods=["POST"])
@page("session.end")
def end_others() -> Response:
    """All but this one are over"""
    here = signed_in()
    with the_portal().work(principal()) as work:
        sessions.end_all(work, str(principal().subject), but=here.id if here else None)
    return Response(status=303, headers={"Location": "/account?done=all"})


def _at(instant: datetime) -> str:
    """In words, at the front office's time."""
    catalogue = the_portal().catalogue
    return history.moment(instant, catalogue.agencies[catalogue.triage.agency].calendars[0].zone)
