"""`/desk/tasks/{id}/extension` and `/referral`: more time by law, and the way to another door."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.db import new_id
from portal.errors import Refusal
from portal.pages import acting, speech
from portal.pages.desk import known
from portal.pages.desk.task import Act, hand
from portal.pages.opening import page, principal, show, the_portal
from portal.views import desk
from portal.workflow import casework, referring

pages = Blueprint("desk_passing_pages", __name__, url_prefix="/desk/tasks")


@pages.route("/<uuid:id>/extension")
@page("task.work")
def more_time(id: UUID) -> Response:
    """Which promise, and why?"""
    return _page(id, "desk/extend.html")


@pages.route("/<uuid:id>/extension", methods=["POST"])
@page("task.work")
def extend(id: UUID) -> Response:
    """The one extension its law allows"""
    standard, said = request.form.get("standard", ""), request.form.get("words", "")
    return _act(
        id,
        "task.extend",
        lambda work, task: casework.extend(work, task, version=acting.version(), standard=standard, words=said),
        "desk/extend.html",
        f"/desk/tasks/{id}?done=extended",
    )


@pages.route("/<uuid:id>/referral")
@page("task.work")
def elsewhere(id: UUID) -> Response:
    """Where does it belong, and why?"""
    return _page(id, "desk/refer.html")


@pages.route("/<uuid:id>/referral", methods=["POST"])
@page("task.work")
def refer(id: UUID) -> Response:
    """To another door; answers and receipt time stay"""
    kind, _, name = request.form.get("to", "").strip().partition(":")
    to = {"service": {"service": name}, "agency": {"agency": name}}.get(kind, {})
    said, step = request.form.get("words", ""), request.form.get("scope") == "step"
    evidence = [one.strip() for one in request.form.get("evidence", "").splitlines() if one.strip()]
    return _act(
        id,
        "task.refer",
        lambda work, task: referring.refer(work, task, version=acting.version(), words=said, scope="step" if step else "case", evidence=evidence, **to),
        "desk/refer.html",
        "/desk?done=referred",
    )


def _act(id: UUID, action: str, verb: Act, template: str, to: str) -> Response:
    try:
        acting.change(action, lambda work: hand(work, id, verb))
    except Refusal as refused:
        boxes = {name: name for name in ("words", "standard", "evidence")} | {"service": "to", "agency": "to"}
        return _page(id, template, status=422, faults=acting.faults(refused, boxes, otherwise="main"))
    return Response(status=303, headers={"Location": redirect(to).location})


def _page(id: UUID, template: str, *, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    portal = the_portal()
    with portal.work(principal()) as work:
        told = desk.task(work, id, language=speech.language())
    services = sorted((one for one in portal.catalogue.services.values() if not one.triage), key=lambda one: speech.place(one.title))
    return show(template, status=status, faults=faults or {}, typed=request.form, once=str(new_id()), services=services, **known.of(portal.catalogue, told))
