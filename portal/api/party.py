"""`/cases/{reference}/…`: the citizen's side of a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema, Whole, words
from portal.api.spec import Resource
from portal.api.versions import demand_version
from portal.cases import registry
from portal.intake import party
from portal.unit_of_work import Work
from portal.views import entry

resource = Resource("party", __name__, description="Writing, answering, withdrawing, saying how it was.")

_WRITES = ("Idempotency-Key", "If-Match")


class Words(Schema):
    """Free words; they are kept apart from the history."""

    words = fields.String(required=True, validate=words(20_000))


class Reason(Schema):
    """Why, if the party wants to say."""

    words = fields.String(validate=words(20_000))


class Withdrawal(Reason):
    """What is taken back, and why, if the party wants to say."""

    part = fields.String(validate=validate.Length(1, 100), metadata={"description": "One part of a life event; absent: the whole request."})


class Answers(Schema):
    """Answers by field id; those not named stay as they are."""

    answers = fields.Dict(keys=fields.String(validate=validate.Length(1, 100)), required=True, validate=validate.Length(1, 200))


class Rating(Schema):
    """How it was: 1 very dissatisfied, 5 very satisfied."""

    score = Whole(required=True, validate=validate.Range(1, 5))
    words = fields.String(validate=words(20_000))


class Written(Schema):
    """What was taken."""

    reference = fields.String(required=True)
    status = fields.String(required=True)
    missing = fields.List(fields.String(), metadata={"description": "Required questions still open."})


def _write(reference: str, action: str, act: Callable[[Work, UUID], dict[str, Any]], status: int = 201) -> Response:
    """One change of a case on behalf of who proved to stand on it: once, whatever is repeated, and against the version that was seen."""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        case_id = entry.find(work, reference)
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([case_id])
        demand_version(work.version(case_id))
        told = act(work, case_id)
        work.settle()
        case = registry.case_of(work, case_id)
        given = answer(status, {"reference": case["reference"], "status": case["status"], **told})
        work.keep(given)
    return respond(given)


@resource.route("/cases/<reference>/messages", methods=["POST"])
@allowed("case.message", headers=_WRITES)
@resource.arguments(Words)
@resource.response(201, Written)
def send_message(body: dict[str, Any], reference: str) -> Response:
    """Write on the case"""

    def act(work: Work, case_id: UUID) -> dict[str, Any]:
        party.write(work, case_id, body["words"])
        return {}

    return _write(reference, "case.message", act)


@resource.route("/cases/<reference>/answers", methods=["POST"])
@allowed("case.write", headers=_WRITES)
@resource.arguments(Answers)
@resource.response(201, Written)
def give_answers(body: dict[str, Any], reference: str) -> Response:
    """Give or change answers; no deadline moves"""
    return _write(reference, "case.answer", lambda work, case_id: {"missing": party.answer(work, case_id, body["answers"])})


@resource.route("/cases/<reference>/withdrawal", methods=["POST"])
@allowed("case.withdraw", headers=_WRITES)
@resource.arguments(Withdrawal)
@resource.response(201, Written)
def withdraw(body: dict[str, Any], reference: str) -> Response:
    """Take the request back, or one part of it"""

    def act(work: Work, case_id: UUID) -> dict[str, Any]:
        party.take_back(work, case_id, body.get("words"), part=body.get("part"))
        return {}

    return _write(reference, "case.withdraw", act)


@resource.route("/cases/<reference>/keeping", methods=["POST"])
@allowed("case.keep", headers=_WRITES)
@resource.response(201, Written)
@resource.alt_response(409, "CONFLICT")
def keep(reference: str) -> Response:
    """Keep it among one's own: with a bearer token and the case's secret, once"""

    def act(work: Work, case_id: UUID) -> dict[str, Any]:
        party.keep(work, case_id)
        return {}

    return _write(reference, "case.keep", act)


@resource.route("/cases/<reference>/feedback", methods=["POST"])
@allowed("case.write", headers=_WRITES)
@resource.arguments(Rating)
@resource.response(201, Written)
def give_feedback(body: dict[str, Any], reference: str) -> Response:
    """Say how it was"""

    def act(work: Work, case_id: UUID) -> dict[str, Any]:
        party.rate(work, case_id, score=body["score"], words=body.get("words"))
        return {}

    return _write(reference, "case.feedback", act)
