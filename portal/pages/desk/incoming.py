"""`/desk/letters`: a letter has come in. A new request by the questions of its service, or a letter about one there is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson
from flask import Blueprint, Response, request

from portal.catalogue.definitions import Service
from portal.db import new_id
from portal.documents.kinds import LARGEST
from portal.errors import Invalid, Refusal
from portal.intake import documents, filling
from portal.intake.documents import Upload
from portal.pages import acting, questions, speech
from portal.pages.errors import N_
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Answer
from portal.views import letters as views
from portal.views.letters import Letter

pages = Blueprint("desk_incoming_pages", __name__, url_prefix="/desk/letters")

KINDS = {
    "new": N_("It asks for something new"),
    "reply": N_("It answers, or adds something"),
    "withdrawal": N_("It takes the request back"),
    "objection": N_("It objects to the decision"),
}
#: Name in a refusal -> box of the form.
BOXES = {"received_on": "received", "file": "scan"}


@pages.route("")
@page("letter.receive")
def form() -> Response:
    """A letter has come in"""
    return _form({})


@pages.route("", methods=["POST"])
@page("letter.receive", body=LARGEST + 256 * 1024)
def write_down() -> Response:
    """It is written down, with its scan"""
    portal, scan = the_portal(), None
    try:
        letter = _read()
        file = request.files.get("scan")
        scan = documents.keep(portal, file.read(), file.filename) if file and file.filename else None
        same = acting.once("letter.receive", request.path)
        before, told = views.write_down(portal, principal(), letter, same, _kept, scan)
    except Refusal as refused:
        _drop(scan)
        return _form(acting.faults(refused, {**BOXES, **_boxes(refused)}, otherwise="main-letter"), status=422)
    except BaseException:
        _drop(scan)
        raise
    if before:
        _drop(scan)  # it came with the first try
    return show("desk/letter_taken.html", taken=orjson.loads(told.body))


def _kept(told: Mapping[str, Any]) -> Answer:
    return Answer(303, orjson.dumps(told))


def _drop(scan: Upload | None) -> None:
    if scan is not None:
        documents.drop(the_portal(), scan)


def _read() -> Letter:
    """What was typed. Invalid where the day is none."""
    typed, service = request.form, _service(request.form.get("service", ""))
    kind = typed.get("kind", "")
    if kind not in KINDS:
        raise Invalid(errors=[{"pointer": "/kind", "detail": "Choose what the letter is."}])
    said = {field.id: value for field in (service.fields if service else ()) if (value := questions.read(field, typed)) not in (None, "", [])}
    answers = filling.still_asked(service, said, _facts()) if service and kind == "new" else {}
    contact = {name: typed.get(name, "").replace("\r\n", "\n").strip() for name in ("name", "address", "email", "phone")} if kind == "new" else {}
    return Letter(
        kind=kind,
        received_on=_day(),
        reason=typed.get("reason", "").strip() or None,
        agency=typed.get("agency") or None,
        reference=typed.get("reference", "").strip() or None,
        service=service.id if service and kind == "new" else None,
        text=typed.get("text", "").replace("\r\n", "\n").strip() or None,
        answers=answers,
        contact={name: value for name, value in contact.items() if value},
        language=typed.get("language") or None,
    )


def _day() -> date:
    parts = [request.form.get(f"received-{part}", "").strip() for part in ("year", "month", "day")]
    try:
        return date(*(int(part) for part in parts))
    except (ValueError, OverflowError):
        raise Invalid(errors=[{"pointer": "/received_on", "detail": "Write the day the letter came in, for example 27 3 2026."}]) from None


def _facts() -> dict[str, Any]:
    return {"channel": "post", "area": None, "language": request.form.get("language") or None}


def _service(id: str) -> Service | None:
    service = the_portal().catalogue.services.get(id)
    return service if service is not None and not service.triage else None


def _boxes(refused: Refusal) -> dict[str, str]:
    """Questions of the service by their own boxes."""
    service = _service(request.form.get("service", ""))
    return {field.id: field.id for field in service.fields} if service else {}


def _form(faults: dict[str, str], *, status: int = 200) -> Response:
    who, catalogue = principal(), the_portal().catalogue
    service = _service(request.values.get("service", ""))
    ours = [one for one in catalogue.services.values() if not one.triage]
    agencies = [catalogue.agencies[one] for one in who.agencies if one in catalogue.agencies] or list(catalogue.agencies.values())
    return show(
        "desk/incoming.html",
        status=status,
        faults=faults,
        typed=request.values,
        once=str(new_id()),
        kinds=[(name, speech.words(said)) for name, said in KINDS.items()],
        services=[(one.id, speech.plain(one.title)) for one in sorted(ours, key=lambda one: speech.place(one.title))],
        service=service,
        boxes_of={field.id: questions.typed_in(field, request.form) for field in service.fields} if service else {},
        day=[request.values.get(f"received-{part}", "") for part in ("day", "month", "year")],
        agencies=[(one.id, speech.plain(one.title)) for one in agencies],
        tongues=[(code, speech.own_name(code)) for code in speech.LANGUAGES],
    )
