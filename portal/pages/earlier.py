"""The first page of a form, where something it asks was answered before: what would go to whom, ticked or left, never ticked by us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request

from portal.catalogue.definitions import Service
from portal.consents import ledger
from portal.errors import Invalid
from portal.intake import filling, known
from portal.intake.filling import EARLIER
from portal.pages import history, questions, speech
from portal.pages.opening import as_citizen, as_party, show, the_portal
from portal.unit_of_work import Principal, Work


def asker() -> Principal:
    """Who signed in as a citizen, with what this browser has proved by secrets."""
    return as_party(as_citizen())


def offered(service: Service | None, facts: Mapping[str, Any]) -> dict[str, known.Known]:
    """What this person has answered elsewhere, by field of the service; nothing for who has proved nothing."""
    who = asker()
    if service is None or who.scope != "party" or not any(field.fact for field in service.fields):
        return {}
    with the_portal().work(who) as work:
        return known.known(work, service, known.mine(work), facts=facts)


def ask(typed: Mapping[str, Any], service: Service, facts: Mapping[str, Any], *, of: int) -> Response:
    """The page: each answer with where it was said."""
    catalogue = the_portal().catalogue
    rows = []
    for name, one in offered(service, facts).items():
        agency, said = catalogue.agencies.get(one.agency), catalogue.services.get(one.service or "")
        value = questions.shown(one.field, one.value)
        rows.append(
            {
                "id": name,
                "title": one.field.title,
                "value": ", ".join(value) if isinstance(value, list) else value,
                "agency": speech.plain(agency.title) if agency else one.agency,
                "service": speech.plain(said.title) if said else one.reference,
                "at": history.moment(one.given_at, one.zone),
                "ticked": name in typed.get("reuse", {}),
            }
        )
    agency = catalogue.agencies[service.agency]
    return show("earlier.html", rows=rows, service=service, agency=agency, days=ledger.USUAL.days, of=of, back=f"/services/{service.id}")


def chosen(typed: dict[str, Any], found: Mapping[str, known.Known]) -> dict[str, Any]:
    """The form after that page: what is ticked is answered, and not asked; what is not ticked any more is asked."""
    ticked = [name for name in request.form.getlist("earlier") if name in found]
    before = typed.get("reuse", {})
    answers = {name: value for name, value in typed["answers"].items() if name not in before or name in ticked}
    answers |= {name: found[name].value for name in ticked}
    reuse = {name: {"case": str(found[name].case_id), "value": found[name].value, "reference": found[name].reference} for name in ticked}
    seen = [one for one in typed["seen"] if one not in (EARLIER, *ticked) and not (one in before and one not in ticked)]
    return {**typed, "answers": answers, "reuse": reuse, "seen": [*seen, EARLIER, *ticked]}


def taken_over(work: Work, typed: Mapping[str, Any]) -> list[known.Reuse]:
    """What goes from where, as it was shown. Invalid where that is not the asker's (any more); the unit goes on as the asker."""
    names, by_case = filling.reused(typed), dict[UUID, list[str]]()
    for name in names:
        by_case.setdefault(UUID(typed["reuse"][name]["case"]), []).append(name)
    if by_case:
        work.become(asker())
        if not by_case.keys() <= set(known.mine(work)):
            raise Invalid(errors=[{"pointer": "/reuse", "detail": "This request is not yours any more, or not proved in this browser."}])
    return [known.Reuse(id, tuple(some), seen={name: typed["reuse"][name]["value"] for name in some}) for id, some in by_case.items()]


def concerns(refused: Invalid) -> bool:
    """Whether it is what was to be taken over that cannot be."""
    return any(one["pointer"].startswith("/reuse") for one in refused.errors)


def told(typed: Mapping[str, Any], service: Service | None) -> dict[str, Any] | None:
    """What sending the form agrees to; None where nothing is taken over."""
    names = filling.reused(typed)
    if not names or service is None:
        return None
    with the_portal().work(as_citizen()) as work:
        until = work.now + ledger.USUAL
    agency = the_portal().catalogue.agencies[service.agency]
    zone = agency.calendars[0].zone
    return {"from": names, "agency": speech.plain(agency.title), "until": history.day(until, zone)}
