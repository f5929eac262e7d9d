"""`/admin`: what administrators change without YAML. Each change is an event; roles and addresses wait for a second administrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.access.identity import SCOPES
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.api.versions import etag, if_match
from portal.unit_of_work import Work
from portal.views import administration as views

resource = Resource("administration", __name__, description="Hours, closures, absences, teams, duty persons and people; what a second administrator confirms.")

_ONCE = ("Idempotency-Key",)
_EDITS = ("Idempotency-Key", "If-Match")
EMAIL = fields.Email(required=True, validate=validate.Length(max=254))
WORD = validate.Regexp(r"[a-z0-9][a-z0-9_-]{0,99}\Z", error="Write small letters, digits and hyphens.")
DAY = validate.Regexp(r"\d{4}-\d{2}-\d{2}\Z", error="Write it as 2026-12-24.")
WINDOWS = fields.List(fields.String(validate=validate.Length(11, 11)), validate=validate.Length(max=10))
SUBJECT = validate.Regexp(r"[\x21-\x7e]{1,255}\Z", error="Write visible ASCII characters.")


class AdminHours(Schema):
    """Hours of a calendar: `weekly` in place of those that are written, the days beside them. It replaces what was amended before."""

    weekly = fields.Dict(keys=fields.String(validate=validate.Length(3, 3)), values=WINDOWS, metadata={"description": "mon..sun -> `09:00-17:00` windows."})
    special = fields.Dict(keys=fields.String(validate=DAY), values=WINDOWS, load_default=dict, validate=validate.Length(max=400))
    closed = fields.List(fields.String(validate=DAY), load_default=list, validate=validate.Length(max=400))
    worked = fields.List(fields.String(validate=DAY), load_default=list, validate=validate.Length(max=400))


class AdminDateMoved(Schema):
    """A date that would move."""

    standard = fields.String(required=True)
    from_ = fields.DateTime(required=True, data_key="from", attribute="from")
    to = fields.DateTime(required=True)


class AdminDatesMoved(Schema):
    """Open cases looked at, their clocks by what becomes of them, and cases whose party is told."""

    cases = fields.Integer(required=True)
    same = fields.Integer(required=True)
    later = fields.Integer(required=True)
    earlier = fields.Integer(required=True)
    kept = fields.Integer(required=True, metadata={"description": "The date would be earlier, or has passed: it stays as it was promised."})
    told = fields.Integer(required=True)
    more = fields.Boolean(required=True, metadata={"description": "There are more cases than were looked at."})
    examples = fields.List(fields.Nested(AdminDateMoved), required=True)


class HoursKept(Schema):
    """The calendar as it is now. No date of an open case moves by that alone."""

    calendar = fields.String(required=True)
    hash = fields.String(required=True)


class AdminMoving(Schema):
    """Whether dates may become earlier too; without it a promise once given is never shortened."""

    also_earlier = fields.Boolean(load_default=False)


class DutyShown(Schema):
    """Who is paged when there is danger."""

    name = fields.String(required=True, validate=validate.Length(1, 200))
    email = EMAIL


class PersonTold(Schema):
    """Who is told of missed promises, by role."""

    role = fields.String(required=True, validate=WORD)
    name = fields.String(required=True, validate=validate.Length(1, 200))
    email = EMAIL


class AbsenceShown(Schema):
    """Somebody of duty list or address book is away, by their address; local days, the last one too."""

    email = EMAIL
    first_day = fields.String(required=True, validate=DAY)
    last_day = fields.String(required=True, validate=DAY)
    deputy = fields.Email(load_default=None, allow_none=True, validate=validate.Length(max=254))


class DutyList(Schema):
    """The duty persons, in the order they are paged."""

    duty = fields.List(fields.Nested(DutyShown), required=True, validate=validate.Length(max=50))


class AddressBook(Schema):
    """Everybody promises are put before."""

    people = fields.List(fields.Nested(PersonTold), required=True, validate=validate.Length(max=100))


class AbsenceList(Schema):
    """All absences there are."""

    absences = fields.List(fields.Nested(AbsenceShown), required=True, validate=validate.Length(max=500))


class TeamList(Schema):
    """Which team works on which queue; tasks that wait stay where they are."""

    teams = fields.Dict(keys=fields.String(validate=WORD), values=fields.String(validate=WORD), required=True, validate=validate.Length(1, 100))


class Endpoint(Schema):
    """Where deliveries to the agency are to go."""

    endpoint = fields.String(required=True, validate=validate.Length(1, 2_000))


class AdminCalendarShown(Schema):
    """Hours of a calendar as they are, and what was amended of its days."""

    id = fields.String(required=True)
    zone = fields.String(required=True)
    amended = fields.Boolean(required=True)
    weekly = fields.Dict(required=True)
    special = fields.Dict(required=True, allow_none=True)
    closed = fields.List(fields.String(), required=True, allow_none=True)
    worked = fields.List(fields.String(), required=True, allow_none=True)


class AdminQueueShown(Schema):
    """A queue and the team that works on it."""

    id = fields.String(required=True)
    team = fields.String(required=True)


class AdminAgencyShown(Schema):
    """An agency as it is now."""

    id = fields.String(required=True)
    calendars = fields.List(fields.Nested(AdminCalendarShown), required=True)
    queues = fields.List(fields.Nested(AdminQueueShown), required=True)
    duty = fields.List(fields.Nested(DutyShown), required=True)
    people = fields.List(fields.Nested(PersonTold), required=True)
    absences = fields.List(fields.Nested(AbsenceShown), required=True)
    endpoint = fields.String(required=True, allow_none=True)
    amended = fields.List(fields.String(), required=True, metadata={"description": "Parts that are not as they are written."})


class AdminAmended(Schema):
    """What of an agency's definition is amended now."""

    id = fields.String(required=True)
    what = fields.String(required=True)
    amended = fields.List(fields.String(), required=True)


class WhoWorks(Schema):
    """Somebody, by who vouches for them."""

    issuer = fields.String(required=True, validate=validate.Regexp(r"[\x21-\x7b\x7d\x7e]{1,255}\Z", error="Write the issuer of the sign-in."))
    subject = fields.String(required=True, validate=SUBJECT)


class PersonWanted(WhoWorks):
    """What somebody may do from now on: in place of what the sign-in says, and of what was written down before."""

    name = fields.String(validate=validate.Length(1, 200))
    roles = fields.List(fields.String(validate=validate.OneOf([role for role, _ in SCOPES])), required=True, validate=validate.Length(1, 6))
    agency = fields.String(validate=WORD)
    teams = fields.List(fields.String(validate=WORD), load_default=list, validate=validate.Length(max=50))
    services = fields.List(fields.String(validate=validate.Length(1, 100)), load_default=list, validate=validate.Length(max=500))
    until = fields.AwareDateTime(metadata={"description": "From then on the person is nobody here."})


class PersonKept(WhoWorks):
    """Somebody who works here."""

    name = fields.String(required=True, allow_none=True)
    roles = fields.List(fields.String(), required=True)
    agency = fields.String(required=True, allow_none=True)
    teams = fields.List(fields.String(), required=True)
    services = fields.List(fields.String(), required=True)
    since = fields.DateTime(required=True)
    until = fields.DateTime(required=True, allow_none=True)
    ended = fields.Boolean(required=True)


class PeopleKept(Schema):
    """The people administrators have written down."""

    items = fields.List(fields.Nested(PersonKept), required=True)


class AdminProposal(Schema):
    """What waits for a second administrator."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, metadata={"enum": ["person", "address"]})
    about = fields.String(required=True)
    body = fields.Dict(required=True)
    status = fields.String(required=True, metadata={"enum": ["open", "confirmed", "refused", "expired"]})
    proposed_by = fields.String(required=True)
    proposed_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = fields.DateTime(required=True, allow_none=True)


class AllProposals(Schema):
    """All of them, those that wait first."""

    items = fields.List(fields.Nested(AdminProposal), required=True)


def _change(action: str, schema: Schema, act: Callable[[Work], Any], status: int = 200) -> Response:
    """One change of an administrator: once, whatever is repeated."""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        given = answer(status, schema.dump(act(work)))
        work.settle()
        work.keep(given)
    return respond(given)


@resource.route("/admin/agencies/<agency>")
@allowed("agency.amend")
@resource.response(200, AdminAgencyShown)
def show_agency(agency: str) -> Any:
    """An agency's hours, queues, duty persons, address book and absences as they are now"""
    with the_portal().work(principal()) as work:
        found = views.agency(work, agency)
    return found, {"ETag": etag(found["version"])}


@resource.route("/admin/agencies/<agency>/calendars/<calendar>/preview", methods=["POST"])
@allowed("agency.amend")
@resource.arguments(AdminHours)
@resource.response(200, AdminDatesMoved)
def preview_hours(body: dict[str, Any], agency: str, calendar: str) -> Any:
    """What other hours would do to the dates of open cases; nothing is written"""
    with the_portal().work(principal()) as work:
        new, _ = views.hours(work, agency, calendar, body)
    return views.dates(the_portal(), new, f"{agency}/{calendar}")


@resource.route("/admin/agencies/<agency>/calendars/<calendar>", methods=["POST"])
@allowed("agency.amend", headers=_EDITS)
@resource.arguments(AdminHours)
@resource.response(200, HoursKept)
def change_hours(body: dict[str, Any], agency: str, calendar: str) -> Response:
    """Other hours, closures and working days from now on"""

    def act(work: Work) -> dict[str, Any]:
        return {"calendar": f"{agency}/{calendar}", "hash": views.keep_hours(work, agency, calendar, body, version=if_match())}

    return _change("agency.hours", HoursKept(), act)


@resource.route("/admin/agencies/<agency>/calendars/<calendar>/dates", methods=["POST"])
@allowed("agency.amend")
@resource.arguments(AdminMoving)
@resource.response(200, AdminDatesMoved)
def move_dates(body: dict[str, Any], agency: str, calendar: str) -> Any:
    """Bring the dates of open cases to the hours as they are now; whose promise moves is told. Doing it again changes nothing"""
    return views.move_dates(the_portal(), f"{agency}/{calendar}", also_earlier=body["also_earlier"])


@resource.route("/admin/agencies/<agency>/duty", methods=["POST"])
@allowed("agency.amend", headers=_EDITS)
@resource.arguments(DutyList)
@resource.response(200, AdminAmended)
def change_duty(body: dict[str, Any], agency: str) -> Response:
    """Who is paged when there is danger"""
    return _change("agency.duty", AdminAmended(), lambda work: views.change(work, agency, "duty", body["duty"], version=if_match()))


@resource.route("/admin/agencies/<agency>/people", methods=["POST"])
@allowed("agency.amend", headers=_EDITS)
@resource.arguments(AddressBook)
@resource.response(200, AdminAmended)
def change_people(body: dict[str, Any], agency: str) -> Response:
    """Before whom missed promises are put"""
    return _change("agency.people", AdminAmended(), lambda work: views.change(work, agency, "people", body["people"], version=if_match()))


@resource.route("/admin/agencies/<agency>/absences", methods=["POST"])
@allowed("agency.amend", headers=_EDITS)
@resource.arguments(AbsenceList)
@resource.response(200, AdminAmended)
def change_absences(body: dict[str, Any], agency: str) -> Response:
    """Who is away, and who stands in"""
    return _change("agency.absences", AdminAmended(), lambda work: views.change(work, agency, "absences", body["absences"], version=if_match()))


@resource.route("/admin/agencies/<agency>/teams", methods=["POST"])
@allowed("agency.amend", headers=_EDITS)
@resource.arguments(TeamList)
@resource.response(200, AdminAmended)
def change_teams(body: dict[str, Any], agency: str) -> Response:
    """Which team works on which queue"""
    return _change("agency.teams", AdminAmended(), lambda work: views.change(work, agency, "teams", body["teams"], version=if_match()))


@resource.route("/admin/agencies/<agency>/address", methods=["POST"])
@allowed("proposal.make", headers=_ONCE)
@resource.arguments(Endpoint)
@resource.response(202, AdminProposal)
def propose_address(body: dict[str, Any], agency: str) -> Response:
    """Propose where deliveries to the agency go; a second administrator confirms it"""
    return _change("agency.address", AdminProposal(), lambda work: views.propose_address(work, agency, body["endpoint"]), 202)


@resource.route("/admin/people")
@allowed("person.list")
@resource.response(200, PeopleKept)
def list_people() -> Any:
    """The people administrators have written down"""
    with the_portal().work(principal()) as work:
        return {"items": views.everybody(work)}


@resource.route("/admin/people", methods=["POST"])
@allowed("proposal.make", headers=_ONCE)
@resource.arguments(PersonWanted)
@resource.response(202, AdminProposal)
def propose_person(body: dict[str, Any]) -> Response:
    """Propose what somebody may do; a second administrator confirms it"""
    given = body | ({"until": body["until"].isoformat()} if body.get("until") else {})
    return _change("person.propose", AdminProposal(), lambda work: views.propose_person(work, given), 202)


@resource.route("/admin/people/end", methods=["POST"])
@allowed("person.end")
@resource.arguments(WhoWorks)
@resource.response(204)
def end_person(body: dict[str, Any]) -> Any:
    """Somebody works here no more, at once: their next request is nobody's"""
    with the_portal().work(principal()) as work:
        views.end_person(work, body["issuer"], body["subject"])
    return Response(status=204)


@resource.route("/admin/proposals")
@allowed("person.list")
@resource.response(200, AllProposals)
def list_proposals() -> Any:
    """What waits for a second administrator, and what became of the last ones"""
    with the_portal().work(principal()) as work:
        return {"items": views.proposed(work)}


@resource.route("/admin/proposals/<uuid:id>/confirmation", methods=["POST"])
@allowed("proposal.decide", headers=_ONCE)
@resource.response(200, AdminProposal)
def confirm(id: UUID) -> Response:
    """Agree with what another administrator proposed; it takes effect at once"""
    return _change("proposal.confirm", AdminProposal(), lambda work: views.decide(work, id, confirm=True))


@resource.route("/admin/proposals/<uuid:id>/refusal", methods=["POST"])
@allowed("proposal.decide", headers=_ONCE)
@resource.response(200, AdminProposal)
def refuse(id: UUID) -> Response:
    """Do not agree, or take one's own proposal back"""
    return _change("proposal.refuse", AdminProposal(), lambda work: views.decide(work, id, confirm=False))
