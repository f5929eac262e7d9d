"""`/desk/post`: the post room. What waits to be printed, what somebody has in hand, what was posted, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.access.scoping import visible
from portal.db import new_id
from portal.errors import Refusal
from portal.outbox import prints
from portal.pages import acting, history, speech
from portal.pages.errors import N_
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Row, Work
from portal.views import prints as views
from portal.workflow import posting

pages = Blueprint("desk_post_pages", __name__, url_prefix="/desk/post")

#: Letters of each kind on the page.
SHOWN = 50
_PDF = {"Cache-Control": "private, no-store", "Content-Disposition": 'inline; filename="letters.pdf"'}
#: Why a letter came back, and why one is printed once more.
RETURNED = {
    "unknown": N_("Nobody of that name lives there"),
    "moved": N_("Moved away"),
    "refused": N_("Not accepted"),
    "unclaimed": N_("Not fetched"),
    "incomplete-address": N_("The address is not complete"),
    "deceased": N_("The person has died"),
    "other": N_("Another reason"),
}
AGAIN = {
    "spoilt": N_("The print was spoilt"),
    "lost": N_("It was lost"),
    "other-address": N_("To another address"),
    "asked-for": N_("The party asked for it"),
}


@pages.route("")
@page("print.list")
def room() -> Response:
    """The post room"""
    return _room()


@pages.route("/batches", methods=["POST"])
@page("print.work")
def take() -> Response:
    """Take what waits, to print it"""
    acting.change("print.take", lambda work: views.take(work, agency=None, limit=prints.MOST))
    return _to("taken")


@pages.route("/batches/<uuid:batch>/letters")
@page("print.work")
def letters(batch: UUID) -> Response:
    """The letters of a batch, to be printed"""
    return _pdf(lambda work: views.batch_sheets(work, batch))


@pages.route("/batches/<uuid:batch>/posted", methods=["POST"])
@page("print.work")
def posted(batch: UUID) -> Response:
    """All letters of the batch were taken to the mail"""
    try:
        acting.change("print.post", lambda work: views.post(work, batch, only=(), at=None))
    except Refusal as refused:
        return _room(status=422, faults=acting.faults(refused, otherwise="main-post"))
    return _to("posted")


@pages.route("/<uuid:id>")
@page("print.list")
def one(id: UUID) -> Response:
    """One letter, and what became of it"""
    return _one(id)


@pages.route("/<uuid:id>/letter")
@page("print.work")
def letter(id: UUID) -> Response:
    """One letter as it is printed"""
    return _pdf(lambda work: views.one_sheet(work, id))


@pages.route("/<uuid:id>/returned", methods=["POST"])
@page("print.work")
def returned(id: UUID) -> Response:
    """The mail brought it back"""
    reason, version = request.form.get("reason", ""), acting.version()
    if reason not in RETURNED:
        return _one(id, status=422, faults={"reason": speech.words("Choose an answer.")})
    return _acted(id, "returned", lambda work, row: posting.come_back(work, row, reason=reason, version=version))


@pages.route("/<uuid:id>/again", methods=["POST"])
@page("print.work")
def again(id: UUID) -> Response:
    """Print it once more"""
    reason, version = request.form.get("why", ""), acting.version()
    address = request.form.get("address", "").replace("\r\n", "\n").strip() or None
    if reason not in AGAIN:
        return _one(id, status=422, faults={"why": speech.words("Choose an answer.")})
    return _acted(id, "again", lambda work, row: posting.again(work, row, reason=reason, address=address, version=version))


def _acted(id: UUID, verb: str, act: Callable[[Work, Row], None]) -> Response:
    try:
        acting.change(f"print.{verb}", lambda work: act(work, views.in_hand(work, id)))
    except Refusal as refused:
        return _one(id, status=422, faults=acting.faults(refused, {"address": "address"}, otherwise="main-letter"))
    return _to(verb)


def _to(done: str) -> Response:
    return Response(status=303, headers={"Location": redirect(f"/desk/post?done={done}").location})


def _room(*, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    who, catalogue = principal(), the_portal().catalogue
    with the_portal().work(who) as work:
        found = {
            name: work.run(
                visible(work, prints.listed(agencies=who.agencies, statuses=(name,), after=None, limit=SHOWN, newest=name in ("posted", "returned")))
            )
            for name in prints.STATUSES
        }
        now = work.now
    zones = {id: agency.calendars[0].zone for id, agency in catalogue.agencies.items()}
    told = {name: [_told(row, zones.get(row["agency"], "UTC")) for row in rows] for name, rows in found.items()}
    batches: dict[UUID, dict[str, Any]] = {}
    for row in told["taken"]:
        batch = batches.setdefault(row["batch"], {"id": row["batch"], "rows": [], "mine": row["taken_by"] == who.subject, "over": row["lease_until"] <= now})
        batch["rows"].append(row)
    free = len(told["waiting"]) + sum(len(one["rows"]) for one in batches.values() if one["over"])
    return show(
        "desk/post.html",
        status=status,
        faults=faults or {},
        once=str(new_id()),
        letters=told,
        batches=list(batches.values()),
        free=free,
        agencies=catalogue.agencies,
        done=request.args.get("done", ""),
        more={name: len(rows) == SHOWN for name, rows in found.items()},
    )


def _one(id: UUID, *, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    with the_portal().work(principal()) as work:
        row = views.seen(work, id)
        sheets = views.one_sheet(work, id)
    agency = the_portal().catalogue.agencies.get(row["agency"])
    return show(
        "desk/letter.html",
        status=status,
        faults=faults or {},
        typed=request.form,
        once=str(new_id()),
        letter=_told(row, agency.calendars[0].zone if agency else "UTC"),
        sheet=sheets[0],
        agency=agency,
        returned=[(name, speech.words(said)) for name, said in RETURNED.items()],
        again=[(name, speech.words(said)) for name, said in AGAIN.items()],
    )


def _told(row: dict[str, Any], zone: str) -> dict[str, Any]:
    moments = {name: history.moment(row[name], zone) for name in ("placed_at", "taken_at", "posted_at", "returned_at") if row[name]}
    why = RETURNED.get(row["reason"] or "")
    return {**row, "when": moments, "why": speech.words(why) if why else None}


def _pdf(read: Callable[[Work], Any]) -> Response:
    portal = the_portal()
    with portal.work(principal()) as work:
        found, at = read(work), work.now
    both = request.args.get("sides") == "2"
    return Response(views.pages(portal, found, at=at, both_sides=both), 200, _PDF, content_type="application/pdf")
