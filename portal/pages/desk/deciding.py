"""`/desk/tasks/{id}/decision`: how it is decided, the letter as it would go, then the decision itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.db import new_id
from portal.errors import IllegalMove, Refusal
from portal.pages import acting, frame, speech
from portal.pages.desk import known
from portal.pages.desk.task import hand
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Row, Work
from portal.views import decisions, desk, guidance
from portal.workflow import casework

pages = Blueprint("desk_deciding_pages", __name__, url_prefix="/desk/tasks")

#: Name in a refusal -> box of the page.
BOXES = {"outcome": "outcome", "reasons": "reasons", "conditions": "conditions", "instead": "instead"}


@pages.route("/<uuid:id>/decision")
@page("task.work")
def ask(id: UUID) -> Response:
    """How may it be decided?"""
    return _page(id)


@pages.route("/<uuid:id>/decision", methods=["POST"])
@page("task.work")
def decide(id: UUID) -> Response:
    """The letter first; then, sent again from under it, the decision"""
    given = _given()
    if not given.get("outcome"):
        return _page(id, status=422, faults={"outcome": speech.words("Choose an answer.")})
    try:
        if request.form.get("do") != "decide":
            return _page(id, letter=_letter(id, given))
        acting.change("task.complete", lambda work: hand(work, id, lambda work, task: _decided(work, task, given)))
    except Refusal as refused:
        return _page(id, status=422, faults=acting.faults(refused, BOXES, otherwise="main"))
    return Response(status=303, headers={"Location": redirect("/desk?done=decided").location})


def _given() -> dict[str, Any]:
    form = request.form
    conditions = [line.strip() for line in form.get("conditions", "").splitlines() if line.strip()]
    given: dict[str, Any] = {"outcome": form.get("outcome", "")}
    if form.get("reasons", "").strip():
        given["reasons"] = form["reasons"].replace("\r\n", "\n").strip()
    if conditions:
        given["conditions"] = conditions
    if form.get("instead", "").strip():
        given["instead"] = {"outcome": form["instead"].strip()}
    return given


def _letter(id: UUID, given: dict[str, Any]) -> dict[str, Any]:
    with the_portal().work(principal()) as work:
        sought = {name: value for name, value in given.items() if name != "instead"}
        found: dict[str, Any] = hand(work, id, lambda work, task: decisions.previewed(work, casework.preview(work, task, **sought)))
    return found


def _decided(work: Work, task: Row, given: dict[str, Any]) -> None:
    casework.complete(work, task, version=acting.version(), **given)


def _page(id: UUID, *, status: int = 200, faults: dict[str, str] | None = None, letter: dict[str, Any] | None = None) -> Response:
    portal = the_portal()
    with portal.work(principal()) as work:
        told = desk.task(work, id, language=speech.language())
        choices = guidance.choices(work, told["task"])
    if not choices:
        raise IllegalMove("This task decides nothing, so no letter goes out with it.")
    return show(
        "desk/decide.html",
        status=status,
        faults=faults or {},
        typed=request.form,
        once=request.form.get("once") or str(new_id()),
        letter=letter,
        small=frame.small(),
        choices=choices,
        objection=any(one["kind"] == "objection-to" for one in told["links"]),
        **known.of(portal.catalogue, told),
    )
