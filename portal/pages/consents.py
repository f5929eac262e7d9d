"""What somebody agreed to: listed for one request or for all of theirs, given and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect

from portal.catalogue.definitions import Catalogue, Field
from portal.consents import ledger
from portal.db import new_id
from portal.errors import Refusal
from portal.intake import known
from portal.pages import acting, history, questions, speech
from portal.pages.opening import page, principal, show, the_portal
from portal.views import consents as views
from portal.views import entry

pages = Blueprint("consents_pages", __name__)


@pages.route("/my/consents")
@page("case.list-own")
def own() -> Response:
    """What one agreed to, in all one's requests"""
    with the_portal().work(principal()) as work:
        rows = views.of_cases(work, known.mine(work))
    return show("consents.html", rows=_told(rows, the_portal().catalogue), reference=None, faults={}, once=str(new_id()), days=ledger.USUAL.days)


@pages.route("/cases/<reference>/consents")
@page("consent.read")
def of_case(reference: str) -> Response:
    """What was agreed to for one request"""
    return _of_case(reference)


@pages.route("/cases/<reference>/consents", methods=["POST"])
@page("consent.give")
def let_look(reference: str) -> Response:
    """The office that handles the request may look at the others"""
    try:
        acting.change("consent.give", lambda work: views.let_look(work, entry.find(work, reference), wanted=None))
    except Refusal as refused:
        return _of_case(reference, status=refused.status, faults=acting.faults(refused, otherwise="look"))
    return _back(reference)


@pages.route("/cases/<reference>/consents/<uuid:id>/withdrawal", methods=["POST"])
@page("consent.give")
def withdraw(reference: str, id: UUID) -> Response:
    """Takes a consent back"""
    acting.change("consent.withdraw", lambda work: views.withdraw(work, entry.find(work, reference), id))
    return _back(reference)


def _back(reference: str) -> Response:
    return Response(status=303, headers={"Location": redirect(f"/cases/{reference}/consents").location})


def _of_case(reference: str, *, status: int = 200, faults: Mapping[str, str] | None = None) -> Response:
    catalogue = the_portal().catalogue
    with the_portal().work(principal()) as work:
        case_id = entry.find(work, reference)
        case = views.looked_into(work, case_id)
        rows = views.of_cases(work, (case_id,), beside=known.mine(work))
    told = {"rows": _told(rows, catalogue), "agency": catalogue.agencies[case["agency"]], "open": case["status"] not in ("closed", "withdrawn")}
    return show("consents.html", status=status, reference=reference, faults=faults or {}, once=str(new_id()), days=ledger.USUAL.days, **told)


def _told(rows: Iterable[Mapping[str, Any]], catalogue: Catalogue) -> list[dict[str, Any]]:
    return [
        {
            **row,
            "to": _office(catalogue, row["to_agency"]),
            "source": _office(catalogue, row["from_agency"]),
            "service_title": _service(catalogue, row["to_service"]),
            "said": [(title, value) for title, value in _values(catalogue, row)],
            "given": history.moment(row["given_at"], _zone(catalogue, row)),
            "ends": history.day(row["until"], _zone(catalogue, row)),
            "back": history.moment(row["withdrawn_at"], _zone(catalogue, row)) if row["withdrawn_at"] else None,
        }
        for row in rows
    ]


def _zone(catalogue: Catalogue, row: Mapping[str, Any]) -> str:
    agency = catalogue.agencies.get(row["to_agency"])
    return agency.calendars[0].zone if agency else "UTC"


def _office(catalogue: Catalogue, id: str | None) -> str | None:
    agency = catalogue.agencies.get(id or "")
    return speech.plain(agency.title) if agency else id


def _service(catalogue: Catalogue, id: str | None) -> str | None:
    service = catalogue.services.get(id or "")
    return speech.plain(service.title) if service else id


def _values(catalogue: Catalogue, row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Question and answer; an answer to a question of another version as it was kept."""
    service = catalogue.services.get(row["to_service"] or "")
    fields: dict[str, Field] = {field.id: field for field in service.fields} if service else {}
    for name, value in row["values"].items():
        field = fields.get(name)
        said = questions.shown(field, value) if field else value
        yield speech.plain(field.title) if field else name, ", ".join(said) if isinstance(said, list) else str(said)
