"""`/desk/entry`: a request is entered for somebody at the counter or on the telephone: in their words, with what is read to them in their language."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, redirect, request

from portal.catalogue import find
from portal.catalogue.definitions import Service
from portal.db import new_id
from portal.errors import Invalid, NotFound, Refusal
from portal.intake import behalf, filling, saving
from portal.intake.filling import CHECK, REACH, WORDS
from portal.intake.receive import TEXT_LIMIT
from portal.intake.saving import Place
from portal.kpi import finding
from portal.pages import acting, questions, receipt, shelf, speech, taking
from portal.pages.desk import reading
from portal.pages.opening import page, principal, show, the_portal
from portal.pages.services import offered
from portal.unit_of_work import Row, Work
from portal.views import drafts as ways

pages = Blueprint("desk_entry_pages", __name__, url_prefix="/desk/entry")

#: Services shown for a sentence.
SHOWN = 6


@pages.route("")
@page("case.enter")
def door() -> Response:
    """What do they say it is about?"""
    return _door()


@pages.route("/find", methods=["POST"])
@page("case.enter")
def find_service() -> Response:
    """Services that fit what somebody says, and the consent that is asked for"""
    text = request.form.get("text", "").strip()[:TEXT_LIMIT]
    if not text:
        return _door(status=422, faults={"text": speech.words("Write what they say, in their words or yours.")})
    return _consent(text)


@pages.route("", methods=["POST"])
@page("case.enter")
def begin() -> Response:
    """The form begins, with their consent"""
    text, consent, chosen = request.form.get("text", "").strip()[:TEXT_LIMIT], request.form.get("consent", ""), request.form.get("service", "")
    faults = {} if consent in behalf.HOW else {"consent": speech.words("Ask them first, then say how they agreed.")}
    if not chosen:
        faults["service"] = speech.words("Choose a service, or that people find its door.")
    if faults:
        return _consent(text, status=422, faults=faults)
    filled = filling.blank(None if chosen == "other" else offered(chosen).id, text or None)
    place, id = Place(_channel(), _language(), str(principal().subject)), new_id()
    with the_portal().work(principal(), new_cases=[id]) as work:
        behalf.begin(work, id, filled, place, consent=consent)
    return _to(id, filling.following(the_portal().catalogue, filled, place.facts))


@pages.route("/taking-up", methods=["POST"])
@page("case.enter", limit="prove")
def take_up() -> Response:
    """What they began at home goes on here, with its reference and secret"""
    reference, given = request.form.get("reference", "").strip(), request.form.get("secret", "").strip()
    place = Place(_channel(), _language(), str(principal().subject))
    try:
        id = ways.proved(the_portal(), reference, given, sender=g.get("sender", ""))
        with the_portal().work(principal()) as work:
            row = saving.opened(work, id, principal(), proved=True)
            behalf.take_up(work, row, place, consent=request.form.get("agreed", ""))
    except Invalid as wrong:
        if not any(one["pointer"] == "/consent" for one in wrong.errors):
            return _door(status=422, faults={"reference": _not_there()})
        return _door(status=422, faults={"agreed": speech.words("Ask them first, then say how they agreed.")})
    except Refusal as refused:
        if refused.status == 429 or refused.status >= 500:
            raise
        return _door(status=422, faults={"reference": _not_there()})
    return _to(id, CHECK)


@pages.route("/<uuid:draft>/<step>")
@page("case.enter")
def step(draft: UUID, step: str) -> Response:
    """One question as it is read out, or all answers read back"""
    with the_portal().work(principal()) as work:
        row, typed, place = _opened(work, draft)
        version = work.version(draft)
    if row["status"] == "sent":
        return _to(draft, "your:done")
    following = filling.following(the_portal().catalogue, typed, place.facts)
    if step == CHECK:
        return _check(row, typed, place, version) if following == CHECK else _to(draft, following)
    if step not in filling.steps(the_portal().catalogue, typed, place.facts):
        raise NotFound
    return _ask(row, typed, place, version, step)


@pages.route("/<uuid:draft>/<step>", methods=["POST"])
@page("case.enter")
def take(draft: UUID, step: str) -> Response:
    """Takes one answer, sends everything, or lays it down for later"""
    if step == CHECK:
        return _send(draft)
    with the_portal().work(principal()) as work:
        row, typed, place = _opened(work, draft)
        if row["status"] == "sent":
            return _to(draft, "your:done")
        version = work.version(draft)
        after, faults, boxes = taking.taken(typed, step, place)
        if request.form.get("do") == "later":
            after, faults = (taking.put_down(typed, step, boxes) if faults else after), {}
        if not faults:
            saving.save(work, row, after, place, version=acting.version())
    if faults:
        return _ask(row, typed, place, version, step, faults=faults, boxes=boxes)
    return _to(draft, "your:home" if request.form.get("do") == "later" else filling.following(the_portal().catalogue, after, place.facts))


@pages.route("/<uuid:draft>/your:home")
@page("case.enter")
def home(draft: UUID) -> Response:
    """Reference and secret for whoever goes on at home, to print in their language"""
    with the_portal().work(principal()) as work:
        row, _, _ = _opened(work, draft)
        code = saving.code(work, row)
    if row["status"] == "sent":
        return _to(draft, "your:done")
    return show("desk/entry_home.html", draft=row, handed=reading.slip(row, code, row["language"]))


@pages.route("/<uuid:draft>/your:done")
@page("case.enter")
def done(draft: UUID) -> Response:
    """The receipt, to print in their language"""
    with the_portal().work(principal()) as work:
        row, typed, place = _opened(work, draft)
    if row["status"] != "sent":
        return _to(draft, filling.following(the_portal().catalogue, typed, place.facts))
    told = receipt.again(row["became"])
    return show("desk/entry_done.html", reference=told["reference"], handed=reading.receipt(told, row["language"]))


def _opened(work: Work, draft: UUID) -> tuple[Row, dict[str, Any], Place]:
    row = saving.opened(work, draft, principal())
    channel = row["channel"] if row["channel"] in behalf.CHANNELS else "counter"
    place = Place(channel, row["language"], str(principal().subject))
    return row, {} if row["status"] == "sent" else saving.filled(work, row, place), place


def _send(draft: UUID) -> Response:
    case_id = new_id()
    with the_portal().work(principal(), new_cases=[case_id]) as work:
        row, typed, place = _opened(work, draft)
        if row["status"] == "sent":
            return _to(draft, "your:done")
        following = filling.following(the_portal().catalogue, typed, place.facts)
        if following != CHECK:
            return _to(draft, following)
        behalf.send(work, row, place, case_id, version=acting.version())
    return _to(draft, "your:done")


def _ask(row: Row, typed: dict[str, Any], place: Place, version: int, step: str, *, faults: dict[str, str] | None = None, boxes: Any = None) -> Response:
    catalogue = the_portal().catalogue
    service, steps = filling.service_of(catalogue, typed), filling.steps(catalogue, typed, place.facts)
    at = steps.index(step)
    field = next((one for one in service.fields if one.id == step), None) if service else None
    kept = shelf.Kept(row["case_id"], typed, False, row, version)
    return show(
        "desk/entry_step.html",
        status=422 if faults else 200,
        kind="contact" if step == REACH else "words" if step == WORDS else "question",
        field=field,
        values=taking.in_boxes(typed, step, field) if boxes is None else boxes,
        errors=faults or {},
        service=service,
        at=at + 1,
        of=len(steps),
        back=f"/desk/entry/{kept.id}/{steps[at - 1]}" if at else "/desk/entry",
        emergency=taking.danger(catalogue, typed),
        parts=questions.PARTS,
        draft=kept,
        unfit=filling.unfit(catalogue, typed, place.facts),
        script=reading.question(step, field, place.language),
    )


def _check(row: Row, typed: dict[str, Any], place: Place, version: int) -> Response:
    catalogue = the_portal().catalogue
    kept = shelf.Kept(row["case_id"], typed, False, row, version)
    return show(
        "desk/entry_check.html",
        draft=kept,
        typed=typed,
        script=reading.back(typed, place),
        steps=filling.steps(catalogue, typed, place.facts),
        titles=_titles(filling.service_of(catalogue, typed)),
        emergency=taking.danger(catalogue, typed),
        unfit=filling.unfit(catalogue, typed, place.facts),
        service=filling.service_of(catalogue, typed),
    )


def _titles(service: Service | None) -> dict[str, str]:
    """What each step of a form is called."""
    found = {field.id: speech.plain(field.title) for field in service.fields} if service else {}
    return {**found, WORDS: speech.words("What is it about?"), REACH: speech.words("Who is it, and how are they told?")}


def _door(*, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    languages = [(code, speech.own_name(code)) for code in speech.LANGUAGES]
    typed = {"text": request.form.get("text", ""), "reference": request.form.get("reference", "")}
    return show(
        "desk/entry.html",
        status=status,
        faults=faults or {},
        typed=typed,
        channel=_channel(),
        spoken=_language(),
        tongues=languages,
        script=reading.welcome(_language()),
    )


def _consent(text: str, *, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    catalogue, language = the_portal().catalogue, _language()
    finding.fresh(the_portal())
    ranked = [catalogue.services[one.service_id] for one in find.rank(catalogue, text, language)][:SHOWN]
    others = sorted((one for one in catalogue.services.values() if not one.triage and one not in ranked), key=lambda one: speech.place(one.title))
    return show(
        "desk/entry_consent.html",
        status=status,
        faults=faults or {},
        text=text,
        ranked=ranked,
        others=others,
        chosen=request.form.get("service") or (ranked[0].id if len(ranked) == 1 else ""),
        consent=request.form.get("consent", ""),
        channel=_channel(),
        spoken=language,
        script=reading.consent(language),
        emergency=taking.danger(catalogue, filling.blank(None, text)),
    )


def _not_there() -> str:
    return speech.words("There is nothing saved under that reference and code: look at both once more. What was not sent is deleted when its time is over.")


def _channel() -> str:
    given = request.form.get("channel", request.args.get("channel", ""))
    return given if given in behalf.CHANNELS else "counter"


def _language() -> str:
    given = request.form.get("spoken", "")
    return given if given in speech.LANGUAGES else speech.language()


def _to(draft: UUID, step: str) -> Response:
    return Response(status=303, headers={"Location": redirect(f"/desk/entry/{draft}/{step}").location})
