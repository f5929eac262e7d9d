"""`/admin/proposals`: what one administrator proposes and another confirms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.db import new_id
from portal.errors import Refusal
from portal.pages import acting, history
from portal.pages.admin.people import called
from portal.pages.opening import page, principal, show, the_portal
from portal.views import administration as views

pages = Blueprint("admin_proposals_pages", __name__, url_prefix="/admin/proposals")

#: Proposals that ended, as far back as the page looks.
SHOWN = 20


@pages.route("")
@page("person.list")
def proposals() -> Response:
    """What waits, and what became of the last ones"""
    return _page()


@pages.route("/<uuid:id>", methods=["POST"])
@page("proposal.decide")
def decide(id: UUID) -> Response:
    """Confirmed by a second administrator, refused, or taken back"""
    confirm = request.form.get("do") == "confirm"
    try:
        acting.change("proposal.confirm" if confirm else "proposal.refuse", lambda work: views.decide(work, id, confirm=confirm))
    except Refusal as refused:
        return _page(faults=acting.faults(refused, otherwise="main"))
    return Response(status=303, headers={"Location": redirect("/admin/proposals?done=settled").location})


def _page(*, faults: dict[str, str] | None = None) -> Response:
    catalogue, who = the_portal().catalogue, principal()
    with the_portal().work(who) as work:
        rows = [_told(row, who.subject) for row in views.proposed(work)]
    return show(
        "admin/proposals.html",
        status=422 if faults else 200,
        faults=faults or {},
        once=str(new_id()),
        waiting=[row for row in rows if row["status"] == "open"],
        ended=[row for row in rows if row["status"] != "open"][:SHOWN],
        agencies=catalogue.agencies,
        called=called,
        done=request.args.get("done", ""),
    )


def _told(row: dict[str, Any], subject: str | None) -> dict[str, Any]:
    zone = the_portal().catalogue.agencies[the_portal().catalogue.triage.agency].calendars[0].zone
    return row | {
        "mine": row["proposed_by"] == subject,
        "by": row["proposed_by"].rpartition("|")[2],
        "at": history.moment(row["proposed_at"], zone),
        "waits": history.until(row["expires_at"], zone),
        "decided": history.moment(row["decided_at"], zone) if row["decided_at"] else None,
    }
