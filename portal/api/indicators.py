"""`/indicators`: figures for everybody, and what is behind them for those who may see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app
from marshmallow import ValidationError, fields, validate

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.paging import Page, after, page
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.errors import NotFound
from portal.kpi.behind import behind
from portal.kpi.instants import instant
from portal.kpi.measures import MEASURES, ORIGINS, SLICES, Measure
from portal.kpi.populations import Question
from portal.kpi.report import report
from portal.unit_of_work import FIGURES
from portal.views.figures import Recent

#: The same for everybody, and at most so old.
PUBLIC = {"Cache-Control": "public, max-age=60"}

resource = Resource("indicators", __name__, description="Figures, and the events behind them.")


class Instant(fields.Field[datetime]):
    """A date (its 00:00 UTC) or an instant with its offset."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return value.isoformat() if isinstance(value, datetime) else None

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        try:
            return instant(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class Names(fields.Field[tuple[str, ...]]):
    """Some of a few names, with commas between them."""

    def __init__(self, known: tuple[str, ...], **options: Any) -> None:
        self.known = known
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> tuple[str, ...]:
        names = tuple(value.split(","))
        if unknown := [name for name in names if name not in self.known]:
            raise ValidationError([f"{name!r} is none of {', '.join(self.known)}." for name in unknown])
        return names


#: As OpenAPI tells of an instant, and of some names.
INSTANT = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}, {"type": "null"}]}


def _some(known: tuple[str, ...]) -> dict[str, str]:
    one = "|".join(known)
    return {"type": "string", "pattern": f"^({one})(,({one}))*$"}


def _instant(says: str, **options: Any) -> Instant:
    return Instant(load_default=None, metadata={**INSTANT, "description": f"{says} A date, or an RFC 3339 instant with its offset."}, **options)


class Whose(Schema):
    """Whose cases, and when open and overdue are judged."""

    as_of = _instant("When open and overdue are judged; by default now.")
    jurisdiction = fields.String(load_default=None, validate=validate.Length(1, 100), metadata={"description": "By default all."})
    origin = Names(
        ORIGINS,
        load_default=None,
        metadata={**_some(ORIGINS), "description": f"Some of {','.join(ORIGINS)}; by default live,demo, with a jurisdiction replay too."},
    )


class Period(Whose):
    """Of closing for measures of closed cases, of receipt for measures of intake; the first instant is in it, the last is not."""

    since = _instant("Start of the period.", data_key="from")
    until = _instant("End of the period.", data_key="to")


class Sliced(Period):
    """How it is sliced."""

    by = Names(SLICES, load_default=None, metadata={**_some(SLICES), "description": f"Some of {','.join(SLICES)}."})


class Behind(Period, Page):
    """Which part of a figure: the values of its slice; nothing for those that have none."""

    service = fields.String(load_default=None, validate=validate.Length(max=200))
    agency = fields.String(load_default=None, validate=validate.Length(max=200))
    channel = fields.String(load_default=None, validate=validate.Length(max=200))
    segment = fields.String(load_default=None, validate=validate.Length(max=200))
    door = fields.String(load_default=None, validate=validate.Length(max=200), metadata={"description": "The agency it came in by."})
    month = fields.String(load_default=None, validate=validate.Regexp(r"\d{4}-(0[1-9]|1[0-2])\Z", error="Write it as 2026-01."))


class Figure(Schema):
    """One figure."""

    indicator = fields.String(required=True)
    version = fields.Integer(required=True, metadata={"description": "Of its formula."})
    slice = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True), required=True, metadata={"description": "Empty: overall."})
    value = fields.Raw(required=True, metadata={"type": ["number", "null"], "description": "Null where no case counts."})
    unit = fields.String(required=True, validate=validate.OneOf(("requests", "percent", "seconds", "referrals")))
    n = fields.Integer(required=True, metadata={"description": "Cases it is taken over."})


class Told(Figure):
    """A measure, and its overall figure."""

    says = fields.String(required=True)
    bounds = fields.String(required=True, metadata={"description": "Which instant a period bounds."})


class Measures(Schema):
    """All measures."""

    items = fields.List(fields.Nested(Told), required=True)
    next = fields.String(required=True, allow_none=True)


class Figures(Schema):
    """One measure, a figure for each slice."""

    indicator = fields.String(required=True)
    says = fields.String(required=True)
    bounds = fields.String(required=True)
    as_of = Instant(required=True, metadata={"type": "string", "format": "date-time"})
    items = fields.List(fields.Nested(Figure), required=True)
    next = fields.String(required=True, allow_none=True)


class Happened(Schema):
    """An event the figure rests on."""

    seq = fields.Integer(required=True)
    type = fields.String(required=True)
    occurred_at = Instant(required=True, metadata={"type": "string", "format": "date-time"})


class Counted(Schema):
    """A case the figure is taken over."""

    reference = fields.String(required=True, allow_none=True)
    counts = fields.Boolean(required=True, metadata={"description": "Of a share: whether it counts as kept."})
    service = fields.String(required=True, allow_none=True)
    agency = fields.String(required=True)
    channel = fields.String(required=True)
    status = fields.String(required=True)
    received_at = Instant(required=True, metadata={"type": "string", "format": "date-time"})
    due_at = Instant(required=True, allow_none=True, metadata={"type": "string", "format": "date-time"})
    closed_at = Instant(required=True, allow_none=True, metadata={"type": "string", "format": "date-time"})
    score = fields.Integer(required=True, allow_none=True)
    events = fields.List(fields.Nested(Happened), required=True)


class Cases(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(Counted), required=True)
    next = fields.String(required=True, allow_none=True)


@resource.route("/indicators")
@allowed("indicators.read")
@resource.arguments(Whose, location="query")
@resource.response(200, Measures)
def list_indicators(query: dict[str, Any]) -> Any:
    """What is measured, and the overall figures"""
    which = {"jurisdiction": query["jurisdiction"], "origins": tuple(query["origin"]) if query["origin"] else None}
    recent: Recent = current_app.extensions["onedoor.figures"]
    figures = report(the_portal(), as_of=query["as_of"], **which) if query["as_of"] else recent.figures(the_portal(), **which)
    return {"items": [{**one, **_told(MEASURES[one["indicator"]])} for one in figures], "next": None}, 200, PUBLIC


@resource.route("/indicators/<id>")
@allowed("indicators.read")
@resource.arguments(Sliced, location="query")
@resource.response(200, Figures)
def one_indicator(query: dict[str, Any], id: str) -> Any:
    """One measure over a period, sliced"""
    measure = _measure(id)
    with the_portal().work(FIGURES) as work:
        as_of = query["as_of"] or work.now
        which = {"since": query["since"], "until": query["until"], "by": query["by"] or (), "jurisdiction": query["jurisdiction"], "origins": query["origin"]}
        items = report(work, as_of=as_of, indicators=[measure.id], **which)
    return {"indicator": measure.id, **_told(measure), "as_of": as_of, "items": items, "next": None}, 200, PUBLIC


@resource.route("/indicators/<id>/events")
@allowed("indicators.cases")
@resource.arguments(Behind, location="query")
@resource.response(200, Cases)
def events_behind(query: dict[str, Any], id: str) -> Any:
    """The cases a figure is taken over, and their events, as far as you may see them"""
    measure, portal = _measure(id), the_portal()
    key = after(query["after"], UUID, instant)
    asked = Question(
        as_of=query["as_of"] or (key[1] if key else _now()),
        since=query["since"],
        until=query["until"],
        jurisdiction=query["jurisdiction"],
        origins=query["origin"],
        only={name: query[name] or None for name in SLICES if query[name] is not None},
    )
    rows = behind(portal, principal(), measure, asked, after=key[0] if key else None, limit=query["limit"] + 1)
    return page(rows, query["limit"], lambda row: (row["case_id"], asked.as_of))


def _measure(id: str) -> Measure:
    if id not in MEASURES:
        raise NotFound("There is no indicator of that name. GET /api/v1/indicators lists them.")
    return MEASURES[id]


def _told(measure: Measure) -> dict[str, Any]:
    return {"says": measure.says, "bounds": measure.bounds}


def _now() -> datetime:
    with the_portal().work(FIGURES) as work:
        return work.now
