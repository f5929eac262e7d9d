"""`/desk/referrals`: what other doors offer us, and what we offered them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.access import grants
from portal.access.scoping import visible
from portal.db import new_id
from portal.errors import NotAllowed, Refusal
from portal.pages import acting, questions, speech
from portal.pages.desk import words
from portal.pages.opening import page, principal, show, the_portal
from portal.referrals import offers
from portal.unit_of_work import Row, Work
from portal.views import referrals as views
from portal.workflow import referring

pages = Blueprint("desk_referrals_pages", __name__, url_prefix="/desk/referrals")

SHOWN = 50


@pages.route("")
@page("referral.list")
def offered() -> Response:
    """What waits for an answer, ours and theirs"""
    who, catalogue = principal(), the_portal().catalogue
    with the_portal().work(who) as work:
        boxes = {
            box: work.run(visible(work, offers.listed(agencies=who.agencies, box=box, statuses=("offered", "disputed"), after=None, limit=SHOWN)))
            for box in ("in", "out")
        }
        now = work.now
    told = {box: [row | {"left": words.left(row["answer_by"], now) if row["answer_by"] else None} for row in rows] for box, rows in boxes.items()}
    return show("desk/referrals.html", boxes_of=told, agencies=catalogue.agencies, services=catalogue.services, done=request.args.get("done", ""))


@pages.route("/<uuid:id>")
@page("referral.list")
def one(id: UUID) -> Response:
    """One offer, and what is said to it"""
    return _page(id)


@pages.route("/<uuid:id>/<verb>", methods=["POST"])
@page("referral.answer")
def answer(id: UUID, verb: str) -> Response:
    """Taken, declined, or taken back by who offered"""
    form = request.form
    service, said, version = form.get("service", "").strip() or None, form.get("words", ""), acting.version()
    verbs: dict[str, tuple[str, Callable[[Work, Row], None]]] = {
        "accept": ("to_agency", lambda work, row: referring.accept(work, row, version=version, service=service)),
        "decline": ("to_agency", lambda work, row: referring.decline(work, row, version=version, words=said)),
        "recall": ("from_agency", lambda work, row: referring.recall(work, row, version=version)),
    }
    if verb not in verbs:
        return _page(id)
    side, act = verbs[verb]
    try:
        acting.change(f"referral.{verb}", lambda work: _answered(work, id, side, act))
    except Refusal as refused:
        return _page(id, status=422, faults=acting.faults(refused, {"service": "service", "words": "words"}, otherwise="main"))
    return Response(status=303, headers={"Location": redirect(f"/desk/referrals?done={verb}").location})


def _answered(work: Work, id: UUID, side: str, act: Callable[[Work, Row], None]) -> None:
    seen = views.seen(work, id)
    if seen[side] not in principal().agencies:
        raise NotAllowed("That is for the other door to say.")
    work.narrow([seen["case_id"]])
    grants.demand_open(work, seen["case_id"], principal().subject)
    act(work, offers.find(work, seen["case_id"], id))


def _page(id: UUID, *, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    who, catalogue = principal(), the_portal().catalogue
    with the_portal().work(who) as work:
        told: dict[str, Any] = views.detail(work, views.seen(work, id))
    asked = told["request"]
    service = catalogue.services.get((asked and asked["service"]) or "")
    given = [(field, questions.shown(field, asked["answers"].get(field.id))) for field in service.fields] if service and asked else []
    ours = sorted((one for one in catalogue.services.values() if one.agency == told["to_agency"] and not one.triage), key=lambda one: speech.place(one.title))
    return show(
        "desk/referral.html",
        status=status,
        faults=faults or {},
        typed=request.form,
        once=str(new_id()),
        offer=told,
        given=[(field, value) for field, value in given if value is not None],
        ours=ours,
        to_us=told["to_agency"] in who.agencies and told["status"] == "offered",
        by_us=told["from_agency"] in who.agencies and told["status"] in ("offered", "disputed"),
        agencies=catalogue.agencies,
        services=catalogue.services,
    )
