"""`/prints`: letters for the post room: taken in batches, printed, posted, come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.access.scoping import visible
from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.paging import Page, after, instant, page
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.api.versions import etag, if_match
from portal.outbox import prints
from portal.unit_of_work import Row, Work
from portal.views import prints as views
from portal.workflow import posting

resource = Resource("prints", __name__, description="Letters on paper: what waits to be printed, who has it, what was posted and what came back.")

_WRITES = ("Idempotency-Key", "If-Match")
#: How a PDF of letters is answered: shown or saved by who asked, and kept by nobody between.
_PDF = {"Cache-Control": "private, no-store", "Content-Disposition": 'inline; filename="letters.pdf"'}


class Which(Page):
    """Query of the list."""

    agency = fields.String(validate=validate.Length(1, 100), load_default=None)
    status = fields.String(validate=validate.OneOf(prints.STATUSES), load_default=None, metadata={"description": "Absent: what waits and what was taken."})


class Sides(Schema):
    """Query of a PDF."""

    sides = fields.Integer(validate=validate.OneOf([1, 2]), load_default=1, metadata={"description": "2: each letter begins on a sheet of its own."})


class PrintShown(Schema):
    """A letter: of whom, and where it is. Names and addresses stand on its pages alone."""

    id = fields.UUID(required=True)
    reference = fields.String(required=True)
    agency = fields.String(required=True)
    template = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": list(prints.STATUSES)})
    copy = fields.Integer(required=True, metadata={"description": "Which printing it is, from 1."})
    placed_at = fields.DateTime(required=True)
    batch = fields.UUID(required=True, allow_none=True)
    taken_at = fields.DateTime(required=True, allow_none=True)
    lease_until = fields.DateTime(required=True, allow_none=True, metadata={"description": "Until then nobody else takes it."})
    posted_at = fields.DateTime(required=True, allow_none=True)
    returned_at = fields.DateTime(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True, metadata={"enum": [*prints.RETURNED, None]})
    version = fields.Integer(required=True)


class Prints(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(PrintShown), required=True)
    next = fields.String(required=True, allow_none=True)


class Take(Schema):
    """How many, and of which of one's agencies."""

    agency = fields.String(validate=validate.Length(1, 100), load_default=None)
    limit = fields.Integer(validate=validate.Range(1, prints.MOST), load_default=prints.MOST)


class Batch(Schema):
    """What is yours to print now. Empty where nothing waits."""

    batch = fields.UUID(required=True)
    items = fields.List(fields.Nested(PrintShown), required=True)


class Posted(Schema):
    """Which of the batch, all without `ids`; and when, where that was before now."""

    ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=prints.MOST))
    at = fields.AwareDateTime(load_default=None, allow_none=True)


class Returned(Schema):
    """Why the mail brought it back."""

    reason = fields.String(required=True, validate=validate.OneOf(prints.RETURNED))


class Again(Schema):
    """Why it is printed once more; and to which other address."""

    reason = fields.String(required=True, validate=validate.OneOf(prints.AGAIN))
    address = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, posting.LONGEST))


_SHOWN = PrintShown()


@resource.route("/prints")
@allowed("print.list")
@resource.arguments(Which, location="query")
@resource.response(200, Prints)
def list_prints(query: dict[str, Any]) -> Any:
    """Letters of my agency, oldest first"""
    key, who = after(query["after"], instant, UUID), principal()
    statuses = (query["status"],) if query["status"] else ("waiting", "taken")
    agencies = (query["agency"],) if query["agency"] else who.agencies
    with the_portal().work(who) as work:
        wanted = prints.listed(agencies=agencies, statuses=statuses, after=key and (key[0], key[1]), limit=query["limit"] + 1)
        found = [views.shown(row) for row in work.run(visible(work, wanted))]
    return page(found, query["limit"], lambda row: (row["placed_at"], row["id"]))


@resource.route("/prints/batches", methods=["POST"])
@allowed("print.work", headers=("Idempotency-Key",))
@resource.arguments(Take)
@resource.answer(201, Batch)
def take_batch(body: dict[str, Any]) -> Response:
    """Take what waits, to print it: each letter is in one batch only, for four hours"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "print.take")) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        batch, taken = views.take(work, **body)
        work.settle()
        given = answer(201, Batch().dump({"batch": batch, "items": [views.shown(row) for row in taken]}))
        work.keep(given)
    return respond(given)


@resource.route("/prints/batches/<uuid:batch>/letters")
@allowed("print.work")
@resource.arguments(Sides, location="query")
@resource.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def batch_letters(query: dict[str, Any], batch: UUID) -> Response:
    """The letters of a batch as one PDF, ready to be printed"""
    portal = the_portal()
    with portal.work(principal()) as work:
        found, at = views.batch_sheets(work, batch), work.now
    return Response(views.pages(portal, found, at=at, both_sides=query["sides"] == 2), 200, _PDF, content_type="application/pdf")


@resource.route("/prints/batches/<uuid:batch>/posted", methods=["POST"])
@allowed("print.work", headers=("Idempotency-Key",))
@resource.arguments(Posted)
@resource.response(200, Batch)
def post_batch(body: dict[str, Any], batch: UUID) -> Response:
    """They were taken to the mail: all, or those named"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "print.post")) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        posted = views.post(work, batch, only=body["ids"], at=body["at"])
        work.settle()
        given = answer(200, Batch().dump({"batch": batch, "items": [views.shown(row) for row in posted]}))
        work.keep(given)
    return respond(given)


@resource.route("/prints/<uuid:id>")
@allowed("print.list")
@resource.response(200, PrintShown)
def show_print(id: UUID) -> Any:
    """One letter"""
    with the_portal().work(principal()) as work:
        row = views.seen(work, id)
        return views.shown(row), {"ETag": etag(row["version"])}


@resource.route("/prints/<uuid:id>/letter")
@allowed("print.work")
@resource.arguments(Sides, location="query")
@resource.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def print_letter(query: dict[str, Any], id: UUID) -> Response:
    """One letter as PDF"""
    portal = the_portal()
    with portal.work(principal()) as work:
        found, at = views.one_sheet(work, id), work.now
    return Response(views.pages(portal, found, at=at, both_sides=query["sides"] == 2), 200, _PDF, content_type="application/pdf")


@resource.route("/prints/<uuid:id>/returned", methods=["POST"])
@allowed("print.work", headers=_WRITES)
@resource.arguments(Returned)
@resource.response(200, PrintShown)
def return_print(body: dict[str, Any], id: UUID) -> Response:
    """The mail brought it back: nothing more goes to that address, and its party is told another way"""
    return _act(id, "print.returned", lambda work, row: posting.come_back(work, row, version=if_match(), **body))


@resource.route("/prints/<uuid:id>/again", methods=["POST"])
@allowed("print.work", headers=_WRITES)
@resource.arguments(Again)
@resource.response(200, PrintShown)
def print_again(body: dict[str, Any], id: UUID) -> Response:
    """Print it once more, for a reason; to another address, where that is the reason"""
    return _act(id, "print.again", lambda work, row: posting.again(work, row, version=if_match(), **body))


def _act(id: UUID, action: str, act: Callable[[Work, Row], None]) -> Response:
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        row = views.in_hand(work, id)
        if work.answer:
            return respond(work.answer, replayed=True)
        act(work, row)
        work.settle()
        given = answer(200, _SHOWN.dump(views.shown(row)))
        work.keep(given)
    return respond(given, headers={"ETag": etag(row["version"])})
