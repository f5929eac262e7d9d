"""`/admin/glass`: a look into one case for an hour, with a reason that who answers for it reads."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request

from portal.cases import reference as references
from portal.db import new_id
from portal.errors import Refusal
from portal.pages import acting, speech
from portal.pages.desk import known, words
from portal.pages.opening import page, principal, show, the_portal
from portal.views import desk, entry, reads

pages = Blueprint("admin_glass_pages", __name__, url_prefix="/admin/glass")


@pages.route("")
@page("glass.break")
def ask() -> Response:
    """Which case, and why?"""
    return _page()


@pages.route("", methods=["POST"])
@page("glass.break")
def break_it() -> Response:
    """The reason is kept and shown"""
    said, reason = request.form.get("reference", "").strip(), request.form.get("reason", "").strip()
    if not reason:
        return _page(status=422, faults={"reason": speech.words("Fill this in: we cannot go on without it.")})
    try:
        acting.change("glass.break", lambda work: reads.break_glass(work, said, reason))
    except Refusal as refused:
        return _page(status=422, faults=acting.faults(refused, {"reason": "reason"}, otherwise="reference"))
    return Response(status=303, headers={"Location": redirect(f"/admin/glass/{references.read(said)}").location})


@pages.route("/<reference>")
@page("glass.break")
def look(reference: str) -> Response:
    """The case, while the glass is broken"""
    portal, who = the_portal(), principal()
    with portal.work(who) as work:
        told = desk.of_case(work, entry.find(work, reference), language=speech.language())
    named = [row | {"called": words.named(row, desk.step_title(portal.catalogue, row)), "openable": False} for row in told["tasks"]]
    return show("desk/case.html", subject=who.subject, home="/admin", **known.of(portal.catalogue, told | {"tasks": named}))


def _page(*, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    return show("admin/glass.html", status=status, faults=faults or {}, typed=request.form, once=str(new_id()))
