"""`/desk/cases/{reference}`: everything staff may see of a case."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, request

from portal.access.grants import demand_open
from portal.access.permissions import PERMISSIONS, caseworker
from portal.cases import reference as references
from portal.cases import registry
from portal.db import new_id
from portal.errors import Invalid
from portal.intake import behalf
from portal.pages import acting, speech
from portal.pages.desk import contacts, known, reading, words
from portal.pages.opening import page, principal, show, the_portal
from portal.pages.speech import N_
from portal.unit_of_work import Work
from portal.views import desk, entry

#: Page below that of a case, its action, and what it is for.
RARELY = (
    ("publication", "case.publish", N_("What everybody may see")),
    ("signal", "case.signal", N_("Something has happened")),
    ("revocation", "decision.revoke", N_("Take an approval by silence back")),
    ("seal", "case.seal", N_("Seal")),
)

pages = Blueprint("desk_case_pages", __name__, url_prefix="/desk/cases")


@pages.route("/<reference>/secret", methods=["POST"])
@page("case.renew-secret")
def renew_secret(reference: str) -> Response:
    """A secret in place of one that was lost, shown once"""
    how, words = request.form.get("how", ""), request.form.get("words", "")
    made: dict[str, str] = {}

    def renew(work: Work) -> None:
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        demand_open(work, case_id, principal().subject)
        made["language"] = registry.case_of(work, case_id)["language"]
        made["secret"] = behalf.renew_secret(work, case_id, how=how, words=words)

    try:
        acting.change("case.renew-secret", renew)
    except Invalid as wrong:
        names = {one["pointer"].strip("/") for one in wrong.errors}
        faults = {"how": speech.words("Say what showed who it is.")} if "how" in names else {}
        faults |= {"words": speech.words("Write what you looked at, or asked: colleagues may be asked for it.")} if "words" in names else {}
        return _shown(reference, status=422, faults=faults)
    if not made:
        return Response(status=303, headers={"Location": redirect(f"/desk/cases/{references.read(reference)}").location})
    return show("desk/secret.html", reference=references.read(reference), handed=reading.renewed(references.read(reference), made["secret"], made["language"]))


@pages.route("/<reference>")
@page("delivery.read")
def case(reference: str) -> Response:
    """The case as staff see it"""
    return _shown(reference)


def _shown(reference: str, *, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    portal = the_portal()
    with portal.work(principal()) as work:
        case_id = entry.find(work, reference)
        told = desk.of_case(work, case_id, language=speech.language())
        heard = contacts.shown(work, case_id, told["zone"])
    who = principal()
    named = [row | {"called": words.named(row, desk.step_title(portal.catalogue, row)), "openable": row["agency"] in who.agencies} for row in told["tasks"]]
    home = "/champion" if who.scope == "champion" else "/desk"
    more: dict[str, Any] = {
        "once": str(new_id()),
        "contacts": heard,
        **contacts.choices(),
        "faults": faults or {},
        "typed": request.form,
        "may_renew": caseworker(who),
    }
    return show(
        "desk/case.html", status=status, **more, subject=who.subject, home=home, rarely=_rarely(told), **known.of(portal.catalogue, told | {"tasks": named})
    )


def _rarely(told: dict[str, Any]) -> list[tuple[str, str]]:
    """What the reader may do about this request beside its work."""
    fits = {
        "publication": told["service"].public,
        "revocation": any(clock.get("consequence") for clock in told["clocks"]),
    }
    may = [one for one in RARELY if any(predicate(principal()) for predicate in PERMISSIONS[one[1]].who)]
    return [(href, speech.words(text)) for href, _, text in may if fits.get(href, True)]
