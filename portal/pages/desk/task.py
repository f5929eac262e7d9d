"""`/desk/tasks/{id}`: one piece of work, everything known of its case, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.access import grants
from portal.db import new_id
from portal.errors import NotFound, Refusal
from portal.intake import party
from portal.intake import strays as stray_verbs
from portal.pages import acting, speech
from portal.pages.desk import known
from portal.pages.opening import page, principal, show, the_portal
from portal.queues import people, worklist
from portal.unit_of_work import Row, Work
from portal.views import desk, entry, helped
from portal.workflow import casework, serving

pages = Blueprint("desk_task_pages", __name__, url_prefix="/desk/tasks")

Act = Callable[[Work, Row], Any]


@pages.route("/<uuid:id>")
@page("task.list")
def task(id: UUID) -> Response:
    """The task and its case"""
    return shown(id)


@pages.route("/<uuid:id>/claim", methods=["POST"])
@page("task.work")
def claim(id: UUID) -> Response:
    """Take it"""
    return act(
        id,
        "task.claim",
        lambda work, task: worklist.claim(work, task, holder=str(principal().subject), version=acting.version(), away=people.away(work, task["agency"])),
        "claim",
    )


@pages.route("/<uuid:id>/release", methods=["POST"])
@page("task.work")
def release(id: UUID) -> Response:
    """Give it back"""
    return act(id, "task.release", lambda work, task: worklist.release(work, task, holder=str(principal().subject), version=acting.version()), "release")


@pages.route("/<uuid:id>/complete", methods=["POST"])
@page("task.work")
def complete(id: UUID) -> Response:
    """Finish it"""
    outcome, service = (request.form.get(name, "").strip() or None for name in ("outcome", "service"))

    def verb(work: Work, task: Row) -> None:
        casework.complete(work, task, version=acting.version(), outcome=outcome, service=service)

    return act(id, "task.complete", verb, "complete", to="/desk?done=complete", boxes={"outcome": "outcome", "service": "service", "checklist": "checklist"})


@pages.route("/<uuid:id>/note", methods=["POST"])
@page("task.work")
def note(id: UUID) -> Response:
    """Note something for colleagues"""
    said = request.form.get("note", "")
    return act(id, "task.note", lambda work, task: casework.note(work, task, said), "note", boxes={"words": "note"})


@pages.route("/<uuid:id>/message", methods=["POST"])
@page("case.message")
def write(id: UUID) -> Response:
    """Write to the party"""
    said = request.form.get("message", "")
    return act(id, "case.message", lambda work, task: party.write(work, task["case_id"], said), "message", boxes={"words": "message"})


@pages.route("/<uuid:id>/serve", methods=["POST"])
@page("decision.serve")
def serve(id: UUID) -> Response:
    """Say how a letter was served"""
    means = request.form.get("means", "")

    def serve_it(work: Work, task: Row) -> None:
        if task["kind"] != "letter":
            raise NotFound
        serving.by_hand(work, task["case_id"], UUID(task["step"]), means=means, at=None)

    return act(id, "decision.serve", serve_it, "serve", to="/desk?done=complete", boxes={"means": "means"})


@pages.route("/<uuid:id>/attach", methods=["POST"])
@page("task.work")
def attach(id: UUID) -> Response:
    """It means this case"""
    said = request.form.get("reference", "").strip()

    def attach_it(work: Work) -> None:
        task_row = entry.task(work, id)
        case_id = entry.find(work, said)
        work.narrow([task_row["case_id"], case_id])
        grants.demand_open(work, case_id, principal().subject)
        task = worklist.task_of(work, task_row["case_id"], id)
        casework.demand_team(work, task)
        stray_verbs.attach(work, task, case_id, version=acting.version(), step=None)

    return _done(id, "task.attach", attach_it, "/desk?done=complete", {"reference": "reference"})


@pages.route("/<uuid:id>/dismiss", methods=["POST"])
@page("task.work")
def dismiss(id: UUID) -> Response:
    """Nothing follows of it"""
    said = request.form.get("why", "")
    return act(
        id,
        "task.dismiss",
        lambda work, task: stray_verbs.dismiss(work, task, version=acting.version(), words=said),
        "complete",
        to="/desk?done=complete",
        boxes={"words": "why"},
    )


def act(id: UUID, action: str, verb: Act, done: str, *, to: str | None = None, boxes: dict[str, str] | None = None) -> Response:
    """One change of the task; where it is refused, the page stands as before with what was typed and what to do."""
    return _done(id, action, lambda work: hand(work, id, verb), to or f"/desk/tasks/{id}?done={done}", boxes)


def hand(work: Work, id: UUID, verb: Act) -> Any:
    """The verb on a task the reader may see, its case in hand and open to them."""
    row = entry.task(work, id)
    work.narrow([row["case_id"]])
    grants.demand_open(work, row["case_id"], principal().subject)
    task = worklist.task_of(work, row["case_id"], id)
    casework.demand_team(work, task)
    return verb(work, task)


def _done(id: UUID, action: str, verb: Callable[[Work], Any], to: str, boxes: dict[str, str] | None) -> Response:
    try:
        acting.change(action, verb)
    except Refusal as refused:
        return shown(id, status=422, faults=acting.faults(refused, boxes, otherwise="main"))
    return Response(status=303, headers={"Location": redirect(to).location})


def shown(id: UUID, *, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    """The page of a task."""
    portal = the_portal()
    with portal.work(principal()) as work:
        told = desk.task(work, id, language=speech.language())
        beside = {} if "stray" in told else helped.of_task(work, told, language=speech.language())
    return show(
        "desk/stray.html" if "stray" in told else "desk/task.html",
        status=status,
        faults=faults or {},
        typed=request.form,
        once=str(new_id()),
        done=request.args.get("done", ""),
        services=portal.catalogue.services.values(),
        reply=next((one["text"] for one in beside.get("replies", ()) if one["id"] == request.args.get("reply")), ""),
        similar=helped.similar(portal, told) if "case" in told else [],
        **beside,
        **known.of(portal.catalogue, told),
    )
