"""The form of a service, a question a page: answers are kept between pages, read over once more, and sent once."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, request

from portal.catalogue import find
from portal.catalogue.definitions import Field, Service
from portal.clock import local_date
from portal.db import new_id
from portal.errors import Invalid, NotFound
from portal.intake import answers as rules
from portal.intake import foretold
from portal.intake.receive import TEXT_LIMIT, Submission, contact_of
from portal.pages import cookies, earlier, grants, questions, receipt, speech
from portal.pages.opening import as_citizen, page, show, the_portal
from portal.pages.services import offered
from portal.unit_of_work import ANONYMOUS, Work
from portal.vault import drafts
from portal.vault.drafts import Draft
from portal.views.danger import emergency
from portal.views.fees import money

pages = Blueprint("form_pages", __name__)

#: The cookie that opens what this browser has typed.
COOKIE = "draft"
CONTACT = ("name", "email", "phone", "address")
#: Names of steps that are no questions of the service; ids of fields have no colon.
WORDS, REACH, CHECK = "your:words", "your:contact", "check"


@pages.route("/services/<service>/request", methods=["POST"])
@page("case.open", limit="intake")
def begin(service: str) -> Response:
    """Starts the form of a service"""
    return _begin({"service": offered(service).id, "text": None})


@pages.route("/request", methods=["POST"])
@page("case.open")
def begin_with_words() -> Response:
    """Starts from a sentence, whatever service it may be for"""
    return _begin({"service": None, "text": request.form.get("text", "").strip()[:TEXT_LIMIT] or None})


def _begin(first: dict[str, Any]) -> Response:
    token, id = cookies.given(COOKIE) or token_urlsafe(32), new_id()
    typed = {**first, "answers": {}, "contact": {}, "seen": []}
    if earlier.offered(_service(typed), _facts()):
        typed["earlier"] = True
    with the_portal().work(ANONYMOUS) as work:
        drafts.begin(work, id, token, typed)
    answer = _to(id, _next(typed))
    cookies.put(answer, COOKIE, token, seconds=int(drafts.OPEN.total_seconds()))
    return answer


@pages.route("/request/<uuid:draft>/<step>")
@page("case.open")
def step(draft: UUID, step: str) -> Response:
    """One question, the way to reach somebody, or all answers to be read over"""
    kept = _load(draft)
    if kept.sent:
        return _to(draft, "done")
    if step == CHECK:
        following = _next(kept.typed)
        return _check(kept) if following == CHECK else _to(draft, following)
    if step not in _steps(kept.typed):
        raise NotFound
    service = _service(kept.typed)
    if step == earlier.STEP and service:
        return earlier.ask(kept, service, _facts(), of=len(_steps(kept.typed)))
    return _ask(kept, step)


@pages.route("/request/<uuid:draft>/<step>", methods=["POST"])
@page("case.open")
def take(draft: UUID, step: str) -> Response:
    """Takes one answer, or sends everything"""
    if step == CHECK:
        return _send(draft)
    if step == earlier.STEP:
        return _use_again(draft)
    token = cookies.given(COOKIE) or ""
    with the_portal().work(ANONYMOUS) as work:
        kept = drafts.load(work, draft, token, alone=True)
        if kept.sent or step not in _steps(kept.typed):
            return _to(draft, "done" if kept.sent else _next(kept.typed))
        typed, errors, boxes = _taken(kept.typed, step)
        if not errors:
            drafts.save(work, draft, token, typed)
    return _ask(kept, step, errors, boxes) if errors else _to(draft, _next(typed))


def _use_again(draft: UUID) -> Response:
    """Takes what is ticked of the answers given elsewhere."""
    token, kept = cookies.given(COOKIE) or "", _load(draft)
    found = earlier.offered(_service(kept.typed), _facts())
    with the_portal().work(ANONYMOUS) as work:
        kept = drafts.load(work, draft, token, alone=True)
        if kept.sent or earlier.STEP not in _steps(kept.typed):
            return _to(draft, "done" if kept.sent else _next(kept.typed))
        typed = earlier.chosen(kept.typed, found)
        drafts.save(work, draft, token, typed)
    return _to(draft, _next(typed))


@pages.route("/request/<uuid:draft>/done")
@page("case.open")
def done(draft: UUID) -> Response:
    """What became of it: reference, secret, date"""
    kept = _load(draft)
    return receipt.receipt(kept.typed) if kept.sent else _to(draft, _next(kept.typed))


def _load(id: UUID) -> Draft:
    with the_portal().work(ANONYMOUS) as work:
        return drafts.load(work, id, (cookies.given(COOKIE) or ""))


def _to(draft: UUID, step: str) -> Response:
    return Response(status=303, headers={"Location": redirect(f"/request/{draft}/{step}").location})


def _service(typed: dict[str, Any]) -> Service | None:
    return offered(typed["service"]) if typed["service"] else None


def _facts() -> dict[str, Any]:
    return {"channel": "web", "area": None, "language": speech.language()}


def _steps(typed: dict[str, Any]) -> list[str]:
    """Steps of the form as its answers stand."""
    service = _service(typed)
    own = [field.id for field in questions.asked(service, typed["answers"], _facts())] if service else [WORDS]
    return [*([earlier.STEP] if typed.get("earlier") else []), *own, REACH]


def _next(typed: dict[str, Any]) -> str:
    """The first step not seen yet; then everything is read over."""
    return next((step for step in _steps(typed) if step not in typed["seen"]), CHECK)


def _taken(typed: dict[str, Any], step: str) -> tuple[dict[str, Any], dict[str, str], Any]:
    """The form after that step, what is wrong with it by box, and what was typed into the boxes."""
    seen = [*(one for one in typed["seen"] if one != step), step]
    if step == REACH:
        given = {name: request.form.get(name, "").strip() for name in CONTACT}
        try:
            return {**typed, "contact": contact_of(given), "seen": seen}, {}, given
        except Invalid as wrong:
            return typed, {one["pointer"].rpartition("/")[2]: _contact_advice(one["pointer"]) for one in wrong.errors}, given
    if step == WORDS:
        text = request.form.get("words", "")
        fault = _words_fault(text)
        return {**typed, "text": text, "seen": seen}, {"words": fault} if fault else {}, text
    service = _service(typed)
    field = next(one for one in service.fields if one.id == step) if service else None
    if service is None or field is None:
        raise NotFound
    return _answered(typed, service, field, seen)


def _answered(typed: dict[str, Any], service: Service, field: Field, seen: list[str]) -> tuple[dict[str, Any], dict[str, str], Any]:
    others = {name: value for name, value in typed["answers"].items() if name != field.id}
    # An answer that makes others needless may stand beside them for a moment: it is judged without those that follow it.
    before = {one.id for one in service.fields[: service.fields.index(field)]}
    value, fault = questions.checked(service, {name: one for name, one in others.items() if name in before} | _said(field), _facts(), field)
    if fault:
        return typed, {field.id: fault}, questions.typed_in(field, request.form)
    answers = questions.still_asked(service, others if value is None else {**others, field.id: value}, _facts())
    return {**typed, "answers": answers, "seen": seen}, {}, None


def _said(field: Field) -> dict[str, Any]:
    value = questions.read(field, request.form)
    return {} if value is None else {field.id: value}


def _words_fault(text: str) -> str | None:
    try:
        rules.plain(text, limit=TEXT_LIMIT)
    except rules.Wrong:
        return speech.words("Shorten this to %(n)s characters, without signs that cannot be printed.") % {"n": TEXT_LIMIT}
    return None if text.strip() else speech.words("Tell us in a sentence what it is about.")


def _contact_advice(pointer: str) -> str:
    if pointer.endswith("email"):
        return speech.words("Enter an e-mail address such as name@example.org.")
    if pointer.endswith("phone"):
        return speech.words("Enter a telephone number with its country, such as +32 2 123 45 67.")
    return speech.words("Shorten this to %(n)s characters, without signs that cannot be printed.") % {"n": 500}


def _ask(draft: Draft, step: str, errors: dict[str, str] | None = None, boxes: Any = None) -> Response:
    typed, service = draft.typed, _service(draft.typed)
    steps = _steps(typed)
    at = steps.index(step)
    field = next((one for one in service.fields if one.id == step), None) if service else None
    values = boxes
    if values is None:
        values = questions.boxes(field, typed["answers"].get(step)) if field else typed["text"] or "" if step == WORDS else typed["contact"]
    return show(
        "step.html",
        status=422 if errors else 200,
        kind="contact" if step == REACH else "words" if step == WORDS else "question",
        field=field,
        values=values,
        errors=errors or {},
        service=service,
        at=at + 1,
        of=len(steps),
        back=f"/request/{draft.id}/{steps[at - 1]}" if at else f"/services/{service.id}" if service else "/",
        emergency=_danger(typed),
        parts=questions.PARTS,
    )


def _danger(typed: dict[str, Any]) -> dict[str, str] | None:
    """The number that helps, at once, where anything typed speaks of danger."""
    catalogue, service = the_portal().catalogue, _service(typed)
    said = [typed["text"] or "", *(one for one in typed["answers"].values() if isinstance(one, str))]
    if not (service and service.danger) and not any(find.danger(catalogue, one) for one in said):
        return None
    return emergency(catalogue, service.agency if service else catalogue.triage.agency, speech.language(), alerted=False)


def _check(draft: Draft) -> Response:
    typed, service = draft.typed, _service(draft.typed)
    told = None
    if service:
        zone = the_portal().catalogue.agencies[service.agency].calendars[0].zone
        with the_portal().work(ANONYMOUS) as work:
            told = foretold.foretold(service, typed["answers"], {**_facts(), "today": local_date(work.now, zone)})
    rows = (
        [(field, questions.shown(field, typed["answers"].get(field.id))) for field in questions.asked(service, typed["answers"], _facts())] if service else []
    )
    price = told.price if told else None
    return show(
        "check.html",
        draft=draft,
        typed=typed,
        service=service,
        rows=rows,
        foretold=told,
        price=money(price.amount, price.currency, speech.language()) if price else None,
        promises=[one for one in service.standards if one.kind != "agreement" and one.covers == "case"] if service else [],
        emergency=_danger(typed),
        reach=REACH,
        words=WORDS,
        earlier=earlier.told(typed, service),
    )


def _send(draft: UUID) -> Response:
    """Once, however often it is sent: who comes second waits for the first, and is shown the same."""
    token, case_id = (cookies.given(COOKIE) or ""), new_id()
    who = as_citizen()
    try:
        with the_portal().work(who, new_cases=[case_id]) as work:
            kept = drafts.load(work, draft, token, alone=True)
            if kept.sent:
                return _to(draft, "done")
            following = _next(kept.typed)
            if following != CHECK:
                return _to(draft, following)
            given = _receive(work, kept.typed, case_id, who.subject)
            drafts.save(work, draft, token, given, sent=True)
    except Invalid as wrong:
        if not earlier.concerns(wrong):
            raise
        return _asked_again(draft, token)
    answer = _to(draft, "done")
    grants.give(the_portal(), answer, case_id)
    return answer


def _asked_again(draft: UUID, token: str) -> Response:
    """What was to be taken over has changed, or is not the asker's any more: those questions are asked."""
    with the_portal().work(ANONYMOUS) as work:
        typed = earlier.without(drafts.load(work, draft, token, alone=True).typed)
        drafts.save(work, draft, token, typed)
    return _to(draft, _next(typed))


def _receive(work: Work, typed: dict[str, Any], case_id: UUID, subject: str | None) -> dict[str, Any]:
    said = {name: typed[name] for name in ("service", "text", "answers", "contact")}
    said["answers"] = {name: value for name, value in typed["answers"].items() if name not in earlier.kept(typed)}
    reuse = earlier.taken_over(work, typed)
    submission = Submission(**said, channel="web", language=speech.language(), subject=subject, reuse=reuse)
    return receipt.of(work, submission, case_id)
