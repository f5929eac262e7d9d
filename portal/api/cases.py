"""`/cases`: starting a request and following it."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import language, principal, the_portal
from portal.api.consents import ReuseAsked, reused
from portal.api.fees import FeeShown
from portal.api.paging import Page, after, page
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import LANGUAGE, Schema, words
from portal.api.services import say
from portal.api.spec import Resource
from portal.api.versions import etag
from portal.cases import secret
from portal.catalogue.tabled import Found
from portal.db import new_id
from portal.fees import ledger
from portal.intake import behalf
from portal.intake.receive import Received, Submission, receive
from portal.kpi import finding
from portal.standards import clocks
from portal.unit_of_work import Work
from portal.views import case as views
from portal.views import entry
from portal.views.danger import emergency

resource = Resource("cases", __name__, description="Requests: start one, follow it, answer, take it back.")

CHANNELS = ("web", "counter", "phone", "post", "email", "sms", "open311")


class Contact(Schema):
    """How the party can be reached."""

    name = fields.String(validate=validate.Length(1, 500))
    email = fields.String(validate=validate.Length(1, 254))
    phone = fields.String(validate=validate.Length(1, 50))
    address = fields.String(validate=validate.Length(1, 500))


class Location(Schema):
    """Where it is. WGS 84 degrees."""

    lat = fields.Float(validate=validate.Range(-90, 90))
    long = fields.Float(validate=validate.Range(-180, 180))
    address = fields.String(validate=validate.Length(1, 500))
    area = fields.String(validate=validate.Regexp(r"[a-z0-9][a-z0-9-]{0,59}\Z"), metadata={"description": "Id of a declared area."})


class Start(Schema):
    """A request: `service` or `text` is enough."""

    service = fields.String(validate=validate.Length(1, 100))
    text = fields.String(validate=words(20_000))
    answers = fields.Dict(keys=fields.String(validate=validate.Length(1, 100)), validate=validate.Length(max=200))
    contact = fields.Nested(Contact)
    location = fields.Nested(Location)
    channel = fields.String(validate=validate.OneOf(CHANNELS), load_default="web")
    language = fields.String(validate=LANGUAGE)
    consent = fields.String(
        validate=validate.OneOf(behalf.HOW), metadata={"description": "Staff: how whom it is for agreed that it is entered for them; nobody else sends it."}
    )
    reuse = fields.List(fields.Nested(ReuseAsked), validate=validate.Length(max=20))


class PromiseGiven(Schema):
    """What was promised of the whole request."""

    due_at = fields.DateTime(required=True)
    status = fields.String(required=True)
    says = fields.String(required=True, metadata={"description": "One sentence in the party's language."})


class Emergency(Schema):
    """What to do at once when there is danger."""

    number = fields.String(required=True)
    says = fields.String(required=True)


class Started(Schema):
    """Receipt of a request. The secret is shown this once."""

    reference = fields.String(required=True)
    secret = fields.String(required=True)
    status = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    agency = fields.String(required=True)
    promise = fields.Nested(PromiseGiven, required=True, allow_none=True)
    next = fields.Dict(required=True, metadata={"description": "`do`: what the party may do now; `answers`: questions still open."})
    emergency = fields.Nested(Emergency, allow_none=True)
    eligibility = fields.Nested(
        lambda: MayAsk(), required=True, allow_none=True, metadata={"description": "What the service's rules say; null where none can. It is taken either way."}
    )


class MayAsk(Schema):
    """Whether the rules let this be granted, as far as the answers tell."""

    eligible = fields.Boolean(required=True)
    says = fields.String(required=True, allow_none=True)
    law = fields.String(required=True, allow_none=True)


class StepShown(Schema):
    """One step of the journey."""

    step = fields.String(required=True)
    kind = fields.String(required=True)
    item = fields.Integer(required=True, allow_none=True, metadata={"description": "Of a step done for each item of a list: which, from 1."})
    agency = fields.String(required=True)
    status = fields.String(required=True)
    outcome = fields.String(allow_none=True)
    begun_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(allow_none=True)


class UndoneShown(Schema):
    """What is being taken back since the request was withdrawn."""

    step = fields.String(required=True)
    agency = fields.String(required=True)
    says = fields.String(required=True, metadata={"description": "The step's name in the reader's language."})
    begun_at = fields.DateTime(required=True)


class DecisionShown(Schema):
    """A decision."""

    outcome = fields.String(required=True)
    agency = fields.String(required=True)
    law = fields.String(allow_none=True)
    decided_at = fields.DateTime(required=True)
    remedy = fields.String(allow_none=True)


class Asked(Schema):
    """What the party is asked now."""

    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields", metadata={"description": "Ids of questions of the service."})
    corrects = fields.List(
        fields.String(), required=True, metadata={"description": "Of those, questions answered before: the party is asked for a correction."}
    )
    words = fields.String(required=True, allow_none=True)
    asked_at = fields.DateTime(required=True)
    reply_by = fields.DateTime(required=True, allow_none=True)


class PartShown(Schema):
    """One part of a life event."""

    part = fields.String(required=True, metadata={"description": "Its name in this request; `/withdrawal` takes it."})
    service = fields.String(required=True)
    title = fields.String(required=True, metadata={"description": "In the reader's language."})
    agency = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": ["to-come", "under-way", "ended", "withdrawn", "cancelled", "not-needed"]})
    outcome = fields.String(required=True, allow_none=True)
    begun_at = fields.DateTime(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True)
    promise = fields.Nested(PromiseGiven, required=True, allow_none=True)


class WaitShown(Schema):
    """What the case waits for: an event, an instant, or the first of both."""

    step = fields.String(required=True)
    event = fields.String(required=True, allow_none=True)
    until = fields.DateTime(required=True, allow_none=True, metadata={"description": "The wait is over then at the latest."})
    says = fields.String(required=True, metadata={"description": "One sentence in the reader's language."})


class ExtensionShown(Schema):
    """A promise that was given more time, and why."""

    standard = fields.String(required=True)
    agency = fields.String(required=True)
    within = fields.String(required=True, metadata={"description": "By how much."})
    law = fields.String(required=True, allow_none=True)
    at = fields.String(required=True, metadata={"format": "date-time"})
    due_at = fields.String(required=True, metadata={"format": "date-time", "description": "The date as it was told then."})
    original_due_at = fields.String(required=True, metadata={"format": "date-time"})
    reason = fields.String(required=True, allow_none=True, metadata={"description": "As the party and staff with access may read it."})


class Said(Schema):
    """Words and when they came."""

    at = fields.String(required=True, metadata={"format": "date-time"})
    words = fields.String(required=True)


class Given(Schema):
    """What was said on the case: as its party and the staff of agencies with access may see it; notes are for staff."""

    answers = fields.Dict(required=True)
    text = fields.String(required=True, allow_none=True)
    contact = fields.Dict(required=True)
    location = fields.Dict(required=True)
    messages = fields.List(fields.Nested(Said), required=True)
    notes = fields.List(fields.Nested(Said), required=True)


class CaseShown(Schema):
    """Where a request stands."""

    reference = fields.String(required=True)
    status = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    agency = fields.String(required=True)
    channel = fields.String(required=True)
    danger = fields.Boolean(required=True)
    sealed = fields.Boolean(required=True, metadata={"description": "Of the staff, only those it names see it."})
    received_at = fields.DateTime(required=True)
    closed_at = fields.DateTime(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)
    promise = fields.Nested(PromiseGiven, required=True, allow_none=True)
    steps = fields.List(fields.Nested(StepShown), required=True)
    parts = fields.List(fields.Nested(PartShown), required=True, metadata={"description": "Of a life event; none for any other request."})
    waiting = fields.List(fields.Nested(WaitShown), required=True)
    undoing = fields.List(fields.Nested(UndoneShown), required=True)
    decisions = fields.List(fields.Nested(DecisionShown), required=True)
    asked = fields.List(fields.Nested(Asked), required=True)
    extensions = fields.List(fields.Nested(ExtensionShown), required=True)
    fees = fields.List(fields.Nested(FeeShown), required=True)
    given = fields.Nested(Given, required=True)
    next = fields.String(required=True)


class EventShown(Schema):
    """One event, as the reader may see it."""

    seq = fields.Integer(required=True)
    id = fields.UUID(required=True)
    type = fields.String(required=True)
    occurred_at = fields.DateTime(required=True)
    recorded_at = fields.DateTime(required=True)
    actor = fields.String(required=True)
    agency = fields.String(allow_none=True)
    channel = fields.String(allow_none=True)
    step = fields.String(allow_none=True)
    data = fields.Dict(required=True)


class Events(Schema):
    """A page of history."""

    items = fields.List(fields.Nested(EventShown), required=True)
    next = fields.String(required=True, allow_none=True)


class PauseShown(Schema):
    """A time in which a promise stands still."""

    awaits = fields.String(required=True)
    law = fields.String(required=True, allow_none=True)
    begins = fields.String(required=True, metadata={"format": "date-time"})
    until = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    ended = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})


class ClockShown(Schema):
    """One promise. `used` and `left` are seconds of the term's own kind of time; `left` below zero is overdue."""

    id = fields.UUID(required=True)
    standard = fields.String(required=True)
    title = fields.Dict(allow_none=True)
    kind = fields.String(required=True)
    covers = fields.String(required=True)
    agency = fields.String(required=True)
    status = fields.String(required=True)
    target = fields.String(allow_none=True)
    calendar = fields.String(allow_none=True, metadata={"description": "Hash of the stored calendar."})
    started_at = fields.DateTime(required=True)
    due_at = fields.DateTime(required=True)
    original_due_at = fields.DateTime(required=True)
    due_source = fields.String(required=True, metadata={"enum": ["computed", "imported"]})
    stopped_at = fields.DateTime(allow_none=True)
    missed_at = fields.DateTime(allow_none=True)
    used = fields.Integer(allow_none=True)
    left = fields.Integer(allow_none=True)
    pauses = fields.List(fields.Nested(PauseShown), required=True)
    extension = fields.String(required=True, allow_none=True, metadata={"description": "The term it was extended by."})
    escalated_to = fields.String(required=True, allow_none=True)
    consequence = fields.String(required=True, allow_none=True)
    chance_of_missing = fields.Dict(
        required=True, allow_none=True, metadata={"description": "For staff: `chance` 0..1 and the `model` it was told by; null without enough history."}
    )
    why = fields.Dict(
        required=True,
        metadata={
            "description": "The reasons as `sentences`, and what the sum is repeated from: `rule`, `started_at`, `counts_from`, `zone`, `intervals` "
            "that follow one another, of legal periods `days`, and who `held` the case how long, in microseconds."
        },
    )


class Clocks(Schema):
    """All promises of a case."""

    items = fields.List(fields.Nested(ClockShown), required=True)


@resource.route("/cases", methods=["POST"])
@allowed("case.open", headers=("Idempotency-Key",), limit="intake")
@resource.arguments(Start)
@resource.answer(201, Started)
def start_case(body: dict[str, Any]) -> Response:
    """Start a request: a sentence is enough"""
    portal, who, case_id = the_portal(), principal(), new_id()
    if "service" not in body:
        finding.fresh(portal)
    taken_over, consent = reused(body.pop("reuse", ())), body.pop("consent", None)
    with portal.work(who, repeatable=repeatable(who, "case.open"), new_cases=[case_id]) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        subject = who.subject if who.scope == "party" else None
        taken = receive(work, Submission(**body, subject=subject, reuse=taken_over), case_id=case_id)
        if consent is not None:
            behalf.agreed(work, taken.case, consent=consent)
        work.settle()
        given = answer(201, receipt(work, taken))
        work.keep(given)
    return respond(given, headers={"Location": f"/api/v1/cases/{taken.case['reference']}"})


def receipt(work: Work, taken: Received) -> dict[str, Any]:
    """What is told of a case that was just opened."""
    case = taken.case
    owes = any(fee["status"] == "due" for fee in ledger.of_case(work, case["case_id"]))
    key = work.portal.settings.secret_key.get_secret_value()
    return {
        "reference": case["reference"],
        "secret": secret.derive(key, case["case_id"]),
        "status": case["status"],
        "service": case["service"],
        "agency": case["agency"],
        "promise": views.promise(clocks.of_case(work, case["case_id"]), case["zone"], case["language"]),
        "next": {"do": views.next_for_party(case["status"], danger=taken.danger, owes=owes), "answers": taken.missing},
        "eligibility": _may_ask(taken.eligibility, case["language"]),
        "emergency": emergency(work.catalogue, case["agency"], case["language"]) if taken.danger else None,
    }


def _may_ask(found: Found | None, language: str) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"eligible": bool(found.told["eligible"]), "says": found.says and say(found.says, language), "law": found.law}


@resource.route("/cases/<reference>")
@allowed("case.read")
@resource.response(200, CaseShown)
def show_case(reference: str) -> Any:
    """Where a request stands"""
    with the_portal().work(principal()) as work:
        case_id = entry.find(work, reference)
        shown = views.case(work, case_id, language=language())
        return shown, {"ETag": etag(work.version_seen(case_id))}


@resource.route("/cases/<reference>/events")
@allowed("case.read")
@resource.arguments(Page, location="query")
@resource.response(200, Events)
def list_events(query: dict[str, Any], reference: str) -> Any:
    """Its history"""
    key = after(query["after"], int)
    with the_portal().work(principal()) as work:
        case_id = entry.find(work, reference)
        found = page(views.events(work, case_id, after=key[0] if key else 0, limit=query["limit"] + 1), query["limit"], lambda row: (row["seq"],))
        return {**found, "items": views.shown_to(principal(), found["items"])}


@resource.route("/cases/<reference>/clocks")
@allowed("case.read")
@resource.response(200, Clocks)
def list_clocks(reference: str) -> Any:
    """Its promises, and why each date is what it is"""
    with the_portal().work(principal()) as work:
        case_id = entry.find(work, reference)
        return {"items": views.clock_list(work, case_id, now=work.now, language=language())}
