"""`/desk/presence`: somebody at the counter or on the telephone asks about their request: it is read to them, answered and taken back for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, redirect, request

from portal.catalogue.definitions import Field
from portal.db import new_id
from portal.errors import Invalid, Refusal
from portal.intake import party, presence
from portal.pages import acting, questions, speech
from portal.pages.desk import reading
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Work
from portal.views import presence as views

pages = Blueprint("desk_presence_pages", __name__, url_prefix="/desk/presence")


@pages.route("")
@page("case.speak-for")
def door() -> Response:
    """Which request is it, and do they agree?"""
    return _door()


@pages.route("", methods=["POST"])
@page("case.speak-for", limit="prove")
def begin() -> Response:
    """They are there and agreed"""
    reference, how, given = (request.form.get(name, "").strip() for name in ("reference", "how", "secret"))
    if how not in presence.HOW:
        return _door(status=422, faults={"how": speech.words("Ask them first, then say how they agreed.")})
    channel, language = _channel(), request.form.get("spoken", "")

    def note(work: Work) -> None:
        presence.begin(work, views.find(work, reference, proved), channel=channel, how=how, language=language if language in speech.LANGUAGES else None)

    try:
        proved = views.proved(the_portal(), reference, how, given, sender=g.get("sender", ""))
        acting.change("case.speak-for", note)
    except Refusal as refused:
        if refused.status == 429 or refused.status >= 500:
            raise
        return _door(status=422, faults={"reference": speech.words("There is no such request that is open to you here. Look at reference and code once more.")})
    return _to(reference)


@pages.route("/<reference>")
@page("case.speak-for")
def read_aloud(reference: str) -> Response:
    """Where it stands, in their language; or, where nobody said so for an hour, whether they are there"""
    try:
        return _shown(reference)
    except presence.NotPresent:
        return Response(status=303, headers={"Location": redirect(f"/desk/presence?reference={reference}").location})


@pages.route("/<reference>/answers", methods=["POST"])
@page("case.speak-for")
def answer(reference: str) -> Response:
    """Takes what they answer"""
    case = views.told(the_portal(), principal(), reference)
    asked = _asked(case)
    given = {field.id: value for field in asked if (value := questions.read(field, request.form)) not in (None, [])}
    if not given:
        return _shown(reference, status=422, faults={field.id: questions.needed(field) for field in asked})
    try:
        return _act(reference, "answers", lambda work, case_id: party.answer(work, case_id, given))
    except Invalid as wrong:
        names = {one["pointer"].rpartition("/")[2] for one in wrong.errors}
        faults = {field.id: questions.advice(field) for field in asked if field.id in names}
        if not faults:
            raise
        return _shown(reference, status=422, faults=faults, boxes={field.id: questions.typed_in(field, request.form) for field in asked})


@pages.route("/<reference>/withdrawal", methods=["POST"])
@page("case.speak-for")
def withdraw(reference: str) -> Response:
    """Takes it back for them"""
    words = request.form.get("words", "").strip()
    if request.form.get("sure") != "yes":
        return _shown(reference, status=422, faults={"sure": speech.words("Read it to them first, and ask whether they are sure.")})
    return _act(reference, "withdrawal", lambda work, case_id: party.take_back(work, case_id, words or None))


def _act(reference: str, done: str, act: Callable[[Work, UUID], object]) -> Response:
    def change(work: Work) -> None:
        case_id, _ = views.speak_for(work, reference)
        act(work, case_id)

    acting.change(f"case.speak-for.{done}", change)
    return _to(reference, f"?done={done}")


def _shown(reference: str, *, status: int = 200, faults: dict[str, str] | None = None, boxes: dict[str, Any] | None = None) -> Response:
    case = views.told(the_portal(), principal(), reference)
    catalogue, asked, given = the_portal().catalogue, _asked(case), case["given"]["answers"]
    return show(
        "desk/presence_case.html",
        status=status,
        faults=faults or {},
        case=case,
        service=catalogue.services.get(case["service"] or "") or catalogue.triage,
        script=reading.standing(case, case["language"]),
        asked=[(field, reading.question(field.id, field, case["language"])) for field in asked],
        values={field.id: questions.boxes(field, given.get(field.id)) for field in asked} | (boxes or {}),
        ending=reading.ending(case["language"]),
        parts=questions.PARTS,
        over=case["status"] in ("closed", "withdrawn"),
        done=request.args.get("done", ""),
        once=str(new_id()),
    )


def _asked(case: dict[str, Any]) -> list[Field]:
    service = the_portal().catalogue.services.get(case["service"] or "")
    wanted = {name for one in case["asked"] for name in one["fields"]}
    return [field for field in service.fields if field.id in wanted] if service else []


def _door(*, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    language = request.form.get("spoken", request.args.get("spoken", ""))
    language = language if language in speech.LANGUAGES else ""
    return show(
        "desk/presence.html",
        status=status,
        faults=faults or {},
        reference=request.form.get("reference", request.args.get("reference", "")),
        how=request.form.get("how", ""),
        channel=_channel(),
        spoken=language,
        tongues=[("", speech.words("The language of the request")), *((code, speech.own_name(code)) for code in speech.LANGUAGES)],
        script=reading.may_act(language or speech.language()),
        once=str(new_id()),
    )


def _channel() -> str:
    given = request.form.get("channel", request.args.get("channel", ""))
    return given if given in presence.CHANNELS else "counter"


def _to(reference: str, more: str = "") -> Response:
    return Response(status=303, headers={"Location": redirect(f"/desk/presence/{reference}{more}").location})
