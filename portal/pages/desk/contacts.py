"""Contacts on the page of a case: one is written down in two clicks, and put right in two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.access import grants
from portal.cases import contacts
from portal.catalogue.demand import REASONS
from portal.errors import Invalid
from portal.pages import acting, history, speech
from portal.pages.errors import N_
from portal.pages.opening import page, principal
from portal.unit_of_work import Work
from portal.views import contacts as views
from portal.views import entry

#: Channel -> how somebody turned to us.
WAYS = {
    "phone": N_("by telephone"),
    "counter": N_("at the counter"),
    "visit": N_("on a visit"),
    "post": N_("by letter"),
    "email": N_("by e-mail"),
    "sms": N_("by text message"),
    "web": N_("on the website"),
    "open311": N_("by an application"),
}

pages = Blueprint("desk_contacts_pages", __name__, url_prefix="/desk/cases")


@pages.route("/<reference>/contacts", methods=["POST"])
@page("contact.keep")
def keep(reference: str) -> Response:
    """Somebody called, came by, or was called"""
    channel, direction, reason = request.form.get("channel", ""), request.form.get("direction", "in"), _reason()
    if channel not in contacts.CHANNELS or direction not in ("in", "out"):
        raise Invalid("Choose how they turned to you.")
    return _act(reference, "contact.keep", lambda work, case_id: contacts.keep(work, case_id, channel=channel, direction=direction, reason=reason))


@pages.route("/<reference>/contacts/<int:number>", methods=["POST"])
@page("contact.keep")
def judge(reference: str, number: int) -> Response:
    """Why somebody turned to us, put right"""
    reason = _reason()
    return _act(reference, "contact.judge", lambda work, case_id: views.judge(work, case_id, number=number, reason=reason))


def shown(work: Work, case_id: UUID, zone: str) -> list[dict[str, Any]]:
    """Contacts of a case in the reader's words, the newest first."""
    found = views.of_case(work, case_id, language=speech.language())
    ways = {name: speech.words(said) for name, said in WAYS.items()}
    return [one | {"when": history.moment(one["at"], zone), "how": ways.get(one["channel"] or "", one["channel"])} for one in found][::-1]


def choices() -> dict[str, list[tuple[str, str]]]:
    """What the boxes offer."""
    ways = [(name, speech.words(WAYS[name])) for name in contacts.CHANNELS]
    return {"contact_ways": ways, "reasons": [(one.id, speech.plain(one.title)) for one in REASONS.values()]}


def _reason() -> str:
    said = request.form.get("reason", "")
    if said not in REASONS:
        raise Invalid("Choose why they turned to you.")
    return said


def _act(reference: str, action: str, act: Callable[[Work, UUID], None]) -> Response:
    def change(work: Work) -> None:
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        grants.demand_open(work, case_id, principal().subject)
        act(work, case_id)

    acting.change(action, change)
    return Response(status=303, headers={"Location": redirect(f"/desk/cases/{reference}#contacts").location})
