"""`/desk/tasks/{id}/question`: what the party is asked, and what that makes of the dates, before it is sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.db import new_id
from portal.errors import Refusal
from portal.pages import acting, frame, history, speech
from portal.pages.desk import known
from portal.pages.desk.task import hand
from portal.pages.opening import page, principal, show, the_portal
from portal.standards import clocks
from portal.unit_of_work import Row, Work
from portal.views import desk
from portal.views.tried import tried
from portal.workflow import casework

pages = Blueprint("desk_asking_pages", __name__, url_prefix="/desk/tasks")

BOXES = {"fields": "fields", "words": "words", "reply_within": "days", "reply_by": "days"}
#: Days a party is given to reply where nobody says otherwise.
USUAL = "14"


@pages.route("/<uuid:id>/question")
@page("task.work")
def ask(id: UUID) -> Response:
    """What is needed from the party?"""
    return _page(id)


@pages.route("/<uuid:id>/question", methods=["POST"])
@page("task.work")
def send(id: UUID) -> Response:
    """The dates first; then, sent again from under them, the question"""
    given, fault = _given()
    if fault:
        return _page(id, status=422, faults={"days": fault})
    try:
        if request.form.get("do") != "send":
            return _page(id, dates=_dates(id, given))
        acting.change("task.ask", lambda work: hand(work, id, lambda work, task: casework.ask(work, task, version=acting.version(), **given)))
    except Refusal as refused:
        return _page(id, status=422, faults=acting.faults(refused, BOXES, otherwise="main"))
    return Response(status=303, headers={"Location": redirect(f"/desk/tasks/{id}?done=asked").location})


def _given() -> tuple[dict[str, Any], str | None]:
    form = request.form
    days, given = form.get("days", "").strip(), {"fields": form.getlist("fields"), "words": form.get("words", "").replace("\r\n", "\n").strip() or None}
    if days and not (days.isascii() and days.isdigit() and 1 <= int(days[:4]) <= 365 and len(days) < 4):
        return given, speech.words("Enter a number from %(least)s to %(most)s.") % {"least": 1, "most": 365}
    return given | ({"reply_within": f"{int(days)} calendar_days"} if days else {}), None


def _dates(id: UUID, given: dict[str, Any]) -> dict[str, Any]:
    """The dates of the case's promises as they are, and as they would be once this is asked."""
    before: dict[UUID, Any] = {}

    def act(work: Work) -> None:
        def asked(work: Work, task: Row) -> None:
            before.update({row["id"]: row["due_at"] for row in clocks.of_case(work, task["case_id"]) if row["stopped_at"] is None})
            casework.ask(work, task, version=None, **given)

        hand(work, id, asked)

    def tell(work: Work) -> dict[str, Any]:
        task = desk.row_in_hand(work, id)
        rows = [row for row in clocks.of_case(work, task["case_id"]) if row["id"] in before]
        promises = [
            {"title": row["rule"].get("title"), "standard": row["standard"], "was": before[row["id"]], "now": row["due_at"], "still": row["status"] == "paused"}
            for row in rows
        ]
        return {"promises": promises, "until": task["asked_until"]}

    return tried(the_portal(), principal(), act, tell)


def _page(id: UUID, *, status: int = 200, faults: dict[str, str] | None = None, dates: dict[str, Any] | None = None) -> Response:
    portal = the_portal()
    with portal.work(principal()) as work:
        told = desk.task(work, id, language=speech.language())
    zone = told["zone"]
    return show(
        "desk/ask.html",
        status=status,
        faults=faults or {},
        typed=request.form,
        days=request.form.get("days", USUAL),
        once=request.form.get("once") or str(new_id()),
        dates=dates,
        small=frame.small(),
        day=lambda at: history.until(at, zone),
        **known.of(portal.catalogue, told),
    )
