"""`/cases/{reference}/mandates`, `/mandates`: somebody acts for the party of a request: given, taken up with a code, ended by either."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, redirect, request

from portal.access.scoping import visible
from portal.cases import registry
from portal.db import new_id
from portal.errors import Invalid, NotFound, Refusal
from portal.pages import acting, history, speech
from portal.pages.cases import written_once
from portal.pages.opening import page, principal, show, the_portal
from portal.parties import mandates
from portal.unit_of_work import Answer, Work
from portal.views import entry

pages = Blueprint("mandates_pages", __name__)

#: What a mandate lets somebody do -> how it is said.
SCOPES = ("read", "act", "all")


@pages.route("/cases/<reference>/mandates")
@page("mandate.read")
def listed(reference: str) -> Response:
    """Who may act for the party, and until when"""
    return _page(reference)


@pages.route("/cases/<reference>/mandates", methods=["POST"])
@page("mandate.give")
def give(reference: str) -> Response:
    """The mandate, and the code it is taken up with; the same form sent again shows the same code"""
    try:
        with the_portal().work(principal(), repeatable=written_once(reference, "mandate.give")) as work:
            if work.answer:
                code = work.answer.body.decode()
            else:
                case_id = entry.find(work, reference)
                until = _until(_zone(work, case_id))
                work.narrow([case_id])
                _, code = mandates.give(work, case_id, scope=_scope(), until=until)
                work.settle()
                work.keep(Answer(201, code.encode()))
    except Refusal as refused:
        return _page(reference, faults=acting.faults(refused, {"until": "until", "scope": "scope"}, otherwise="main"))
    return _page(reference, code=code)


@pages.route("/cases/<reference>/mandates/<uuid:id>/end", methods=["POST"])
@page("mandate.end")
def end(reference: str, id: UUID) -> Response:
    """It is over from now on"""
    who = principal()

    def act(work: Work) -> None:
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        mandates.end(work, case_id, id, subject=who.subject, itself=who.mandate is None)

    try:
        acting.change("mandate.end", act)
    except Refusal as refused:
        return _page(reference, faults=acting.faults(refused, otherwise="main"))
    to = f"/cases/{reference}/mandates?done=ended" if who.mandate is None else "/my"
    return Response(status=303, headers={"Location": redirect(to).location})


@pages.route("/mandates")
@page("mandate.accept")
def door() -> Response:
    """Where somebody takes up a mandate"""
    return show("mandate_take.html", typed=request.args, fault=False)


@pages.route("/mandates", methods=["POST"])
@page("mandate.accept", limit="prove")
def take() -> Response:
    """Reference and code; sent again it changes nothing"""
    try:
        taken = entry.represent(the_portal(), principal(), request.form.get("reference", ""), request.form.get("code", "").strip(), sender=g.get("sender", ""))
    except Refusal as refused:
        if refused.status == 429 or refused.status >= 500:
            raise
        return show("mandate_take.html", status=422, typed=request.form, fault=True)
    return Response(status=303, headers={"Location": redirect(f"/cases/{taken['reference']}").location})


def _scope() -> str:
    said = request.form.get("scope", "")
    if said not in SCOPES:
        raise Invalid(errors=[{"pointer": "/scope", "detail": "Choose what they may do."}])
    return said


def _until(zone: ZoneInfo) -> datetime:
    """The end of the last day, where the request is dealt with."""
    try:
        day = date.fromisoformat(request.form.get("until", "").strip())
        return datetime.combine(day + timedelta(days=1), time(), zone)
    except (ValueError, OverflowError):
        raise Invalid(errors=[{"pointer": "/until", "detail": "Write a day as 2026-12-24."}]) from None


def _zone(work: Work, case_id: UUID) -> ZoneInfo:
    return ZoneInfo(work.run(visible(work, registry.one(case_id)))[0]["zone"])


def _page(reference: str, *, faults: dict[str, str] | None = None, code: str | None = None) -> Response:
    who = principal()
    with the_portal().work(who) as work:
        case_id = entry.find(work, reference)
        zone, rows = str(_zone(work, case_id)), work.run(visible(work, mandates.of(case_id)))
        told: list[dict[str, Any]] = [
            row | {"state": mandates.state(row, work.now), "last": history.until(row["until"], zone), "given": history.moment(row["given_at"], zone)}
            for row in rows
        ]
    if who.mandate is not None and not told:
        raise NotFound
    return show(
        "mandates.html",
        status=422 if faults else 200,
        faults=faults or {},
        typed=request.form if faults else {},
        once=str(new_id()),
        reference=reference,
        rows=told[::-1],
        itself=who.mandate is None,
        code=code,
        said={"read": speech.words("look only"), "act": speech.words("look, answer, write and pay"), "all": speech.words("everything, taking it back too")},
        states={"offered": speech.words("nobody has taken it up yet"), "held": speech.words("taken up"), "ended": speech.words("ended")},
        done=request.args.get("done", ""),
    )
