"""What is rarely done to a request: words for everybody, word of what has happened, an approval by silence that is taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.access import grants
from portal.cases import reference as references
from portal.cases import registry
from portal.db import new_id
from portal.errors import Invalid, Refusal
from portal.intake import publishing
from portal.pages import acting
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Work
from portal.views import entry
from portal.workflow import revoking, waits

pages = Blueprint("desk_rare_pages", __name__, url_prefix="/desk/cases/<reference>")

#: Parts of a request everybody may see, where a caseworker says so.
PARTS = ("description", "address", "point", "media")
Act = Callable[[Work, UUID], Any]


@pages.route("/publication")
@page("case.publish")
def publication(reference: str) -> Response:
    """What may everybody see?"""
    return _page(reference, "desk/publication.html")


@pages.route("/publication", methods=["POST"])
@page("case.publish")
def publish(reference: str) -> Response:
    """What is shown from now on; nothing at all takes it back"""
    chosen, said = request.form.getlist("parts"), request.form.get("words", "").strip() or None
    shown = {part: part in chosen for part in PARTS}

    def act(work: Work, case_id: UUID) -> None:
        publishing.approve(work, case_id, official=str(principal().subject), words=said, **shown)

    return _act(reference, "case.publish", act, "desk/publication.html", "published")


@pages.route("/signal")
@page("case.signal")
def happened(reference: str) -> Response:
    """What has happened?"""
    return _page(reference, "desk/signal.html")


@pages.route("/signal", methods=["POST"])
@page("case.signal")
def signal(reference: str) -> Response:
    """The journey goes on where it waited for it; early word is kept"""
    who, event = principal(), request.form.get("event", "")

    def act(work: Work, case_id: UUID) -> None:
        waits.signal(work, registry.case_of(work, case_id), event=event, source=who.scope, agency=who.agencies[0] if who.agencies else None)

    return _act(reference, "case.signal", act, "desk/signal.html", "signalled")


@pages.route("/revocation")
@page("decision.revoke")
def back(reference: str) -> Response:
    """Why, and from which day on?"""
    return _page(reference, "desk/revocation.html")


@pages.route("/revocation", methods=["POST"])
@page("decision.revoke")
def revoke(reference: str) -> Response:
    """The approval by silence holds no more from that day on, and the party is told"""
    said = request.form.get("words", "").strip()

    def act(work: Work, case_id: UUID) -> None:
        try:
            day = date.fromisoformat(request.form.get("effective_on", "").strip())
        except ValueError:
            raise Invalid(errors=[{"pointer": "/effective_on", "detail": "Write a day as 2026-12-24."}]) from None
        if not said:
            raise Invalid(errors=[{"pointer": "/words", "detail": "Fill this in: we cannot go on without it."}])
        revoking.revoke(work, case_id, words=said, effective_on=day)

    return _act(reference, "decision.revoke", act, "desk/revocation.html", "revoked")


def _act(reference: str, action: str, act: Act, template: str, done: str) -> Response:
    def verb(work: Work) -> None:
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        grants.demand_open(work, case_id, principal().subject)
        act(work, case_id)

    try:
        acting.change(action, verb)
    except Refusal as refused:
        return _page(reference, template, faults=acting.faults(refused, {name: name for name in ("words", "event", "effective_on")}, otherwise="main"))
    return Response(status=303, headers={"Location": redirect(f"/desk/cases/{references.read(reference)}?done={done}").location})


def _page(reference: str, template: str, *, faults: dict[str, str] | None = None) -> Response:
    portal = the_portal()
    with portal.work(principal()) as work:
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        case = registry.case_of(work, case_id)
        service = portal.catalogue.services.get(case["service"] or "") or portal.catalogue.triage
        events = sorted(waits.events(work, case))
    return show(
        template,
        status=422 if faults else 200,
        faults=faults or {},
        typed=request.form,
        chosen=request.form.getlist("parts"),
        once=str(new_id()),
        reference=references.read(reference),
        service=service,
        events=events,
    )
