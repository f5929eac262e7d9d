"""`/cases/{reference}`: where a request stands, and what its party can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, g, redirect, request

from portal.access import once
from portal.cases import reference as references
from portal.cases import registry
from portal.catalogue.definitions import Field, Service
from portal.db import new_id
from portal.errors import Invalid, NotFound, NotSignedIn, Refusal
from portal.intake import party
from portal.pages import grants, history, later, questions, receipts, speech
from portal.pages.opening import as_party, own_way, page, principal, show, signed_in, the_portal
from portal.pages.receipt import why
from portal.parties import register
from portal.unit_of_work import ANONYMOUS, Answer, Repeatable, Work
from portal.views import case as views
from portal.views import decisions, documents, drafts, entry, notices, places
from portal.views.danger import emergency

pages = Blueprint("cases_pages", __name__)

#: Events shown on the page.
SHOWN = 200


@pages.route("/cases")
@page("case.open")
def door() -> Response:
    """Where somebody names a request"""
    return show("open.html", reference="", fault=None, going=own_way(request.args.get("next")))


@pages.route("/cases", methods=["POST"])
@page("case.open", limit="prove")
def unlock() -> Response:
    """Reference and secret, proved once; then this browser may see the case for two hours"""
    reference, given = request.form.get("reference", "").strip(), request.form.get("secret", "").strip()
    going = own_way(request.form.get("next"))
    version = entry.secret_version(the_portal(), reference)
    try:
        proved = entry.prove(the_portal(), ANONYMOUS, reference, given, sender=g.get("sender", ""))
        if drafts.is_draft(the_portal(), proved.cases[0]):
            return later.going_on(proved.cases[0], version=version)
        with the_portal().work(proved) as work:
            case_id = entry.find(work, reference)
    except Refusal as refused:
        if refused.status == 429 or refused.status >= 500:
            raise
        return show("open.html", status=422, reference=reference, fault=True, going=going)
    answer = to_case(references.read(reference)) if going == "/" else Response(status=303, headers={"Location": going})
    grants.give(the_portal(), answer, case_id, version=version)
    return answer


@pages.route("/cases/leave", methods=["POST"])
@page("case.open")
def leave() -> Response:
    """Closes all requests in this browser"""
    answer = Response(status=303, headers={"Location": "/"})
    grants.leave(answer)
    return answer


@pages.route("/cases/<reference>")
@page("case.open")
def case(reference: str) -> Response:
    """Where it stands; who has not proved it yet is asked for the secret"""
    return case_page(reference)


@pages.route("/cases/<reference>/keeping", methods=["POST"])
@page("case.keep")
def keep(reference: str) -> Response:
    """Whoever signed in keeps it among its own"""
    return _act(reference, "case.keep", party.keep, "keeping")


@pages.route("/cases/<reference>/messages", methods=["POST"])
@page("case.message")
def write(reference: str) -> Response:
    """A message, taken once"""
    words = request.form.get("words", "")
    if not words.strip():
        return case_page(reference, status=422, faults={"words": speech.words("Write your message first.")})
    return _act(reference, "case.message", lambda work, id: party.write(work, id, words), "message")


@pages.route("/cases/<reference>/feedback", methods=["POST"])
@page("case.write")
def rate(reference: str) -> Response:
    """How it was"""
    score, words = request.form.get("score", ""), request.form.get("words", "").strip()
    if score not in ("1", "2", "3", "4", "5"):
        return case_page(reference, status=422, faults={"score": speech.words("Choose an answer.")})
    return _act(reference, "case.feedback", lambda work, id: party.rate(work, id, score=int(score), words=words or None), "feedback")


@pages.route("/cases/<reference>/withdrawal")
@page("case.open")
def sure(reference: str) -> Response:
    """Asks once more before anything is taken back"""
    return case_page(reference, template="withdraw.html")


@pages.route("/cases/<reference>/withdrawal", methods=["POST"])
@page("case.withdraw")
def withdraw(reference: str) -> Response:
    """Takes it back"""
    words = request.form.get("words", "").strip()
    return _act(reference, "case.withdraw", lambda work, id: party.take_back(work, id, words or None), "withdrawal")


@pages.route("/cases/<reference>/answers")
@page("case.open")
def asked(reference: str) -> Response:
    """What the party is asked now"""
    return case_page(reference, template="answers.html")


@pages.route("/cases/<reference>/answers", methods=["POST"])
@page("case.write")
def answer(reference: str) -> Response:
    """Takes the answers to what was asked"""
    with the_portal().work(principal()) as work:
        fields = _asked_fields(work, entry.find(work, reference))
    if not fields:
        return to_case(reference)
    given = {field.id: value for field in fields if (value := questions.read(field, request.form)) not in (None, [])}
    if not given:
        faults = {field.id: questions.needed(field) for field in fields}
        return case_page(reference, template="answers.html", status=422, faults=faults)
    try:
        return _act(reference, "case.answer", lambda work, id: party.answer(work, id, given), "answers")
    except Invalid as wrong:
        names = {one["pointer"].rpartition("/")[2] for one in wrong.errors}
        faults = {field.id: questions.advice(field) for field in fields if field.id in names}
        if not faults:
            raise
        boxes = {field.id: questions.typed_in(field, request.form) for field in fields}
        return case_page(reference, template="answers.html", status=422, faults=faults, boxes=boxes)


def to_case(reference: str, done: str = "") -> Response:
    """Back to the page of the case, which says what was done."""
    place = f"/cases/{reference}" + (f"?done={done}" if done else "")
    return Response(status=303, headers={"Location": redirect(place).location})


def _act(reference: str, action: str, act: Callable[[Work, UUID], Any], done: str) -> Response:
    """One change of the party's, once for the key its form brought and what was written in it."""
    who = principal()
    with the_portal().work(who, repeatable=written_once(reference, action)) as work:
        if work.answer is None:
            case_id = entry.find(work, reference)
            work.narrow([case_id])
            act(work, case_id)
            work.settle()
            work.keep(Answer(303, b"{}"))
    return to_case(reference, done)


def written_once(reference: str, action: str, *more: str) -> Repeatable | None:
    """The form in hand as one that may come twice: the key it brought, what was written in it, and what else it brought."""
    fields = sorted((name, tuple(request.form.getlist(name))) for name in request.form)
    digest = sha256(repr((action, reference, fields, *more)).encode()).hexdigest()
    return Repeatable(f"page {reference}", digest, digest.encode()) if request.form.get("once", "") else None


def case_page(reference: str, *, template: str = "case.html", status: int = 200, faults: dict[str, str] | None = None, boxes: Any = None) -> Response:
    """The page of a case, or where its secret is asked for."""
    portal = the_portal()
    here = signed_in()
    who = replace(as_party(here.principal if here else ANONYMOUS, reference), scope="party")
    citizen = here is not None and here.principal.scope == "party"
    try:
        with portal.work(who) as work:
            told = _told(work, entry.find(work, reference))
            known = register.standing(work, told["id"], who.subject)
    except (NotFound, NotSignedIn):
        return show("open.html", reference=reference, fault=None, going="/")
    danger = emergency(portal.catalogue, told["case"]["agency"], speech.language()) if told["case"]["danger"] and not told["over"] else None
    done = request.args.get("done", "")
    response = show(
        template,
        status=status,
        faults=faults or {},
        values=told["answered"] | (boxes or {}),
        once=str(new_id()),
        emergency=danger,
        done=done,
        keeps="kept" if known else "may" if citizen else "no",
        parts=questions.PARTS,
        itself=known is None or known.mandate is None,
        **told,
    )
    if told["id"] in grants.held(portal):
        grants.give(portal, response, told["id"])
    return response


def _told(work: Work, case_id: UUID) -> dict[str, Any]:
    case = views.case(work, case_id, language=speech.language())
    row = once.rows(work, registry.one, case_id)[0]
    catalogue = work.catalogue
    service = catalogue.services.get(case["service"] or "") or catalogue.triage
    events = views.shown_to(work.principal, views.first_events(work, case_id, limit=SHOWN))
    return {
        "id": case_id,
        "case": case,
        "service": service,
        "agency": catalogue.agencies[case["agency"]],
        "agencies": catalogue.agencies,
        "places": places.of_case(work, case_id),
        "why": why(work, case_id),
        "decisions": decisions.of_case(work, case_id, language=speech.language()),
        "documents": [{**one, "long": speech.size(one["size"])} for one in documents.of_case(work, case_id)],
        "sent": receipts.told(notices.of_case(work, case_id), row["zone"]),
        "events": history.told(catalogue, events, row["zone"]),
        "fields": _fields(work, case),
        "answered": {field.id: questions.boxes(field, case["given"]["answers"].get(field.id)) for field in service.fields},
        "received": history.moment(case["received_at"], row["zone"]),
        "messages": [{**one, "at": one["at"][:10]} for one in case["given"]["messages"]],
        "over": case["status"] in ("closed", "withdrawn"),
        "shown": [(field, questions.shown(field, case["given"]["answers"].get(field.id))) for field in service.fields],
        "rated": any(event["type"] == "FeedbackGiven" for event in events),
    }


def _asked_fields(work: Work, case_id: UUID) -> list[Field]:
    """Questions of the service the party is asked now."""
    return _fields(work, views.case(work, case_id, language=speech.language()))


def _fields(work: Work, case: dict[str, Any]) -> list[Field]:
    service: Service | None = work.catalogue.services.get(case["service"] or "")
    wanted = {name for one in case["asked"] for name in one["fields"]}
    return [field for field in service.fields if field.id in wanted] if service else []
