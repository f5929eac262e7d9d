"""`/desk/cases/{reference}/matters`: a look at where the other matters of the same person stand, for a purpose, which they are told."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.catalogue.purposes import PURPOSES
from portal.db import new_id
from portal.errors import Refusal
from portal.pages import acting, history, speech
from portal.pages.desk import words
from portal.pages.errors import N_
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Answer
from portal.views import entry, matters

pages = Blueprint("desk_matters_pages", __name__, url_prefix="/desk")

SAYS = {
    "entitlement": N_("To decide what somebody is entitled to"),
    "coordination": N_("To act together with other offices for the same person"),
    "once-only": N_("Not to ask what is known already"),
    "overlap": N_("To see whether the same was asked for, or given, elsewhere"),
    "safeguarding": N_("Because somebody may be at risk"),
    "complaint": N_("To look into a complaint"),
}


@pages.route("/cases/<reference>/matters")
@page("case.matters")
def ask(reference: str) -> Response:
    """What for?"""
    with the_portal().work(principal()) as work:
        entry.find(work, reference)
    return _form(reference)


@pages.route("/cases/<reference>/matters", methods=["POST"])
@page("case.matters")
def look(reference: str) -> Response:
    """Takes the look"""
    purpose, said = request.form.get("purpose", ""), request.form.get("words", "")
    try:
        with the_portal().work(principal(), repeatable=acting.once("case.matters", request.path)) as work:
            if work.answer is None:
                id = str(matters.look(work, reference, purpose=purpose, words=said))
                work.settle()
                work.keep(Answer(303, id.encode()))
            else:
                id = work.answer.body.decode()
    except Refusal as refused:
        return _form(reference, status=refused.status, faults=acting.faults(refused, {"purpose": "purpose", "words": "words"}, otherwise="main"))
    return Response(status=303, headers={"Location": redirect(f"/desk/looks/{id}").location})


def _form(reference: str, *, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    purposes = [(one, said(one)) for one in PURPOSES]
    return show("desk/look.html", status=status, reference=reference, faults=faults or {}, typed=request.form, once=str(new_id()), purposes=purposes)


@pages.route("/looks/<uuid:id>")
@page("case.matters")
def shown(id: UUID) -> Response:
    """Where the other matters stand"""
    catalogue = the_portal().catalogue
    with the_portal().work(principal()) as work:
        told = matters.shown(work, id)
    rows = [
        {
            **one,
            "title": (catalogue.services.get(one["service"] or "") or catalogue.triage).title,
            "office": catalogue.agencies[one["agency"]].title if one["agency"] in catalogue.agencies else None,
            "zone": catalogue.agencies[one["agency"]].calendars[0].zone if one["agency"] in catalogue.agencies else "UTC",
        }
        for one in told["items"]
    ]
    return show("desk/looked.html", look=told, rows=rows, says=said(told["purpose"]), moment=history.moment, words=words)


def said(purpose: str) -> str:
    """A purpose in the reader's language."""
    return speech.words(SAYS[purpose]) if purpose in SAYS else purpose
