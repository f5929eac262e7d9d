"""`/drafts`: a form that is not sent yet: saved, taken up elsewhere, changed by one at a time, sent once or deleted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g, request
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import language, principal, the_portal
from portal.api.cases import CHANNELS, Contact, Started, receipt
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import LANGUAGE, Schema, words
from portal.api.services import say
from portal.api.spec import Resource
from portal.api.versions import etag, if_match
from portal.db import new_id
from portal.errors import Invalid, NotSignedIn
from portal.intake import answers as rules
from portal.intake import behalf, filling, saving
from portal.intake.receive import contact_of
from portal.intake.saving import Place
from portal.unit_of_work import Row, Work
from portal.views import drafts as ways

resource = Resource("drafts", __name__, description="Forms that are not sent yet.")


class Filled(Schema):
    """What is typed; every part may be left out. An answer of null is taken out."""

    service = fields.String(validate=validate.Length(1, 100))
    text = fields.String(validate=words(20_000))
    answers = fields.Dict(keys=fields.String(validate=validate.Length(1, 100)), validate=validate.Length(max=200))
    contact = fields.Nested(Contact)
    channel = fields.String(validate=validate.OneOf(CHANNELS), metadata={"description": "Where it is filled now; absent: `counter` for staff, else `web`."})
    language = fields.String(validate=LANGUAGE)
    consent = fields.String(validate=validate.OneOf(behalf.HOW), metadata={"description": "Staff: how whom it is for agreed that it is entered for them."})


class Unfit(Schema):
    """An answer that was given once and does not fit the form as it is now."""

    field = fields.String(required=True)
    label = fields.String(required=True)
    value = fields.String(required=True)
    asked = fields.Boolean(required=True, metadata={"description": "Its question is asked again; else it is not asked any more."})


class DraftShown(Schema):
    """A form that is not sent yet."""

    reference = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    text = fields.String(required=True, allow_none=True)
    answers = fields.Dict(required=True)
    contact = fields.Dict(required=True)
    channel = fields.String(required=True)
    language = fields.String(required=True)
    saved_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, metadata={"description": "It is deleted then, with all that was typed, unless it is changed before."})
    missing = fields.List(fields.String(), required=True, metadata={"description": "Ids of required questions that are still open."})
    unfit = fields.List(fields.Nested(Unfit), required=True)


class DraftBegun(DraftShown):
    """The same, and the secret that opens it with its reference: on any device, or at a counter."""

    secret = fields.String(required=True)


class OwnDraft(Schema):
    """One draft in a list."""

    reference = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    channel = fields.String(required=True)
    saved_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)


class OwnDrafts(Schema):
    """Those one keeps, the newest change first."""

    items = fields.List(fields.Nested(OwnDraft), required=True)


class TakenUp(Schema):
    """Where it goes on."""

    channel = fields.String(validate=validate.OneOf(CHANNELS))
    consent = fields.String(validate=validate.OneOf(behalf.HOW), metadata={"description": "Staff: how whom it is for agreed that it is entered for them."})


@resource.route("/drafts", methods=["POST"])
@allowed("draft.fill", headers=("Idempotency-Key",), limit="intake")
@resource.arguments(Filled)
@resource.answer(201, DraftBegun)
def begin_draft(body: dict[str, Any]) -> Response:
    """Save a form for later"""
    portal, who, id = the_portal(), principal(), new_id()
    place = _place(body, None)
    with portal.work(who, repeatable=repeatable(who, "draft.begin"), new_cases=[id]) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        filled = _with(work, filling.blank(None, None), body, place)
        if who.scope == "staff":
            row = behalf.begin(work, id, filled, place, consent=body.get("consent", ""))
        else:
            row = saving.begin(work, id, filled, place, subject=who.subject if who.scope == "party" else None)
        work.settle()
        given = answer(201, DraftBegun().dump({**_told(work, row, place, typed=filled), "secret": saving.code(work, row)}))
        work.keep(given)
    return respond(given, headers={"Location": f"/api/v1/drafts/{row['reference']}", "ETag": etag(1)})


@resource.route("/drafts")
@allowed("draft.list-own")
@resource.response(200, OwnDrafts)
def list_drafts() -> Any:
    """One's own"""
    with the_portal().work(principal()) as work:
        return {"items": ways.kept_by(work)}


@resource.route("/drafts/<draft>")
@allowed("draft.fill")
@resource.response(200, DraftShown)
def show_draft(draft: str) -> Any:
    """What was typed so far, by `Case-Secret` or as who keeps it"""
    proved = _proved(draft)
    with the_portal().work(principal()) as work:
        row = _opened(work, draft, proved)
        return _told(work, row, _place({}, row)), {"ETag": etag(work.version(row["case_id"]))}


@resource.route("/drafts/<draft>", methods=["PATCH"])
@allowed("draft.fill", headers=("If-Match",))
@resource.arguments(Filled)
@resource.response(200, DraftShown)
def change_draft(body: dict[str, Any], draft: str) -> Any:
    """Add answers, change them, take them out; the rest stays"""
    proved = _proved(draft)
    with the_portal().work(principal()) as work:
        row = _opened(work, draft, proved)
        place = _place(body, row)
        version = work.version(row["case_id"])
        saving.save(work, row, _with(work, saving.filled(work, row, place), body, place), place, version=if_match())
        work.settle()
        # What is written raises the version by one, however much it is.
        written = bool(work.recorded())
        return _told(work, row, place), {"ETag": etag(version + written)}


@resource.route("/drafts/<draft>", methods=["DELETE"])
@allowed("draft.fill", headers=("If-Match",))
@resource.response(204)
def delete_draft(draft: str) -> Any:
    """Delete it, with all that was typed"""
    proved = _proved(draft)
    with the_portal().work(principal()) as work:
        row = _opened(work, draft, proved)
        saving.demand(work, row, if_match())
        saving.delete(work, row, _place({}, row))
    return None


@resource.route("/drafts/<draft>/taking-up", methods=["POST"])
@allowed("draft.fill", headers=("Idempotency-Key",), limit="prove")
@resource.arguments(TakenUp)
@resource.answer(200, DraftShown)
def take_up_draft(body: dict[str, Any], draft: str) -> Response:
    """Go on with it here; staff who bring its secret have it in hand for two hours"""
    who, proved = principal(), _proved(draft)
    with the_portal().work(who, repeatable=repeatable(who, "draft.take-up")) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        row = _opened(work, draft, proved)
        place, version = _place(body, row), work.version(row["case_id"])
        if who.scope == "staff":
            behalf.take_up(work, row, place, consent=body.get("consent", ""))
        else:
            saving.take_up(work, row, place, how="secret" if proved else "known")
        work.settle()
        given = answer(200, DraftShown().dump(_told(work, row, place)))
        work.keep(given)
    return respond(given, headers={"ETag": etag(version + 1)})


@resource.route("/drafts/<draft>/keeping", methods=["POST"])
@allowed("draft.keep")
@resource.response(204)
def keep_draft(draft: str) -> Any:
    """Keep it among one's own; it is opened by its secret this once"""
    proved = _proved(draft)
    with the_portal().work(principal()) as work:
        saving.keep(work, _opened(work, draft, proved), str(principal().subject))
    return None


@resource.route("/drafts/<draft>/submission", methods=["POST"])
@allowed("draft.fill", headers=("Idempotency-Key", "If-Match"), limit="intake")
@resource.arguments(TakenUp)
@resource.answer(201, Started)
def send_draft(body: dict[str, Any], draft: str) -> Response:
    """Send it: it becomes a request, once"""
    portal, who, case_id, proved = the_portal(), principal(), new_id(), _proved(draft)
    with portal.work(who, repeatable=repeatable(who, "draft.send"), new_cases=[case_id]) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        row = _opened(work, draft, proved)
        place, version = _place(body, row), if_match()
        if who.scope == "staff":
            taken = behalf.send(work, row, place, case_id, version=version)
        else:
            taken = saving.send(work, row, place, case_id, subject=who.subject if who.scope == "party" else None, version=version)
        work.settle()
        given = answer(201, receipt(work, taken))
        work.keep(given)
    return respond(given, headers={"Location": f"/api/v1/cases/{taken.case['reference']}"})


def _proved(draft: str) -> UUID | None:
    """The draft whose secret came with the request. Who sends none is signed in: as who keeps it, or has it in hand."""
    given = request.headers.get("Case-Secret")
    if given is not None:
        return ways.proved(the_portal(), draft, given, sender=g.get("sender", ""))
    if principal().scope == "anonymous":
        raise NotSignedIn("Send the draft's secret in the header Case-Secret, or sign in.")
    return None


def _opened(work: Work, draft: str, proved: UUID | None) -> Row:
    return saving.opened(work, proved or ways.named(work, draft), principal(), proved=proved is not None)


def _place(body: dict[str, Any], row: Row | None) -> Place:
    staff = principal().scope == "staff"
    channel = body.get("channel") or ("counter" if staff else "web")
    spoken = body.get("language") or (row["language"] if row else language())
    return Place(channel, spoken, principal().subject if staff else None)


def _with(work: Work, filled: dict[str, Any], body: dict[str, Any], place: Place) -> dict[str, Any]:
    """The form with what was sent in it. Invalid with a pointer for each value that cannot be taken."""
    if "service" in body and body["service"] != filled["service"]:
        service = work.catalogue.services.get(body["service"])
        if service is None or service.triage:
            raise Invalid(errors=[{"pointer": "/service", "detail": "There is no service of that name; GET /api/v1/services lists them."}])
        filled = filling.fitted(work.catalogue, {**filled, "service": service.id}, place.facts)
    if "text" in body:
        filled = {**filled, "text": _plain(body["text"])}
    if "contact" in body:
        filled = {**filled, "contact": contact_of(body["contact"]), "seen": [*(one for one in filled["seen"] if one != filling.REACH), filling.REACH]}
    if body.get("answers"):
        found = filling.service_of(work.catalogue, filled)
        if found is None:
            raise Invalid(errors=[{"pointer": "/answers", "detail": "Answers belong to a service: name it in `service`, or say it all in `text`."}])
        filled = filling.answered(found, filled, body["answers"], place.facts)
    return filled


def _plain(text: str) -> str:
    try:
        return rules.plain(text, limit=20_000)
    except rules.Wrong as wrong:
        raise Invalid(errors=[{"pointer": "/text", "detail": str(wrong)}]) from wrong


def _told(work: Work, row: Row, place: Place, *, typed: dict[str, Any] | None = None) -> dict[str, Any]:
    filled = saving.filled(work, row, place) if typed is None else typed
    service = filling.service_of(work.catalogue, filled)
    return {
        **{name: row[name] for name in ("reference", "channel", "language", "saved_at", "expires_at")},
        **{name: filled[name] for name in ("service", "text", "answers", "contact")},
        "missing": rules.missing(service, filled["answers"], facts=place.facts) if service else [],
        "unfit": [
            {"field": one.field, "label": say(one.label, language()), "value": one.value, "asked": one.asked}
            for one in filling.unfit(work.catalogue, filled, place.facts)
        ],
    }
