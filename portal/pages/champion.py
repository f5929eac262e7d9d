"""`/champion`: promises missed and in danger across agencies, down to the case; calls nobody answered, handovers that wait, doors that dispute."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from babel.numbers import format_percent
from flask import Blueprint, Response, redirect, request

from portal.access import grants
from portal.catalogue.definitions import Catalogue
from portal.db import new_id
from portal.errors import Refusal
from portal.pages import acting, speech
from portal.pages.desk import words
from portal.pages.opening import page, principal, show, the_portal
from portal.referrals import offers
from portal.unit_of_work import Work
from portal.views import reads, referrals, watch
from portal.views.words import locale
from portal.workflow import referring

pages = Blueprint("champion_pages", __name__, url_prefix="/champion")

#: Promises shown at once; who wants to see others goes deeper.
SHOWN = 50


@pages.route("")
@page("breach.list")
def watched() -> Response:
    """What was missed, and what may be"""
    portal, who = the_portal(), principal()
    chosen = {part: request.args[part] for part in watch.BY if request.args.get(part) is not None}
    with portal.work(who) as work:
        missed, near = watch.missed(work, chosen), watch.near(work, chosen)
        told: dict[str, Any] = {"calls": watch.calls(work), "parked": watch.parked(work), "disputes": watch.disputes(work), "now": work.now}
        told["glasses"] = reads.broken(work, after=None, limit=20) if who.scope == "champion" else []
    names = Names(portal.catalogue)
    deeper = [{"name": names.of(missed["by"], value), "number": number, "href": _deeper(chosen, missed["by"], value)} for value, number in missed["counts"]]
    return show(
        "champion/watch.html",
        missed=[_told(row, told["now"], names) for row in missed["rows"][:SHOWN]],
        number=len(missed["rows"]),
        many=missed["more"],
        near=[_told(row, told["now"], names) for row in near[:SHOWN]],
        near_number=len(near),
        by=missed["by"],
        deeper=deeper,
        trail=[(names.of(part, value), _deeper({k: v for k, v in chosen.items() if k != part}, None, None)) for part, value in chosen.items()],
        agencies=portal.catalogue.agencies,
        words=words,
        **told,
    )


@pages.route("/referrals/<uuid:id>")
@page("referral.settle")
def dispute(id: UUID) -> Response:
    """Two doors send a request back and forth"""
    return _dispute(id)


@pages.route("/referrals/<uuid:id>", methods=["POST"])
@page("referral.settle")
def settle(id: UUID) -> Response:
    """Whose it is"""
    service, said, version = request.form.get("service", "").strip() or None, request.form.get("words", ""), acting.version()

    def act(work: Work) -> None:
        seen = referrals.seen(work, id)
        work.narrow([seen["case_id"]])
        grants.demand_open(work, seen["case_id"], principal().subject)
        referring.settle(work, offers.find(work, seen["case_id"], id), version=version, words=said, service=service)

    try:
        acting.change("referral.settle", act)
    except Refusal as refused:
        return _dispute(id, status=422, faults=acting.faults(refused, {"words": "words", "service": "service"}, otherwise="main"))
    return Response(status=303, headers={"Location": redirect("/champion?done=settled").location})


def _dispute(id: UUID, *, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    catalogue = the_portal().catalogue
    with the_portal().work(principal()) as work:
        offer = referrals.detail(work, referrals.seen(work, id))
    services = sorted((one for one in catalogue.services.values() if not one.triage), key=lambda one: speech.place(one.title))
    return show(
        "champion/dispute.html",
        status=status,
        faults=faults or {},
        typed=request.form,
        once=str(new_id()),
        offer=offer,
        services=services,
        agencies=catalogue.agencies,
    )


class Names:
    """What agencies, services and standards are called."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def of(self, part: str | None, value: str) -> Any:
        """Its title; its id where the catalogue has none of that name any more."""
        catalogue = self._catalogue
        if part == "standard":
            found = next((one.title for service in catalogue.services.values() for one in service.standards if one.id == value), None)
        else:
            named = catalogue.agencies.get(value) if part == "agency" else catalogue.services.get(value)
            found = named.title if named else None
        return speech.told(found) if found else value or speech.words("no service yet")


def _deeper(chosen: dict[str, str], part: str | None, value: str | None) -> str:
    query = urlencode(chosen | ({part: value} if part and value is not None else {}))
    return f"/champion?{query}" if query else "/champion"


def _told(row: dict[str, Any], now: datetime, names: Names) -> dict[str, Any]:
    share = row.get("chance")
    chance = format_percent(share, locale=locale(speech.language())) if share is not None else None
    named = {part: names.of(part, row[part] or "") for part in watch.BY}
    return row | named | {"left": words.left(row["due_at"], now), "share": chance}
