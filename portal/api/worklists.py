"""`/queues`, `/colleagues`, `/views`: what people who share worklists see of them and of each other."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import language, principal, the_portal
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.errors import Invalid, NotFound
from portal.queues import people, saved
from portal.views import worklist as views
from portal.views import worklist_figures
from portal.workflow import desks

resource = Resource("worklists", __name__, description="Queues with what waits in them, colleagues with what they hold, views one keeps.")

SKILL = fields.String(validate=validate.Regexp(r"[a-z0-9]+(-[a-z0-9]+)*\Z", error="Write small letters and digits, such as `french`."))


class QueueShown(Schema):
    """A queue, counted up to a thousand."""

    agency = fields.String(required=True)
    queue = fields.String(required=True)
    team = fields.String(required=True)
    title = fields.String(required=True)
    skills = fields.List(fields.String(), required=True, metadata={"description": "What somebody must know to be given work from it."})
    waiting = fields.Integer(required=True)
    late = fields.Integer(required=True, metadata={"description": "Past the date."})
    free = fields.Integer(required=True, metadata={"description": "Held by nobody."})
    more = fields.Boolean(required=True, metadata={"description": "There is more than was counted."})


class Queues(Schema):
    """Those of one's teams."""

    items = fields.List(fields.Nested(QueueShown), required=True)
    next = fields.String(required=True, allow_none=True)


class Span(Schema):
    """When tasks were finished; the last four weeks where nothing is said."""

    since = fields.AwareDateTime(data_key="from", load_default=None)
    until = fields.AwareDateTime(data_key="to", load_default=None)


class QueueFigures(Schema):
    """Of one queue, for its team: no figure is of a person, and of fewer than five tasks none is told. Lengths are seconds of real time."""

    agency = fields.String(required=True)
    queue = fields.String(required=True)
    team = fields.String(required=True)
    title = fields.String(required=True)
    since = fields.DateTime(required=True, data_key="from", attribute="from")
    until = fields.DateTime(required=True, data_key="to", attribute="to")
    waiting = fields.Integer(required=True, metadata={"description": "Work in progress: tasks that wait, held or not; counted up to a thousand."})
    held = fields.Integer(required=True)
    age_median = fields.Float(required=True, allow_none=True)
    oldest = fields.Float(required=True, allow_none=True)
    done = fields.Integer(required=True)
    touch_median = fields.Float(required=True, allow_none=True, metadata={"description": "In which somebody held it."})
    waiting_median = fields.Float(required=True, allow_none=True, metadata={"description": "From queueing to its end, less touch time."})
    touch_share = fields.Float(required=True, allow_none=True, metadata={"description": "Percent of all that time in which somebody held a task."})
    first_time_right = fields.Float(required=True, allow_none=True, metadata={"description": "Percent whose step had not to be done again."})


class FiguresOfQueues(Schema):
    """Those of one's teams."""

    items = fields.List(fields.Nested(QueueFigures), required=True)
    next = fields.String(required=True, allow_none=True)


class ColleagueShown(Schema):
    """One of an agency's staff, by pseudonym."""

    subject = fields.String(required=True)
    agency = fields.String(required=True)
    teams = fields.List(fields.String(), required=True)
    skills = fields.List(fields.String(), required=True)
    capacity = fields.Integer(required=True, allow_none=True, metadata={"description": "Tasks at once; none: no limit."})
    holds = fields.Integer(required=True)
    away = fields.Boolean(required=True)
    away_from = fields.DateTime(required=True, allow_none=True)
    away_until = fields.DateTime(required=True, allow_none=True)
    cover = fields.String(required=True, allow_none=True)
    me = fields.Boolean(required=True)


class Colleagues(Schema):
    """Everybody who has worked here."""

    items = fields.List(fields.Nested(ColleagueShown), required=True)
    next = fields.String(required=True, allow_none=True)


class Absence(Schema):
    """From when until when one is away, and who stands in; without `from`, one is back."""

    since = fields.AwareDateTime(data_key="from", load_default=None)
    until = fields.AwareDateTime(load_default=None)
    cover = fields.String(load_default=None, validate=validate.Length(1, 600))


class Ability(Schema):
    """What a colleague knows, and how many tasks they hold at once; none: no limit."""

    skills = fields.List(SKILL, validate=validate.Length(max=50))
    capacity = fields.Integer(allow_none=True, validate=validate.Range(0, 10_000))


class ViewKept(Schema):
    """A view of the worklist: parameters of `GET /tasks`."""

    name = fields.String(required=True, validate=validate.Length(1, 100))
    query = fields.Dict(keys=fields.String(validate=validate.OneOf(["queue", "kind", "service", "priority", "mine", "free"])), required=True)
    shared = fields.Boolean(load_default=False)


class ViewShown(ViewKept):
    """A view one keeps, or a colleague shares."""

    id = fields.UUID(required=True)
    mine = fields.Boolean(required=True)


class Views(Schema):
    """All of them, by name."""

    items = fields.List(fields.Nested(ViewShown), required=True)
    next = fields.String(required=True, allow_none=True)


@resource.route("/queues")
@allowed("task.list")
@resource.response(200, Queues)
def list_queues() -> Any:
    """The queues of my teams, and how much waits there"""
    who = principal()
    with the_portal().work(who) as work:
        return {"items": views.queues(work, who, language=language()), "next": None}


@resource.route("/queues/figures")
@allowed("task.list")
@resource.arguments(Span, location="query")
@resource.response(200, FiguresOfQueues)
def figures_of_queues(query: dict[str, Any]) -> Any:
    """Work in progress, age, touch and waiting time, first time right: by queue, for the team"""
    who = principal()
    with the_portal().work(who) as work:
        found = worklist_figures.figures(work, who, since=query["since"], until=query["until"], language=language())
    return {"items": found, "next": None}


@resource.route("/colleagues")
@allowed("task.list")
@resource.response(200, Colleagues)
def list_colleagues() -> Any:
    """Who works in my agency, what they hold, who is away"""
    who = principal()
    with the_portal().work(who) as work:
        people.known(work, who)
        return {"items": views.colleagues(work, who), "next": None}


@resource.route("/colleagues/me/absence", methods=["PUT"])
@allowed("desk.own")
@resource.arguments(Absence)
@resource.response(204)
def be_away(body: dict[str, Any]) -> Any:
    """Say when I am away and who stands in; what I hold then may be taken over"""
    who = principal()
    with the_portal().work(who) as work:
        me = people.known(work, who)
        assert me is not None
        cover = _cover(work, body["cover"], me)
        since: datetime | None = body["since"]
        until: datetime | None = body["until"]
        if until is not None and (since is None or until <= since):
            raise Invalid(errors=[{"pointer": "/until", "detail": "Choose a moment after `from`."}])
        desks.be_away(work, me, since=since, until=until, cover=cover)
    return Response(status=204)


@resource.route("/colleagues/<subject>/ability", methods=["PUT"])
@allowed("desk.lead")
@resource.arguments(Ability)
@resource.response(204)
def enable(body: dict[str, Any], subject: str) -> Any:
    """Say what a colleague knows and how much they hold at once"""
    who = principal()
    with the_portal().work(who) as work:
        one = people.one(work, who.agencies[0], _whole(subject, str(who.subject)))
        if one is None:
            raise NotFound
        desks.enable(work, one, **body)
    return Response(status=204)


@resource.route("/views")
@allowed("task.list")
@resource.response(200, Views)
def list_views() -> Any:
    """Views of the worklist I keep, and those colleagues share"""
    who = principal()
    with the_portal().work(who) as work:
        return {"items": saved.listed(work, who), "next": None}


@resource.route("/views", methods=["POST"])
@allowed("desk.own")
@resource.arguments(ViewKept)
@resource.response(201, ViewShown)
def keep_view(body: dict[str, Any]) -> Any:
    """Keep a view under a name, in the place of mine of that name"""
    who = principal()
    with the_portal().work(who) as work:
        id = desks.keep_view(work, who, **body)
    return {**body, "id": id, "mine": True}


@resource.route("/views/<uuid:id>", methods=["DELETE"])
@allowed("desk.own")
@resource.response(204)
def delete_view(id: UUID) -> Any:
    """Remove one of mine"""
    who = principal()
    with the_portal().work(who) as work:
        desks.delete_view(work, who, id)
    return Response(status=204)


def _cover(work: Any, given: str | None, me: people.Worker) -> str | None:
    if given is None:
        return None
    cover = people.one(work, me.agency, _whole(given, me.subject))
    if cover is None or cover.subject == me.subject:
        raise Invalid(errors=[{"pointer": "/cover", "detail": "Name a colleague who has worked here; GET /api/v1/colleagues lists them."}])
    return cover.subject


def _whole(given: str, mine: str) -> str:
    return given if "|" in given else f"{mine.rpartition('|')[0]}|{given}"
