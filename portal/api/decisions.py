"""`/cases/{reference}/decisions` and what follows from them: the letter, its service, an objection."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import fields, validate

from portal.access import grants, reads
from portal.access.scoping import visible
from portal.api.allowed import allowed
from portal.api.asking import language, principal, the_portal
from portal.api.cases import Contact, PromiseGiven
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema, words
from portal.api.spec import Resource
from portal.cases import decisions, secret
from portal.db import new_id
from portal.errors import NotFound
from portal.intake.objections import WHY_LATE, Objection, object_to
from portal.standards import clocks
from portal.unit_of_work import Row, Work
from portal.views import case as case_view
from portal.views import decisions as views
from portal.views import entry
from portal.workflow import serving

resource = Resource("decisions", __name__, description="Decisions: what they say, when they were served, and objections to them.")

_FORMS = ("text/plain", "text/html")


class LawShown(Schema):
    """The law a decision rests on."""

    title = fields.String(required=True, allow_none=True)
    article = fields.String(required=True, allow_none=True)
    url = fields.String(required=True, allow_none=True)


class Official(Schema):
    """Who decided: its name where it signs with one, and where it works. `subject` is for staff."""

    name = fields.String(required=True, allow_none=True)
    function = fields.String(required=True, allow_none=True)
    subject = fields.String()


class RemedyShown(Schema):
    """What can be done against it. No `last_day` until it was served."""

    kind = fields.String(required=True, metadata={"enum": ["objection", "appeal", "none"]})
    within = fields.String(required=True, allow_none=True)
    last_day = fields.Date(required=True, allow_none=True)
    law = fields.String(required=True, allow_none=True)
    turn_to = fields.String(required=True, allow_none=True)
    says = fields.String(required=True, metadata={"description": "One sentence for the party, as things stand now."})


class Objected(Schema):
    """That somebody objected."""

    late = fields.Boolean(required=True)
    since = fields.DateTime(required=True)
    ended = fields.String(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


class Decided(Schema):
    """One decision."""

    id = fields.UUID(required=True)
    outcome = fields.String(required=True)
    title = fields.String(required=True, metadata={"description": "The outcome in words."})
    gives = fields.String(required=True, allow_none=True, metadata={"enum": ["all", "part", "nothing", None]})
    reasons = fields.String(required=True, allow_none=True)
    conditions = fields.List(fields.String(), required=True)
    law = fields.Nested(LawShown, required=True)
    official = fields.Nested(Official, required=True)
    authority = fields.String(required=True, allow_none=True)
    mandate = fields.String(required=True, allow_none=True)
    agency = fields.String(required=True)
    decided_at = fields.DateTime(required=True)
    served_at = fields.DateTime(required=True, allow_none=True)
    served_by = fields.String(required=True, allow_none=True, metadata={"enum": [*decisions.MEANS, None]})
    remedy = fields.Nested(RemedyShown, required=True, allow_none=True)
    effective_on = fields.String(
        required=True, allow_none=True, metadata={"format": "date", "description": "Of one that takes an approval back: from that day on."}
    )
    letter = fields.Boolean(required=True, metadata={"description": "Whether there is a letter to read."})
    standing = fields.String(required=True, metadata={"enum": ["made", "served", "objected", "upheld-on-objection", "final", "superseded"]})
    final_at = fields.DateTime(required=True, allow_none=True)
    supersedes = fields.UUID(required=True, allow_none=True)
    superseded_by = fields.UUID(required=True, allow_none=True)
    objections = fields.List(fields.Nested(Objected), required=True)


class Decisions(Schema):
    """All decisions of a case, oldest first."""

    items = fields.List(fields.Nested(Decided), required=True)


class LinkedCase(Schema):
    """A case that belongs to this one."""

    kind = fields.String(required=True, metadata={"enum": ["objection-to", "objected-by"]})
    reference = fields.String(required=True, allow_none=True, metadata={"description": "Null where you may not see that case."})
    decision_id = fields.UUID(required=True, allow_none=True)
    late = fields.Boolean(required=True)
    since = fields.DateTime(required=True)
    ended = fields.String(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


class Links(Schema):
    """What belongs to a case."""

    items = fields.List(fields.Nested(LinkedCase), required=True)


class ServedHow(Schema):
    """How and when a decision was served by a person."""

    means = fields.String(required=True, validate=validate.OneOf(["post", "counter"]))
    at = fields.AwareDateTime(metadata={"description": "RFC 3339, with a zone; left out: now. At most five working days ago."})


class Served(Schema):
    """It was written down."""

    id = fields.UUID(required=True)
    served_at = fields.DateTime(required=True)
    served_by = fields.String(required=True)
    last_day = fields.Date(required=True, allow_none=True)


class Objecting(Schema):
    """Why the party disagrees. Nothing that is known from the first case is asked again."""

    text = fields.String(required=True, validate=words(20_000))
    decision = fields.UUID(metadata={"description": "Left out: the decision that stands."})
    hearing = fields.Boolean(load_default=True, metadata={"description": "Whether the party wants to be heard."})
    late_reason = fields.String(validate=validate.Length(1, 2_000), metadata={"description": "Why it comes after the last day, if it does."})
    contact = fields.Nested(Contact)


class ObjectionTaken(Schema):
    """Receipt of an objection, a case of its own. The secret is shown this once."""

    reference = fields.String(required=True)
    secret = fields.String(required=True)
    status = fields.String(required=True)
    agency = fields.String(required=True)
    late = fields.Boolean(required=True, metadata={"description": "It came after the last day; it is taken all the same."})
    missing = fields.List(fields.String(), required=True, metadata={"description": "Questions still open."})
    promise = fields.Nested(PromiseGiven, required=True, allow_none=True)


@resource.route("/cases/<reference>/decisions")
@allowed("case.read")
@resource.response(200, Decisions)
def list_decisions(reference: str) -> Any:
    """What was decided, why, and what can be done against it until when"""
    with the_portal().work(principal()) as work:
        return {"items": views.of_case(work, entry.find(work, reference), language=language())}


@resource.route("/cases/<reference>/links")
@allowed("case.read")
@resource.response(200, Links)
def list_links(reference: str) -> Any:
    """Cases that belong to this one: objections, and what they are about"""
    with the_portal().work(principal()) as work:
        return {"items": views.belongings(work, entry.find(work, reference))}


@resource.route("/cases/<reference>/decisions/<uuid:id>/letter")
@allowed("case.read")
@resource.answer(200, {"type": "string"}, content_type="text/plain")
def read_letter(reference: str, id: UUID) -> Response:
    """The letter as it went, as plain text or (`Accept: text/html`) as an accessible page"""
    with the_portal().work(principal()) as work:
        found = views.letter(work, entry.find(work, reference), id)
    form = request.accept_mimetypes.best_match(_FORMS, default="text/plain")
    body = found.html if form == "text/html" else found.text
    return Response(
        body, headers={"Content-Language": found.language, "Cache-Control": "private, no-store", "Vary": "Accept"}, content_type=f"{form}; charset=utf-8"
    )


@resource.route("/decisions/<uuid:id>/service", methods=["POST"])
@allowed("decision.serve", headers=("Idempotency-Key",))
@resource.arguments(ServedHow)
@resource.response(200, Served)
def serve(body: dict[str, Any], id: UUID) -> Response:
    """Say when the letter was posted or handed over: the remedy runs from the next day"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "decision.serve")) as work:
        case_id = _case_of(work, id)
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([case_id])
        grants.demand_open(work, case_id, who.subject)
        row = serving.by_hand(work, case_id, id, means=body["means"], at=body.get("at"))
        work.settle()
        given = answer(200, Served().dump(_served(work, row)))
        work.keep(given)
    return respond(given)


def _served(work: Work, row: Row) -> dict[str, Any]:
    return {**row, "last_day": serving.last_day(work, row)}


def _case_of(work: Work, id: UUID) -> UUID:
    """The case of a decision that the reader's own agency took."""
    found = work.run(visible(work, decisions.one(id)))
    if not found or found[0]["agency"] not in work.principal.agencies:
        raise NotFound
    case_id: UUID = found[0]["case_id"]
    reads.note(work, case_id)
    return case_id


@resource.route("/cases/<reference>/objections", methods=["POST"])
@allowed("decision.object", headers=("Idempotency-Key",))
@resource.arguments(Objecting)
@resource.response(201, ObjectionTaken)
def object_(body: dict[str, Any], reference: str) -> Response:
    """Object to a decision: somebody who had no part in it looks again"""
    who, objection_id = principal(), new_id()
    with the_portal().work(who, repeatable=repeatable(who, "decision.object")) as work:
        case_id = entry.find(work, reference)
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([case_id, objection_id])
        row, late = object_to(work, case_id, objection_id, Objection(**body))
        work.settle()
        given = answer(201, _receipt(work, row, late=late, missing=[WHY_LATE] if late and not body.get(WHY_LATE) else []))
        work.keep(given)
    return respond(given, headers={"Location": f"/api/v1/cases/{row['reference']}"})


def _receipt(work: Work, row: Row, *, late: bool, missing: list[str]) -> dict[str, Any]:
    key = work.portal.settings.secret_key.get_secret_value()
    return {
        "reference": row["reference"],
        "secret": secret.derive(key, row["case_id"]),
        "status": row["status"],
        "agency": row["agency"],
        "late": late,
        "missing": missing,
        "promise": case_view.promise(clocks.of_case(work, row["case_id"]), row["zone"], row["language"]),
    }
