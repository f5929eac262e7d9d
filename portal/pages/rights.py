"""What a party can do about its case beside working on it: object to a decision, pay a fee by card, see who looked."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from portal.cases import secret
from portal.catalogue.definitions import Catalogue
from portal.db import new_id
from portal.dispatch import card
from portal.errors import Refusal
from portal.intake.objections import Objection, object_to
from portal.pages import acting, grants, history, speech
from portal.pages.cases import case_page, to_case, written_once
from portal.pages.desk import matters as purposes
from portal.pages.errors import N_
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Answer, Principal
from portal.views import case as case_view
from portal.views import decisions, entry, matters, reads
from portal.views.fees import money

pages = Blueprint("rights_pages", __name__, url_prefix="/cases")

#: Looks that are listed.
SHOWN = 100
#: Role of the staff -> what it is called.
ROLES = {
    "caseworker": N_("somebody of the office"),
    "triage": N_("somebody of the front office"),
    "duty": N_("a duty person"),
    "champion": N_("who answers for the promise"),
    "administrator": N_("an administrator"),
}


@pages.route("/<reference>/objection")
@page("decision.object")
def disagree(reference: str) -> Response:
    """Why do you disagree?"""
    return _objection(reference)


@pages.route("/<reference>/objection", methods=["POST"])
@page("decision.object")
def object_once(reference: str) -> Response:
    """The objection, a case of its own; its reference and secret are shown as long as this form is sent again"""
    portal, said, late = the_portal(), request.form.get("words", "").strip(), request.form.get("late", "").strip() or None
    if not said:
        return _objection(reference, status=422, faults={"words": speech.words("Tell us in a sentence what it is about.")})
    objection_id = new_id()
    try:
        with portal.work(principal(), repeatable=written_once(reference, "decision.object")) as work:
            if work.answer:
                objection_id = UUID(work.answer.body.decode())
            else:
                case_id = entry.find(work, reference)
                work.narrow([case_id, objection_id])
                object_to(work, case_id, objection_id, Objection(text=said, hearing=request.form.get("hearing") != "no", late_reason=late))
                work.settle()
                work.keep(Answer(201, str(objection_id).encode()))
    except Refusal as refused:
        return _objection(reference, status=422, faults=acting.faults(refused, {"text": "words", "late_reason": "late"}, otherwise="words"))
    return _objected(objection_id)


def _objected(id: UUID) -> Response:
    portal = the_portal()
    with portal.work(Principal("party", cases=(id,))) as work:
        case = case_view.case(work, id, language=speech.language())
    told = {"reference": case["reference"], "secret": secret.derive(portal.settings.secret_key.get_secret_value(), id), "reach": True}
    response = show("done.html", told_once=told, case=case, why=[], emergency=None, agency=portal.catalogue.agencies[case["agency"]])
    grants.give(portal, response, id)
    return response


def _objection(reference: str, *, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    with the_portal().work(principal()) as work:
        found = decisions.of_case(work, entry.find(work, reference), language=speech.language())
    stands = next((one for one in reversed(found) if one["standing"] != "superseded"), None)
    return show("object.html", status=status, faults=faults or {}, typed=request.form, once=str(new_id()), reference=reference, decision=stands)


@pages.route("/<reference>/decisions/<uuid:id>/letter")
@page("case.read")
def letter(reference: str, id: UUID) -> Response:
    """The letter of a decision, as it went"""
    with the_portal().work(principal()) as work:
        found = decisions.letter(work, entry.find(work, reference), id)
    home = f"/desk/cases/{reference}" if principal().scope == "staff" else f"/cases/{reference}"
    return show("letter.html", letter=found, home=home)


@pages.route("/<reference>/payment", methods=["POST"])
@page("fee.pay")
def pay(reference: str) -> Response:
    """Where to pay by card: the provider's own page; asked again, the same one"""
    portal, who = the_portal(), principal()
    with portal.work(who) as work:
        case_id = entry.find(work, reference)
    try:
        row = card.open_page(portal, who, case_id, None)
    except Refusal as refused:
        if refused.status != 409:
            raise
        return case_page(reference, status=409, faults={"fee": acting.said(refused)})
    if row["status"] != "open" or not row["pay_at"]:
        return to_case(reference)
    return show("pay.html", reference=reference, pay_at=row["pay_at"], amount=money(row["amount"], row["currency"], speech.language()))


@pages.route("/<reference>/reads")
@page("case.reads")
def looked(reference: str) -> Response:
    """Who of the staff looked, the last first"""
    portal = the_portal()
    with portal.work(principal()) as work:
        case_id = entry.find(work, reference)
        rows = reads.of_case(work, case_id, after=None, limit=SHOWN)
        across = matters.at_case(work, case_id, after=None, limit=SHOWN)
    told = [
        {
            "who": speech.words(ROLES.get(row["role"], ROLES["caseworker"])),
            "agency": _office(portal.catalogue, row["agency"]),
            "name": row["name"],
            "teams": row["teams"],
            "at": history.moment(row["first_at"], "UTC"),
        }
        for row in rows
    ]
    looks = [
        {
            **one,
            "says": purposes.said(one["purpose"]),
            "agency": _office(portal.catalogue, one["agency"]) or speech.words(ROLES.get(one["role"], ROLES["caseworker"])),
            "at": history.moment(one["since"], "UTC"),
        }
        for one in across
    ]
    return show("reads.html", rows=told, looks=looks, reference=reference)


def _office(catalogue: Catalogue, id: str | None) -> str | None:
    agency = catalogue.agencies.get(id or "")
    return speech.told(agency.title) if agency else None
