"""Save and come back: a form is kept under a reference and a secret, taken up on any device, or deleted."""

from __future__ import annotations

from uuid import UUID

from babel.dates import format_date
from flask import Blueprint, Response, g, request

from portal.errors import NotFound, Refusal
from portal.intake import filling, saving
from portal.intake.saving import Sent
from portal.pages import grants, shelf, speech
from portal.pages.opening import as_citizen, page, principal, show, the_portal
from portal.pages.shelf import LATER, to
from portal.unit_of_work import ANONYMOUS
from portal.views import drafts as ways
from portal.views import entry
from portal.views.words import locale

pages = Blueprint("later_pages", __name__)


@pages.route(f"/request/<uuid:draft>/{LATER}")
@page("draft.fill")
def saved(draft: UUID) -> Response:
    """Under which reference and secret it is kept, and until when"""
    with the_portal().work(ANONYMOUS) as work:
        kept = shelf.load(work, draft)
        code = saving.code(work, kept.row) if kept.row is not None and not kept.sent else None
    if kept.sent:
        return to(draft, "done")
    if kept.row is None:
        return to(draft, filling.following(the_portal().catalogue, kept.typed, shelf.place().facts))
    until = format_date(kept.row["expires_at"].date(), "long", locale=locale(speech.language()))
    subject = as_citizen().subject
    keeps = "yes" if subject and kept.row["subject"] == subject else "may" if subject and kept.row["subject"] is None else "no"
    service = filling.service_of(the_portal().catalogue, kept.typed)
    return show(
        "draft.html", draft=kept, code=code, until=until, keeps=keeps, service=service, known=subject is not None, place=the_portal().settings.public_url
    )


@pages.route(f"/request/<uuid:draft>/{LATER}/keeping", methods=["POST"])
@page("draft.keep")
def keep(draft: UUID) -> Response:
    """Who signed in keeps it among its own"""
    with the_portal().work(principal()) as work:
        row = saving.opened(work, draft, principal(), proved=draft in grants.held(the_portal()))
        saving.keep(work, row, str(principal().subject))
    return to(draft, LATER)


@pages.route(f"/request/<uuid:draft>/{LATER}/deletion", methods=["POST"])
@page("draft.fill")
def delete(draft: UUID) -> Response:
    """It is deleted, with all that was typed"""
    with the_portal().work(ANONYMOUS) as work:
        try:
            row = saving.opened(work, draft, as_citizen(), proved=draft in grants.held(the_portal()))
        except NotFound:
            row = None
        if row is not None:
            saving.delete(work, row, shelf.place())
    return Response(status=303, headers={"Location": "/drafts?done=deleted"})


@pages.route("/drafts")
@page("draft.fill")
def door() -> Response:
    """Where somebody names what it began"""
    return show("draft_open.html", reference="", fault=None, done=request.args.get("done", ""))


@pages.route("/drafts", methods=["POST"])
@page("draft.fill", limit="prove")
def take_up() -> Response:
    """Reference and secret, proved once; then this browser goes on with it"""
    reference, given = request.form.get("reference", "").strip(), request.form.get("secret", "").strip()
    version = entry.secret_version(the_portal(), reference)
    try:
        return going_on(ways.proved(the_portal(), reference, given, sender=g.get("sender", "")), version=version)
    except Refusal as refused:
        if refused.status == 429 or refused.status >= 500:
            raise
        return show("draft_open.html", status=422, reference=reference, fault="sent" if isinstance(refused, Sent) else "wrong", done="")


def going_on(id: UUID, *, version: int) -> Response:
    """Its secret was proved: this browser goes on with it. NotFound where it is not there, Sent where it was sent."""
    with the_portal().work(as_citizen()) as work:
        row = saving.opened(work, id, as_citizen(), proved=True)
        saving.take_up(work, row, shelf.place(), how="secret")
        typed = saving.filled(work, row, shelf.place())
    answer = to(id, filling.following(the_portal().catalogue, typed, shelf.place().facts))
    grants.give(the_portal(), answer, id, version=version)
    return answer
