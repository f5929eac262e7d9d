"""What is done to a task beside the work itself: handed over, made urgent, ticked off, taken back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from portal.pages import acting
from portal.pages.desk.task import act
from portal.pages.opening import page
from portal.unit_of_work import Row, Work
from portal.workflow import sharing as verbs

pages = Blueprint("desk_at_task_pages", __name__, url_prefix="/desk/tasks")


@pages.route("/<uuid:id>/hand-over", methods=["POST"])
@page("task.work")
def hand_over(id: UUID) -> Response:
    """Hand it to a colleague"""
    to, said = request.form.get("to", ""), request.form.get("to-words", "").strip() or None
    boxes = {"to": "to", "words": "to-words"}
    return act(id, "task.hand-over", lambda work, task: verbs.hand_over(work, task, to=to, version=acting.version(), words=said), "handed", boxes=boxes)


@pages.route("/<uuid:id>/priority", methods=["POST"])
@page("task.work")
def prioritise(id: UUID) -> Response:
    """Say how urgent it is, and why"""
    priority, said = request.form.get("priority", ""), request.form.get("why", "")
    boxes = {"priority": "priority", "words": "why"}
    return act(
        id, "task.priority", lambda work, task: verbs.prioritise(work, task, priority=priority, version=acting.version(), words=said), "urgent", boxes=boxes
    )


@pages.route("/<uuid:id>/checklist", methods=["POST"])
@page("task.work")
def tick(id: UUID) -> Response:
    """What was looked at, and what not any more"""
    ticked = set(request.form.getlist("tick"))

    def verb(work: Work, task: Row) -> None:
        verbs.tick(work, task, ticks={one.id: one.id in ticked for one in verbs.checklist(work, task)}, version=acting.version())

    return act(id, "task.checklist", verb, "ticked", boxes={"ticks": "checklist"})


@pages.route("/<uuid:id>/undo", methods=["POST"])
@page("task.work")
def undo(id: UUID) -> Response:
    """Take my last slip back"""
    return act(id, "task.undo", lambda work, task: verbs.undo(work, task, version=acting.version()), "undone")
