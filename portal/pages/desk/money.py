"""`/desk/fees/{id}`: a fee at the counter: cash, waiver, paying back; `/desk/proposals`: what waits for a second person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from flask import Blueprint, Response, redirect, request

from portal.access import reads
from portal.access.scoping import visible
from portal.db import new_id
from portal.errors import NotFound, Refusal
from portal.fees import ledger, proposals
from portal.pages import acting, speech
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Work
from portal.views import desk
from portal.views import fees as views
from portal.views.fees import money
from portal.workflow import counter, feework

pages = Blueprint("desk_money_pages", __name__, url_prefix="/desk")

BOXES = {"law": "law", "words": "words", "amount": "amount"}


@pages.route("/fees/<uuid:id>")
@page("fee.read")
def fee(id: UUID) -> Response:
    """One fee, and what can be done about it at the counter"""
    return _page(id)


@pages.route("/fees/<uuid:id>/cash", methods=["POST"])
@page("fee.cash")
def cash(id: UUID) -> Response:
    """All of it, in cash, against a receipt"""

    def act(work: Work) -> None:
        owed = views.one(work, id)
        day = counter.open_till(work, owed["agency"], counter.desk_of(work, None), owed["case_id"])
        counter.take(work, owed["case_id"], id, day, amount=owed["amount"])

    return _act(id, "fee.cash", act)


@pages.route("/fees/<uuid:id>/payout", methods=["POST"])
@page("fee.cash")
def payout(id: UUID) -> Response:
    """What waits to go back, in cash"""

    def act(work: Work) -> None:
        owed = views.one(work, id)
        day = counter.open_till(work, owed["agency"], counter.desk_of(work, None), owed["case_id"])
        counter.pay_out(work, owed["case_id"], id, day)

    return _act(id, "fee.payout", act)


@pages.route("/fees/<uuid:id>/waiver", methods=["POST"])
@page("fee.waive")
def waive(id: UUID) -> Response:
    """It need not be paid, by law"""
    law, said = request.form.get("law", "").strip(), request.form.get("words", "").strip()
    return _act(id, "fee.waive", _with_case(id, lambda work, case_id: feework.waive(work, case_id, id, law=law, words=said)), needs=("law", "words"))


@pages.route("/fees/<uuid:id>/refund", methods=["POST"])
@page("fee.refund")
def refund(id: UUID) -> Response:
    """What was paid goes back by the way it came, all of it"""
    law, said = request.form.get("law", "").strip(), request.form.get("words", "").strip()
    verb = _with_case(id, lambda work, case_id: feework.refund(work, case_id, id, amount=None, currency=None, law=law, words=said))
    return _act(id, "fee.refund", verb, needs=("law", "words"))


@pages.route("/proposals")
@page("fee.confirm")
def waiting() -> Response:
    """What a colleague proposed and a second person confirms"""
    return _proposals()


@pages.route("/proposals/<uuid:id>", methods=["POST"])
@page("fee.confirm")
def settle(id: UUID) -> Response:
    """Confirmed or refused"""
    verb = feework.confirm if request.form.get("do") == "confirm" else feework.refuse

    def act(work: Work) -> None:
        found = work.run(visible(work, proposals.one(id)))
        if not found:
            raise NotFound
        reads.note(work, found[0]["case_id"])
        work.narrow([found[0]["case_id"]])
        verb(work, found[0]["case_id"], id)

    try:
        acting.change("fee.confirm", act)
    except Refusal as refused:
        return _proposals(status=422, faults=acting.faults(refused, otherwise="main"))
    return Response(status=303, headers={"Location": redirect("/desk/proposals?done=settled").location})


def _with_case(id: UUID, verb: Callable[[Work, UUID], Any]) -> Callable[[Work], None]:
    def act(work: Work) -> None:
        case_id = views.one(work, id)["case_id"]
        work.narrow([case_id])
        verb(work, case_id)

    return act


def _act(id: UUID, action: str, act: Callable[[Work], None], *, needs: tuple[str, ...] = ()) -> Response:
    lacking = {name: speech.words("Fill this in: we cannot go on without it.") for name in needs if not request.form.get(name, "").strip()}
    if lacking:
        return _page(id, status=422, faults=lacking)
    try:
        acting.change(action, act)
    except Refusal as refused:
        return _page(id, status=422, faults=acting.faults(refused, BOXES, otherwise="main"))
    return Response(status=303, headers={"Location": redirect(f"/desk/fees/{id}?done={action.partition('.')[2]}").location})


def _page(id: UUID, *, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    with the_portal().work(principal()) as work:
        row = views.one(work, id)
        shown = views.shown(work, row, work.run(visible(work, ledger.entries(row["case_id"]))), speech.language())
        reference = desk.reference_of(work, row["case_id"])
    currency = row["currency"]
    return show(
        "desk/fee.html",
        status=status,
        faults=faults or {},
        typed=request.form,
        once=str(new_id()),
        fee=shown,
        reference=reference,
        agency=the_portal().catalogue.agencies[row["agency"]],
        own=row["agency"] in principal().agencies,
        money=lambda amount: money(amount, currency, speech.language()),
        left=row["paid"] - row["refunded"],
        minor=get_currency_precision(currency),
        done=request.args.get("done", ""),
    )


def _proposals(*, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    who = principal()
    with the_portal().work(who) as work:
        rows = work.run(visible(work, proposals.waiting(who.agencies, 200)))
        told = [
            row | {"mine": row["proposed_by"] == who.subject, "says": money(row["amount"], views.one(work, row["fee_id"])["currency"], speech.language())}
            for row in rows
        ]
    return show("desk/proposals.html", status=status, faults=faults or {}, rows=told, once=str(new_id()), done=request.args.get("done", ""))
