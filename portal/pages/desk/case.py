"""`/desk/cases/{reference}`: everything staff may see of a case."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from portal.access.permissions import PERMISSIONS
from portal.pages import speech
from portal.pages.desk import known, words
from portal.pages.opening import page, principal, show, the_portal
from portal.pages.speech import N_
from portal.views import desk, entry

#: Page below that of a case, its action, and what it is for.
RARELY = (
    ("publication", "case.publish", N_("What everybody may see")),
    ("signal", "case.signal", N_("Something has happened")),
    ("revocation", "decision.revoke", N_("Take an approval by silence back")),
    ("seal", "case.seal", N_("Seal")),
)

pages = Blueprint("desk_case_pages", __name__, url_prefix="/desk/cases")


@pages.route("/<reference>")
@page("delivery.read")
def case(reference: str) -> Response:
    """The case as staff see it"""
    portal = the_portal()
    with portal.work(principal()) as work:
        told = desk.of_case(work, entry.find(work, reference), language=speech.language())
    who = principal()
    named = [row | {"called": words.named(row, desk.step_title(portal.catalogue, row)), "openable": row["agency"] in who.agencies} for row in told["tasks"]]
    home = "/champion" if who.scope == "champion" else "/desk"
    return show("desk/case.html", subject=who.subject, home=home, rarely=_rarely(told), **known.of(portal.catalogue, told | {"tasks": named}))


def _rarely(told: dict[str, Any]) -> list[tuple[str, str]]:
    """What the reader may do about this request beside its work."""
    fits = {
        "publication": told["service"].public,
        "revocation": any(clock.get("consequence") for clock in told["clocks"]),
    }
    may = [one for one in RARELY if any(predicate(principal()) for predicate in PERMISSIONS[one[1]].who)]
    return [(href, speech.words(text)) for href, _, text in may if fits.get(href, True)]
