"""`POST /cases/{reference}/secret`: a case secret that was lost is made anew for who has shown to be its party."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields, validate

from portal.access import grants
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema, words
from portal.api.spec import Resource
from portal.intake import behalf
from portal.views import entry

resource = Resource("secrets", __name__, description="Lost case secrets.")


class Lost(Schema):
    """What showed who asks."""

    how = fields.String(required=True, validate=validate.OneOf(behalf.SHOWN), metadata={"description": "A paper with a picture, questions, or in person."})
    words = fields.String(required=True, validate=words(2000), metadata={"description": "What was looked at or asked; staff may read it, the party does not."})


class NewSecret(Schema):
    """Shown this once; the one before opens nothing any more, and the party is told."""

    reference = fields.String(required=True)
    secret = fields.String(required=True)


@resource.route("/cases/<reference>/secret", methods=["POST"])
@allowed("case.renew-secret", headers=("Idempotency-Key",))
@resource.arguments(Lost)
@resource.answer(201, NewSecret)
def renew_secret(body: dict[str, Any], reference: str) -> Response:
    """Make a lost secret anew"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "case.renew-secret")) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        case_id = entry.find(work, reference)
        work.narrow([case_id])
        grants.demand_open(work, case_id, who.subject)
        secret = behalf.renew_secret(work, case_id, how=body["how"], words=body["words"])
        work.settle()
        given = answer(201, {"reference": reference, "secret": secret})
        work.keep(given)
    return respond(given)
