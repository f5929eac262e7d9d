"""The form of a service, a question a page: answers are kept between pages, read over once more, and sent once."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from portal.clock import local_date
from portal.db import new_id
from portal.errors import Invalid, NotFound, Stale
from portal.intake import filling, foretold, saving
from portal.intake.filling import CHECK, EARLIER, REACH, WORDS
from portal.intake.receive import TEXT_LIMIT
from portal.pages import acting, cookies, earlier, grants, questions, receipt, shelf, speech, taking
from portal.pages.opening import as_citizen, page, show, the_portal
from portal.pages.services import offered
from portal.pages.shelf import COOKIE, LATER, Kept, to
from portal.unit_of_work import ANONYMOUS, Work
from portal.vault import drafts
from portal.views.fees import money

pages = Blueprint("form_pages", __name__)


@pages.route("/services/<service>/request", methods=["POST"])
@page("case.open", limit="intake")
def begin(service: str) -> Response:
    """Starts the form of a service"""
    return _begin(filling.blank(offered(service).id, None))


@pages.route("/request", methods=["POST"])
@page("case.open")
def begin_with_words() -> Response:
    """Starts from a sentence, whatever service it may be for"""
    return _begin(filling.blank(None, request.form.get("text", "").strip()[:TEXT_LIMIT] or None))


def _begin(typed: dict[str, Any]) -> Response:
    token, id = cookies.given(COOKIE) or token_urlsafe(32), new_id()
    if earlier.offered(filling.service_of(the_portal().catalogue, typed), shelf.place().facts):
        typed["earlier"] = True
    with the_portal().work(ANONYMOUS) as work:
        drafts.begin(work, id, token, typed)
    answer = to(id, _next(typed))
    cookies.put(answer, COOKIE, token, seconds=int(drafts.OPEN.total_seconds()))
    return answer


@pages.route("/request/<uuid:draft>/<step>")
@page("case.open")
def step(draft: UUID, step: str) -> Response:
    """One question, the way to reach somebody, or all answers to be read over"""
    kept = shelf.read(draft)
    if kept.sent:
        return to(draft, "done")
    if step == CHECK:
        following = _next(kept.typed)
        return _check(kept) if following == CHECK else to(draft, following)
    if step not in _steps(kept.typed):
        raise NotFound
    service = filling.service_of(the_portal().catalogue, kept.typed)
    if step == EARLIER and service:
        return earlier.ask(kept.typed, service, shelf.place().facts, of=len(_steps(kept.typed)))
    return _ask(kept, step)


@pages.route("/request/<uuid:draft>/<step>", methods=["POST"])
@page("case.open")
def take(draft: UUID, step: str) -> Response:
    """Takes one answer, or sends everything"""
    if step == CHECK:
        return _send(draft)
    if step == EARLIER:
        return _use_again(draft)
    later = request.form.get("do") == "later"
    with the_portal().work(ANONYMOUS) as work:
        kept = shelf.load(work, draft, alone=True)
        if kept.sent or step not in _steps(kept.typed):
            return to(draft, "done" if kept.sent else _next(kept.typed))
        typed, errors, boxes = taking.taken(kept.typed, step, shelf.place())
        if later and errors:
            typed = taking.put_down(kept.typed, step, boxes)
        if later or not errors:
            try:
                shelf.save(work, kept, typed, version=acting.version())
            except Stale:
                errors, later = {"main": _changed()}, False
                boxes = _boxes(kept, step)
    if errors and not later:
        return _ask(kept, step, errors, boxes)
    # What somebody types who signed in is saved among its own as it is typed.
    if kept.row is None and (later or as_citizen().subject):
        shelf.put_away(draft)
    answer = to(draft, LATER if later else _next(typed))
    if later or draft in grants.held(the_portal()):
        grants.give(the_portal(), answer, draft)
    return answer


def _use_again(draft: UUID) -> Response:
    """Takes what is ticked of the answers given elsewhere."""
    found = earlier.offered(filling.service_of(the_portal().catalogue, shelf.read(draft).typed), shelf.place().facts)
    with the_portal().work(ANONYMOUS) as work:
        kept = shelf.load(work, draft, alone=True)
        if kept.sent or EARLIER not in _steps(kept.typed):
            return to(draft, "done" if kept.sent else _next(kept.typed))
        typed = earlier.chosen(kept.typed, found)
        shelf.save(work, kept, typed)
    return to(draft, _next(typed))


def _changed() -> str:
    return speech.words("Somebody has changed this form since you opened it, perhaps you on another device. Look at how it stands now, then send yours again.")


def _boxes(kept: Kept, step: str) -> Any:
    """What was typed into the boxes just now."""
    service = filling.service_of(the_portal().catalogue, kept.typed)
    field = next((one for one in service.fields if one.id == step), None) if service else None
    if field:
        return questions.typed_in(field, request.form)
    return request.form.get("words", "") if step == WORDS else {name: request.form.get(name, "") for name in taking.CONTACT}


@pages.route("/request/<uuid:draft>/done")
@page("case.open")
def done(draft: UUID) -> Response:
    """What became of it: reference, secret, date"""
    kept = shelf.read(draft)
    if not kept.sent:
        return to(draft, _next(kept.typed))
    return receipt.receipt(kept.typed if "reference" in kept.typed else receipt.again(UUID(kept.typed["case"])))


def _steps(typed: dict[str, Any]) -> list[str]:
    return filling.steps(the_portal().catalogue, typed, shelf.place().facts)


def _next(typed: dict[str, Any]) -> str:
    return filling.following(the_portal().catalogue, typed, shelf.place().facts)


def _ask(kept: Kept, step: str, errors: dict[str, str] | None = None, boxes: Any = None) -> Response:
    typed, catalogue = kept.typed, the_portal().catalogue
    service, steps = filling.service_of(catalogue, typed), _steps(typed)
    at = steps.index(step)
    field = next((one for one in service.fields if one.id == step), None) if service else None
    return show(
        "step.html",
        status=422 if errors else 200,
        kind="contact" if step == REACH else "words" if step == WORDS else "question",
        field=field,
        values=taking.in_boxes(typed, step, field) if boxes is None else boxes,
        errors=errors or {},
        service=service,
        at=at + 1,
        of=len(steps),
        back=f"/request/{kept.id}/{steps[at - 1]}" if at else f"/services/{service.id}" if service else "/",
        emergency=taking.danger(catalogue, typed),
        parts=questions.PARTS,
        draft=kept,
        unfit=filling.unfit(catalogue, typed, shelf.place().facts),
    )


def _check(kept: Kept, *, changed: bool = False) -> Response:
    typed, catalogue, place = kept.typed, the_portal().catalogue, shelf.place()
    service, told = filling.service_of(catalogue, typed), None
    if service:
        zone = catalogue.agencies[service.agency].calendars[0].zone
        with the_portal().work(ANONYMOUS) as work:
            told = foretold.foretold(service, typed["answers"], {**place.facts, "today": local_date(work.now, zone)})
    rows = [(one, questions.shown(one, typed["answers"].get(one.id))) for one in filling.asked(service, typed["answers"], place.facts)] if service else []
    price = told.price if told else None
    return show(
        "check.html",
        status=412 if changed else 200,
        changed=_changed() if changed else None,
        draft=kept,
        typed=typed,
        service=service,
        rows=rows,
        foretold=told,
        price=money(price.amount, price.currency, speech.language()) if price else None,
        promises=[one for one in service.standards if one.kind != "agreement" and one.covers == "case"] if service else [],
        emergency=taking.danger(catalogue, typed),
        reach=REACH,
        words=WORDS,
        earlier=earlier.told(typed, service),
        unfit=filling.unfit(catalogue, typed, place.facts),
    )


def _send(draft: UUID) -> Response:
    """Once, however often it is sent: who comes second waits for the first, and is shown the same."""
    case_id, who = new_id(), as_citizen()
    try:
        with the_portal().work(who, new_cases=[case_id]) as work:
            kept = shelf.load(work, draft, alone=True)
            if kept.sent:
                return to(draft, "done")
            following = _next(kept.typed)
            if following != CHECK:
                return to(draft, following)
            if kept.row is not None and acting.version() not in (None, kept.version):
                return _check(kept, changed=True)
            _receive(work, kept, case_id, who.subject)
    except Invalid as wrong:
        if not earlier.concerns(wrong):
            raise
        return _asked_again(draft)
    answer = to(draft, "done")
    grants.give(the_portal(), answer, case_id)
    return answer


def _asked_again(draft: UUID) -> Response:
    """What was to be taken over has changed, or is not the asker's any more: those questions are asked."""
    with the_portal().work(ANONYMOUS) as work:
        kept = shelf.load(work, draft, alone=True)
        typed = filling.without_reused(kept.typed)
        shelf.save(work, kept, typed)
    return to(draft, _next(typed))


def _receive(work: Work, kept: Kept, case_id: UUID, subject: str | None) -> None:
    reuse = earlier.taken_over(work, kept.typed)
    if kept.row is not None:
        saving.send(work, kept.row, shelf.place(), case_id, subject=subject, reuse=reuse)
        return
    given = saving.submission(kept.typed, shelf.place(), subject=subject, reuse=reuse)
    drafts.save(work, kept.id, cookies.given(COOKIE) or "", receipt.of(work, given, case_id), sent=True)
