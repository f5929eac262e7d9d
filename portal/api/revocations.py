"""`/cases/{reference}/revocations`: an approval by silence is taken back."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema, words
from portal.api.spec import Resource
from portal.api.versions import demand_version
from portal.cases import registry
from portal.views import entry
from portal.workflow import revoking

resource = Resource("revocations", __name__, description="Approvals by silence, taken back for a time after they took effect.")


class Revocation(Schema):
    """Why an approval by silence is taken back, and from which day on. The law is its standard's."""

    words = fields.String(required=True, validate=words(10_000), metadata={"description": "Reasons; the party reads them."})
    effective_on = fields.Date(required=True, metadata={"description": "From that local day on the approval no longer holds; not before today."})


class Revoked(Schema):
    """The decision that took its place. Another one is to be taken: a task of kind `decision` waits for it."""

    reference = fields.String(required=True)
    decision = fields.UUID(required=True)
    outcome = fields.String(required=True)


@resource.route("/cases/<reference>/revocations", methods=["POST"])
@allowed("decision.revoke", headers=("Idempotency-Key", "If-Match"))
@resource.arguments(Revocation)
@resource.response(201, Revoked)
def revoke(body: dict[str, Any], reference: str) -> Response:
    """Take back an approval by silence, while its law allows it; the party is told, with what it can do against that"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "decision.revoke")) as work:
        case_id = entry.find(work, reference)
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([case_id])
        demand_version(work.version(case_id))
        new = revoking.revoke(work, case_id, **body)
        work.settle()
        case = registry.case_of(work, case_id)
        given = answer(201, {"reference": case["reference"], "decision": new, "outcome": case["outcome"]})
        work.keep(given)
    return respond(given)
