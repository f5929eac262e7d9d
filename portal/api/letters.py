"""`POST /letters`: a letter that came in, counted from the day it was received."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.cases import Contact, Location, PromiseGiven
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import LANGUAGE, Schema, words
from portal.api.spec import Resource
from portal.intake import letters
from portal.views import letters as views
from portal.views.letters import Letter

resource = Resource("letters", __name__, description="Letters that came in: new requests, replies, withdrawals, objections.")


class LetterIn(Schema):
    """A letter. About a request: `reference`; a new one: `service` or `text`. Its scan follows as a document (`letter=true`)."""

    kind = fields.String(required=True, validate=validate.OneOf(letters.KINDS))
    received_on = fields.Date(
        required=True, metadata={"description": "The local day on which the first agency had it in its hands, also where that was another."}
    )
    reason = fields.String(validate=words(letters.REASON_LIMIT), load_default=None, metadata={"description": "Why it is written down so late."})
    agency = fields.String(validate=validate.Length(1, 100), load_default=None, metadata={"description": "At which of one's agencies; absent: the first."})
    reference = fields.String(validate=validate.Length(1, 40), load_default=None)
    service = fields.String(validate=validate.Length(1, 100), load_default=None)
    text = fields.String(validate=words(20_000), load_default=None, metadata={"description": "What it says, in short or in full."})
    answers = fields.Dict(keys=fields.String(validate=validate.Length(1, 100)), validate=validate.Length(max=200), load_default=dict)
    contact = fields.Nested(Contact, load_default=dict)
    location = fields.Nested(Location, load_default=dict)
    language = fields.String(validate=LANGUAGE, load_default=None)


class LetterTaken(Schema):
    """What became of it. Of a new request and of an objection the reference is that of the new case; the secret is shown this once."""

    reference = fields.String(required=True)
    secret = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    received_at = fields.DateTime(required=True)
    promise = fields.Nested(PromiseGiven, required=True, allow_none=True)
    answers = fields.List(fields.String(), required=True, metadata={"description": "Questions still open."})


@resource.route("/letters", methods=["POST"])
@allowed("letter.receive", headers=("Idempotency-Key",))
@resource.arguments(LetterIn)
@resource.answer(201, LetterTaken)
def receive_letter(body: dict[str, Any]) -> Response:
    """Write down a letter: its promises and its terms run from the day it was received"""
    who, same = principal(), repeatable(principal(), "letter.receive")
    before, given = views.write_down(the_portal(), who, Letter(**body), same, lambda told: answer(201, LetterTaken().dump(told)))
    return respond(given, replayed=before)
