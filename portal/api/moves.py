"""`/moves`: running cases go over to another version of their journey; for administrators."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.api.allowed import allowed
from portal.api.asking import principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema
from portal.api.spec import Resource
from portal.catalogue.faults import CatalogueFaults
from portal.catalogue.mapping import read_mapping
from portal.errors import Invalid
from portal.runs.moves import Move
from portal.workflow import move_orders, moving
from portal.workflow.crossing import Line

resource = Resource("moves", __name__, description="Bring running cases to another version of their journey, and back before it was used.")

_WRITES = ("Idempotency-Key",)
#: Cases a dry run looks at while somebody waits for the answer; `portal move --dry-run` looks at all.
LOOKED_AT = 1000


class MoveAsked(Schema):
    """Which cases go where. `from` and `to` are numbers or the first characters of a hash; without them all other versions, and the present one."""

    from_ = fields.String(data_key="from", attribute="from_", load_default=None, validate=validate.Length(1, 64))
    to = fields.String(load_default=None, validate=validate.Length(1, 64))
    mapping = fields.String(load_default="", validate=validate.Length(0, 100_000), metadata={"description": "YAML that says where steps go."})
    service = fields.String(load_default=None, validate=validate.Length(1, 100))
    limit = fields.Integer(load_default=None, validate=validate.Range(1, 10_000_000), metadata={"description": "At most so many cases."})
    dry_run = fields.Boolean(load_default=False, metadata={"description": f"Write nothing and say what would become of the first {LOOKED_AT:,} cases."})


class WhyStays(Schema):
    """WhyStays cases stay on their version."""

    why = fields.String(required=True)
    cases = fields.Integer(required=True)


class StepMoved(Schema):
    """Where a step goes, and what becomes of it."""

    old = fields.String(required=True, data_key="from", attribute="from")
    new = fields.String(required=True, data_key="to", attribute="to")
    how = fields.String(required=True, metadata={"enum": ["kept", "anew", "ended"]})


class DateMoved(Schema):
    """A promise before and after; null: it does not run."""

    standard = fields.String(required=True)
    was = fields.DateTime(required=True, allow_none=True)
    due = fields.DateTime(required=True, allow_none=True)


class CaseLine(Schema):
    """What would become of one case; `stays` says why it would not move."""

    reference = fields.String(required=True, allow_none=True)
    steps = fields.List(fields.Nested(StepMoved), required=True)
    dates = fields.List(fields.Nested(DateMoved), required=True)
    stays = fields.String(required=True, allow_none=True)


class DryRun(Schema):
    """What a move would come to."""

    cases = fields.Integer(required=True, metadata={"description": "On the versions it would move from."})
    looked_at = fields.Integer(required=True)
    moved = fields.Integer(required=True)
    dates = fields.Integer(required=True, metadata={"description": "Promises that would get another date."})
    stays = fields.List(fields.Nested(WhyStays), required=True)
    items = fields.List(fields.Nested(CaseLine), required=True)


class Stayed(Schema):
    """One case that stays."""

    reference = fields.String(required=True, allow_none=True)
    why = fields.String(required=True)


class MoveShown(Schema):
    """A move, and how far it is."""

    id = fields.UUID(required=True)
    journey = fields.String(required=True)
    from_hashes = fields.List(fields.String(), required=True, data_key="from", attribute="from")
    to = fields.String(required=True)
    service = fields.String(required=True, allow_none=True)
    limit = fields.Integer(required=True, allow_none=True)
    status = fields.String(required=True, metadata={"enum": ["proposed", "running", "done", "undoing", "undone"]})
    waiting = fields.Integer(required=True, metadata={"description": "Cases that are still on the versions it moves from, those that stay among them."})
    moved = fields.Integer(required=True)
    undone = fields.Integer(required=True)
    held = fields.Integer(required=True, metadata={"description": "Cases that somebody was writing; they are taken at the end."})
    stays = fields.List(fields.Nested(WhyStays), required=True)
    first = fields.List(fields.Nested(Stayed), required=True, metadata={"description": "Some of those that stay."})
    asked_by = fields.String(required=True)
    confirmed_by = fields.String(required=True, allow_none=True)
    undone_by = fields.String(required=True, allow_none=True)
    asked_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


@resource.route("/journeys/<journey>/moves", methods=["POST"])
@allowed("journey.move", headers=_WRITES)
@resource.arguments(MoveAsked)
@resource.alt_response(200, schema=DryRun)
@resource.answer(201, MoveShown)
def start(body: dict[str, Any], journey: str) -> Response:
    """Move its cases, or say what that would do; many cases wait for a second administrator"""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, "journey.move")) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        move = _prepared(journey, body)
        if body["dry_run"]:
            given = answer(200, DryRun().dump(_looked(move)))
        else:
            move = move_orders.propose(work, move)
            given = answer(201, MoveShown().dump(_shown(move)))
        work.keep(given)
    return respond(given)


@resource.route("/moves/<uuid:id>")
@allowed("journey.move")
@resource.response(200, MoveShown)
def progress(id: UUID) -> Any:
    """How far a move is"""
    return _shown(move_orders.one(the_portal(), id))


@resource.route("/moves/<uuid:id>/confirm", methods=["POST"])
@allowed("journey.move")
@resource.response(200, MoveShown)
def confirm(id: UUID) -> Any:
    """Let a move of many cases begin; somebody else asked for it"""
    move_orders.confirm(the_portal(), id, by=str(principal().subject))
    return _shown(move_orders.one(the_portal(), id))


@resource.route("/moves/<uuid:id>/undo", methods=["POST"])
@allowed("journey.move")
@resource.response(200, MoveShown)
def undo(id: UUID) -> Any:
    """Bring back every case that has not gone on since; the others are listed and stay"""
    move_orders.undo(the_portal(), id, by=str(principal().subject))
    return _shown(move_orders.one(the_portal(), id))


def _prepared(journey: str, body: dict[str, Any]) -> Move:
    """Invalid where the mapping has faults, each with its line and column."""
    who, versions = str(principal().subject), {"from_": body["from_"], "to": body["to"]}
    try:
        written = read_mapping("mapping", body["mapping"].encode())
        return move_orders.prepare(the_portal(), journey, asked_by=who, written=written, service=body["service"], most=body["limit"], **versions)
    except CatalogueFaults as faults:
        errors = [{"pointer": "/mapping", "detail": str(fault)} for fault in faults.faults]
        raise Invalid("The mapping cannot be used.", errors=errors) from None


def _looked(move: Move) -> dict[str, Any]:
    lines: list[Line] = []
    for page in moving.preview(the_portal(), move):
        lines += page
        if len(lines) >= LOOKED_AT:
            break
    names = move_orders.references(the_portal(), [line.case_id for line in lines])
    stays = Counter(line.stays for line in lines if line.stays)
    return {
        "cases": move_orders.waiting(the_portal(), move),
        "looked_at": len(lines),
        "moved": sum(line.stays is None for line in lines),
        "dates": sum(date.was != date.due for line in lines for date in line.dates),
        "stays": _whys(stays),
        "items": [
            {
                "reference": names.get(line.case_id),
                "steps": [{"from": old, "to": new, "how": how} for old, new, how in line.steps],
                "dates": line.dates,
                "stays": line.stays,
            }
            for line in lines
        ],
    }


def _shown(move: Move) -> dict[str, Any]:
    first = [(UUID(id), why) for id, why in move.stays["first"]]
    names = move_orders.references(the_portal(), [id for id, _ in first]) if first else {}
    same = ("id", "journey", "service", "status", "moved", "undone", "asked_by", "confirmed_by", "undone_by", "asked_at", "ended_at")
    return {name: getattr(move, name) for name in same} | {
        "from": move.from_hashes,
        "to": move.to_hash,
        "limit": move.most,
        "waiting": move_orders.waiting(the_portal(), move),
        "held": len(move.held),
        "stays": _whys(move.stays["whys"]),
        "first": [{"reference": names.get(id), "why": why} for id, why in first],
    }


def _whys(counted: Any) -> list[dict[str, Any]]:
    return [{"why": why, "cases": number} for why, number in sorted(counted.items(), key=lambda one: -one[1])]
