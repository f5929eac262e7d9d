"""The end of a form: reference, secret, the date and why it is that date."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from portal.cases import registry, secret
from portal.intake.receive import Submission, receive
from portal.pages import speech
from portal.pages.opening import show, the_portal
from portal.unit_of_work import Principal, Work
from portal.views import case as views
from portal.views.danger import emergency


def of(work: Work, given: Submission, case_id: UUID) -> dict[str, Any]:
    """Opens the case; what the browser that sent it may read of it for a while."""
    taken = receive(work, given, case_id=case_id)
    work.settle()
    key = work.portal.settings.secret_key.get_secret_value()
    return {
        "reference": taken.case["reference"],
        "secret": secret.derive(key, case_id),
        "case": str(case_id),
        "danger": taken.danger,
        "reach": bool(given.contact.get("email")),
    }


def again(case_id: UUID) -> dict[str, Any]:
    """The same of a case that was opened a while ago, for whoever may see its receipt."""
    with the_portal().work(Principal("party", cases=(case_id,))) as work:
        case = views.case(work, case_id, language=speech.language())
        version = registry.find(work, case["reference"])[1]
    key = the_portal().settings.secret_key.get_secret_value()
    told = {"reference": case["reference"], "secret": secret.derive(key, case_id, version), "case": str(case_id)}
    return {**told, "danger": case["danger"], "reach": bool(case["given"]["contact"].get("email"))}


def receipt(told: dict[str, Any]) -> Response:
    """The page of it, as the case stands now."""
    case_id, portal = UUID(told["case"]), the_portal()
    with portal.work(Principal("party", cases=(case_id,))) as work:
        case = views.case(work, case_id, language=speech.language())
        reasons = why(work, case_id)
    danger = emergency(portal.catalogue, case["agency"], speech.language()) if told["danger"] else None
    return show("done.html", told_once=told, case=case, why=reasons, emergency=danger, agency=portal.catalogue.agencies[case["agency"]])


def why(work: Work, case_id: UUID) -> list[str]:
    """Sentences on the date that was promised of the whole request; none where no clock runs."""
    clocks = [one for one in views.clock_list(work, case_id, now=work.now, language=speech.language()) if one["status"] != "cancelled"]
    ranked = sorted(clocks, key=lambda one: (one["covers"] != "case", one["kind"] != "promise", one["due_at"]))
    sentences: list[str] = ranked[0]["why"].get("sentences", []) if ranked else []
    return sentences
