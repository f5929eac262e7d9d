"""`/admin/journeys`: versions of journeys with the cases under way on each, and moves from one to another."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.errors import Refusal
from portal.pages import acting, speech
from portal.pages.opening import page, principal, show, the_portal
from portal.views import versions
from portal.workflow import move_orders

pages = Blueprint("admin_journeys_pages", __name__, url_prefix="/admin/journeys")

#: Moves that are listed.
SHOWN = 20


@pages.route("")
@page("journey.move")
def journeys() -> Response:
    """All journeys and the latest moves"""
    return _page()


@pages.route("/moves/<uuid:id>", methods=["POST"])
@page("journey.move")
def settle(id: UUID) -> Response:
    """A second administrator lets a move begin; or it is undone"""
    verb = move_orders.confirm if request.form.get("do") == "confirm" else move_orders.undo
    try:
        verb(the_portal(), id, by=str(principal().subject))
    except Refusal as refused:
        return _page(status=422, faults=acting.faults(refused, otherwise="main"))
    return Response(status=303, headers={"Location": redirect("/admin/journeys?done=settled").location})


def _page(*, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    portal = the_portal()
    with portal.work(principal()) as work:
        found = [(journey, versions.published(work, journey.id, counted=True)) for journey in portal.catalogue.journeys.values()]
    found.sort(key=lambda one: speech.place(one[0].title))
    moves = [(move, move_orders.waiting(portal, move)) for move in move_orders.latest(portal, SHOWN)]
    return show(
        "admin/journeys.html", status=status, faults=faults or {}, found=found, moves=moves, subject=principal().subject, done=request.args.get("done", "")
    )
