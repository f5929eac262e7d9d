"""`/desk`: the worklist of my teams, soonest due first."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.cases import duty
from portal.cases import reference as references
from portal.db import new_id
from portal.errors import Refusal
from portal.pages import acting, speech
from portal.pages.desk import words
from portal.pages.opening import page, principal, show, the_portal
from portal.queues import saved
from portal.queues.reading import Place
from portal.queues.sharing import PRIORITIES
from portal.unit_of_work import Work
from portal.views import desk, entry, watch
from portal.views import worklist as worklists

pages = Blueprint("desk_queue_pages", __name__, url_prefix="/desk")


@pages.route("")
@page("task.list")
def queue() -> Response:
    """What waits for my teams"""
    return _queue()


@pages.route("/find")
@page("task.list")
def find() -> Response:
    """The case of that reference"""
    said = request.args.get("reference", "").strip()
    try:
        with the_portal().work(principal()) as work:
            entry.find(work, said)
    except Refusal as refused:
        if refused.status >= 500:
            raise
        return _queue(status=422, sought=said, fault=speech.words("There is no request of that reference that you may see. Look at it once more."))
    return Response(status=303, headers={"Location": redirect(f"/desk/cases/{references.read(said)}").location})


@pages.route("/duty/<reference>", methods=["POST"])
@page("duty.acknowledge")
def acknowledge(reference: str) -> Response:
    """I have read the call for danger: nobody else is called"""

    def act(work: Work) -> None:
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        duty.acknowledge(work, case_id, by=str(principal().subject))

    acting.change("duty.acknowledge", act)
    return Response(status=303, headers={"Location": redirect(f"/desk/cases/{references.read(reference)}").location})


def _queue(*, status: int = 200, sought: str = "", fault: str | None = None) -> Response:
    who, catalogue = principal(), the_portal().catalogue
    mine, chosen = request.args.get("mine") == "1", request.args.get("queue", "")
    queues = [
        one for agency in who.agencies if agency in catalogue.agencies for one in catalogue.agencies[agency].queues if one.team in who.teams or not who.teams
    ]
    chosen = chosen if chosen in {one.id for one in queues} else ""
    free, urgency = request.args.get("free") == "1", request.args.get("priority", "")
    urgency = urgency if urgency in PRIORITIES else ""
    with the_portal().work(who) as work:
        place = _after(request.args.get("after", ""))
        told = desk.queue(work, queue=chosen or None, mine=mine, after=place, free=free, priority=PRIORITIES.get(urgency))
        kept = saved.listed(work, who)
        colleagues = worklists.colleagues(work, who)
        calls = watch.calls(work)
    rows = [row | {"called": words.named(row, row["title"]), "left": words.left(row["due_at"], told["now"])} for row in told["tasks"]]
    further = (
        urlencode({"queue": chosen, "mine": "1" if mine else "", "free": "1" if free else "", "priority": urgency, "after": _key(told["next"])})
        if told["next"]
        else None
    )
    return show(
        "desk/queue.html",
        status=status,
        rows=rows,
        counts=told["counts"],
        services=catalogue.services,
        queues=queues,
        titles={one.id: one.title for one in queues},
        chosen=chosen,
        mine=mine,
        further=further,
        sought=sought,
        fault=fault,
        calls=calls,
        once=str(new_id()),
        free=free,
        urgency=urgency,
        views=[one | {"address": "/desk?" + urlencode(_query(one["query"]))} for one in kept],
        colleagues=[(one["subject"], one["subject"].rpartition("|")[2]) for one in colleagues if not one["me"]],
        first=not request.args.get("after"),
    )


def _query(kept: dict[str, Any]) -> dict[str, str]:
    """Parameters of this page for a view that was kept here or over the API."""
    found = {name: str(kept[name]) for name in ("queue", "priority") if kept.get(name)}
    return found | {name: "1" for name in ("mine", "free") if kept.get(name) not in (None, "", "0", "false", False)}


def _key(after: Any) -> str:
    return f"{after[0]}~{after[1]}~{after[2].isoformat()}~{after[3]}"


def _after(said: str) -> Place | None:
    """The place in the list an address names; from the beginning where it names none."""
    try:
        priority, turn, due_at, id = said.split("~")
        moment = datetime.fromisoformat(due_at)
        good = moment.tzinfo is not None and 0 <= int(turn) < 10 and 0 <= int(priority) < 10
        return (int(priority), int(turn), moment, UUID(id)) if good else None
    except ValueError:
        return None
