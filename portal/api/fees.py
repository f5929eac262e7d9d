"""`/fees`, `/fee-proposals`, `/cash-days`: what is owed, waived, paid in cash and paid back, and the second person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from portal.access import reads
from portal.access.scoping import visible
from portal.api.allowed import allowed
from portal.api.asking import language, principal, the_portal
from portal.api.repeats import answer, repeatable, respond
from portal.api.schemas import Schema, Whole, words
from portal.api.spec import Resource
from portal.errors import NotFound
from portal.fees import cash, ledger, proposals
from portal.fees.ledger import LARGEST
from portal.unit_of_work import Row, Work
from portal.views import fees as views
from portal.workflow import counter, feework

resource = Resource("fees", __name__, description="Fees: owed, paid, waived, paid back; cash and its days.")

_ONCE = ("Idempotency-Key",)
_WORDS = words(10_000)
_DESK = validate.Regexp(r"[a-z0-9][a-z0-9_-]{0,62}\Z")


class Amount(Whole):
    """Whole minor units of a currency; never a fraction, never true or false."""

    default_error_messages = {"invalid": "Send a whole number of minor units."}

    def __init__(self, *, least: int = 1, **options: Any) -> None:
        super().__init__(validate=validate.Range(least, LARGEST), **options)


class EntryShown(Schema):
    """One payment or refund."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, metadata={"enum": ["payment", "refund"]})
    way = fields.String(required=True, metadata={"enum": ["card", "cash"]})
    amount = fields.Integer(required=True)
    currency = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": ["open", "made", "failed"]})
    receipt = fields.String(required=True, allow_none=True)
    begun_at = fields.DateTime(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


class FeeShown(Schema):
    """A fee. Amounts are minor units of the currency (ISO 4217)."""

    id = fields.UUID(required=True)
    agency = fields.String(required=True)
    amount = fields.Integer(required=True)
    currency = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": ["due", "paid", "waived", "cancelled", "refunded"]})
    due_at = fields.DateTime(required=True)
    pay_by = fields.DateTime(required=True, allow_none=True)
    settled_at = fields.DateTime(required=True, allow_none=True)
    paid = fields.Integer(required=True)
    refunded = fields.Integer(required=True)
    why = fields.String(required=True, allow_none=True, metadata={"description": "Why it is owed no more; of a waiver the law."})
    says = fields.String(required=True)
    ways = fields.List(fields.String(), required=True, metadata={"description": "How it can be paid now: `card`, `cash`."})
    counter = fields.String(required=True, allow_none=True, metadata={"description": "Where cash is taken."})
    entries = fields.List(fields.Nested(EntryShown), required=True)


class ProposalShown(Schema):
    """What an official proposes and a second one of the agency confirms or refuses."""

    id = fields.UUID(required=True)
    fee_id = fields.UUID(required=True)
    agency = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["waiver", "refund"]})
    amount = fields.Integer(required=True)
    law = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": ["open", "confirmed", "refused", "expired"]})
    proposed_by = fields.String(required=True)
    proposed_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = fields.DateTime(required=True, allow_none=True)


class Changed(Schema):
    """The fee after a change, and the proposal where a second person has to confirm it first."""

    fee = fields.Nested(FeeShown, required=True)
    proposal = fields.Nested(ProposalShown, required=True, allow_none=True)


class Proposals(Schema):
    """Proposals that wait, the oldest first."""

    items = fields.List(fields.Nested(ProposalShown), required=True)


class Taking(Schema):
    """Cash over the counter."""

    amount = Amount(required=True)
    currency = fields.String(validate=validate.Regexp(r"[A-Z]{3}\Z"))
    desk = fields.String(validate=_DESK, metadata={"description": "Absent: the official's first team."})


class PayingOut(Schema):
    """Cash that goes back over the counter."""

    desk = fields.String(validate=_DESK)


class Waiver(Schema):
    """Why a fee need not be paid, and by which law."""

    law = fields.String(required=True, validate=validate.Length(1, 200))
    words = fields.String(required=True, validate=_WORDS)


class Return(Waiver):
    """Why something goes back; without an amount all that is left."""

    amount = Amount()
    currency = fields.String(validate=validate.Regexp(r"[A-Z]{3}\Z"))


class Till(Schema):
    """What is in the till at the end of a desk's day; why it differs from what is expected, where it does."""

    counted = Amount(required=True, least=0)
    desk = fields.String(validate=_DESK)
    words = fields.String(validate=_WORDS)


class DayShown(Schema):
    """A desk's cash from its first taking to its closing."""

    id = fields.UUID(required=True)
    agency = fields.String(required=True)
    desk = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": ["open", "counted", "closed"]})
    opened_at = fields.DateTime(required=True)
    expected = fields.Integer(required=True, allow_none=True)
    counted = fields.Integer(required=True, allow_none=True)
    difference = fields.Integer(required=True, allow_none=True)
    counted_by = fields.String(required=True, allow_none=True)
    counted_at = fields.DateTime(required=True, allow_none=True)
    closed_by = fields.String(required=True, allow_none=True)
    closed_at = fields.DateTime(required=True, allow_none=True)


class Days(Schema):
    """An agency's latest cash days."""

    items = fields.List(fields.Nested(DayShown), required=True)


_CHANGED, _DAY = Changed(), DayShown()
_PROPOSAL = tuple(ProposalShown._declared_fields)


@resource.route("/fees/<uuid:id>")
@allowed("fee.read")
@resource.response(200, FeeShown)
def show_fee(id: UUID) -> Any:
    """One fee"""
    with the_portal().work(principal()) as work:
        fee = views.one(work, id)
        return views.shown(work, fee, work.run(visible(work, ledger.entries(fee["case_id"]))), language())


Act = Callable[[Work, UUID], Row | None]


def _change(id: UUID, action: str, act: Act, *, status: int = 200, at_desk: str | None = None) -> Response:
    """One change of a fee by an official: once, whatever is repeated. `at_desk`: with that desk's till in hand."""
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        seen = views.one(work, id)
        if work.answer:
            return respond(work.answer, replayed=True)
        case_id = seen["case_id"]
        if at_desk is None:
            work.narrow([case_id])
        proposal = act(work, case_id)
        work.settle()
        given = answer(status, _CHANGED.dump(_changed(work, case_id, id, proposal)))
        work.keep(given)
    return respond(given)


def _changed(work: Work, case_id: UUID, id: UUID, proposal: Row | None) -> dict[str, Any]:
    fee = ledger.fee_of(work, case_id, id)
    shown = views.shown(work, fee, ledger.entries_of(work, fee), language())
    return {"fee": shown, "proposal": proposal and {name: proposal[name] for name in _PROPOSAL}}


def _at_till(id: UUID, desk: str | None, act: Callable[[Work, UUID, Row], Row]) -> Act:
    """An act with the desk's till open; the desk is held before the case's head is."""

    def acting(work: Work, case_id: UUID) -> None:
        fee = views.one(work, id)
        act(work, case_id, counter.open_till(work, fee["agency"], counter.desk_of(work, desk), case_id))

    return acting


@resource.route("/fees/<uuid:id>/cash", methods=["POST"])
@allowed("fee.cash", headers=_ONCE)
@resource.arguments(Taking)
@resource.answer(201, Changed)
def take_cash(body: dict[str, Any], id: UUID) -> Response:
    """Take cash for it, all of it, against a receipt"""
    act = _at_till(id, body.get("desk"), lambda work, case_id, day: counter.take(work, case_id, id, day, amount=body["amount"], currency=body.get("currency")))
    return _change(id, "fee.cash", act, status=201, at_desk="till")


@resource.route("/fees/<uuid:id>/payout", methods=["POST"])
@allowed("fee.cash", headers=_ONCE)
@resource.arguments(PayingOut)
@resource.answer(201, Changed)
def pay_out(body: dict[str, Any], id: UUID) -> Response:
    """Hand back in cash what waits to go back, against a receipt"""
    act = _at_till(id, body.get("desk"), lambda work, case_id, day: counter.pay_out(work, case_id, id, day))
    return _change(id, "fee.payout", act, status=201, at_desk="till")


@resource.route("/fees/<uuid:id>/waiver", methods=["POST"])
@allowed("fee.waive", headers=_ONCE)
@resource.arguments(Waiver)
@resource.answer(200, Changed)
def waive(body: dict[str, Any], id: UUID) -> Response:
    """Waive it, by law and with reasons; above the agency's limit this proposes it to a second person"""
    return _change(id, "fee.waive", lambda work, case_id: feework.waive(work, case_id, id, **body))


@resource.route("/fees/<uuid:id>/refund", methods=["POST"])
@allowed("fee.refund", headers=_ONCE)
@resource.arguments(Return)
@resource.answer(200, Changed)
def refund(body: dict[str, Any], id: UUID) -> Response:
    """Pay it back, or some of it, by the way it came; above the agency's limit this proposes it to a second person"""
    wanted = {"amount": body.get("amount"), "currency": body.get("currency"), "law": body["law"], "words": body["words"]}
    return _change(id, "fee.refund", lambda work, case_id: feework.refund(work, case_id, id, **wanted))


@resource.route("/fee-proposals")
@allowed("fee.confirm")
@resource.response(200, Proposals)
def list_proposals() -> Any:
    """What waits for a second person of my agency"""
    who = principal()
    with the_portal().work(who) as work:
        return {"items": work.run(visible(work, proposals.waiting(who.agencies, 200)))}


@resource.route("/fee-proposals/<uuid:id>/confirmation", methods=["POST"])
@allowed("fee.confirm", headers=_ONCE)
@resource.answer(200, Changed)
def confirm(id: UUID) -> Response:
    """Agree with what a colleague proposed; it takes effect at once"""
    return _decide(id, "fee.confirm", feework.confirm)


@resource.route("/fee-proposals/<uuid:id>/refusal", methods=["POST"])
@allowed("fee.confirm", headers=_ONCE)
@resource.answer(200, Changed)
def refuse(id: UUID) -> Response:
    """Do not agree with it, or take one's own proposal back"""
    return _decide(id, "fee.refuse", feework.refuse)


def _decide(id: UUID, action: str, decide: Callable[[Work, UUID, UUID], Row]) -> Response:
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        found = work.run(visible(work, proposals.one(id)))
        if not found:
            raise NotFound("There is no proposal of that number, or you may not see it.")
        reads.note(work, found[0]["case_id"])
        if work.answer:
            return respond(work.answer, replayed=True)
        work.narrow([found[0]["case_id"]])
        row = decide(work, found[0]["case_id"], id)
        work.settle()
        given = answer(200, _CHANGED.dump(_changed(work, row["case_id"], row["fee_id"], row)))
        work.keep(given)
    return respond(given)


@resource.route("/cash-days/<agency>")
@allowed("cash-day.read")
@resource.response(200, Days)
def list_days(agency: str) -> Any:
    """Its desks' cash days, the newest first"""
    with the_portal().work(principal()) as work:
        return {"items": [_day(row) for row in work.run(visible(work, cash.days(agency, 100)))]}


@resource.route("/cash-days/<agency>/close", methods=["POST"])
@allowed("cash-day.close", headers=_ONCE)
@resource.arguments(Till)
@resource.answer(200, DayShown)
def count_till(body: dict[str, Any], agency: str) -> Response:
    """Count a till: its day takes no more, and waits for a second person to close it"""

    def act(work: Work) -> Row:
        return counter.count(work, agency, counter.desk_of(work, body.get("desk")), counted=body["counted"], words=body.get("words"))

    return _of_day("cash-day.count", act)


@resource.route("/cash-days/<agency>/<uuid:id>/confirmation", methods=["POST"])
@allowed("cash-day.close", headers=_ONCE)
@resource.answer(200, DayShown)
def close_day(agency: str, id: UUID) -> Response:
    """Close a day a colleague has counted"""

    def act(work: Work) -> Row:
        if not work.run(visible(work, cash.one(id))):
            raise NotFound("There is no cash day of that number, or you may not see it.")
        return counter.close(work, id, agency)

    return _of_day("cash-day.close", act)


def _of_day(action: str, act: Callable[[Work], Row]) -> Response:
    who = principal()
    with the_portal().work(who, repeatable=repeatable(who, action)) as work:
        if work.answer:
            return respond(work.answer, replayed=True)
        day = act(work)
        work.settle()
        given = answer(200, _DAY.dump(_day(day)))
        work.keep(given)
    return respond(given)


def _day(row: Any) -> dict[str, Any]:
    difference = None if row["counted"] is None else row["counted"] - row["expected"]
    return {**row, "id": row["case_id"], "difference": difference}
