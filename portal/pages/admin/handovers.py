"""`/admin/deliveries`: handovers that wait for people, every attempt, and sending one again."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.db import new_id
from portal.errors import Refusal
from portal.pages import acting
from portal.pages.opening import page, principal, show, the_portal
from portal.views import deliveries as views

pages = Blueprint("admin_handovers_pages", __name__, url_prefix="/admin/deliveries")

SHOWN = 100


@pages.route("")
@page("delivery.list")
def parked() -> Response:
    """What waits for people"""
    return _page()


@pages.route("/<uuid:id>/retry", methods=["POST"])
@page("delivery.retry")
def send_again(id: UUID) -> Response:
    """Send it again"""
    try:
        acting.change("delivery.retry", lambda work: views.retry(work, views.found(work, id), id))
    except Refusal as refused:
        return _page(status=422, faults=acting.faults(refused, otherwise="main"))
    return Response(status=303, headers={"Location": redirect("/admin/deliveries?done=retry").location})


def _page(*, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    with the_portal().work(principal()) as work:
        rows = views.listed(work, state="parked", agency=None, limit=SHOWN, after=None)
    done = request.args.get("done", "")
    return show("admin/deliveries.html", status=status, faults=faults or {}, rows=rows, agencies=the_portal().catalogue.agencies, once=str(new_id()), done=done)
