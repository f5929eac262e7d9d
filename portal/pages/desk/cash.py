"""`/desk/cash`: the tills of one's office: counted at the end of the day, closed by a second person."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from flask import Blueprint, Response, redirect, request

from portal.access.scoping import visible
from portal.db import new_id
from portal.errors import Invalid, NotFound, Refusal
from portal.fees import cash as ledger
from portal.pages import acting, history, speech
from portal.pages.opening import page, principal, show, the_portal
from portal.unit_of_work import Work
from portal.views.fees import money
from portal.workflow import counter

pages = Blueprint("desk_cash_pages", __name__, url_prefix="/desk/cash")

#: Days that are listed, and the most a till may hold.
SHOWN, MOST = 30, 10**12
BOXES = {"counted": "counted", "words": "words", "desk": "desk"}


@pages.route("")
@page("cash-day.read")
def days() -> Response:
    """Days that are open, wait for a second person, or are closed"""
    return _page()


@pages.route("/count", methods=["POST"])
@page("cash-day.close")
def count() -> Response:
    """What is in the till; its day takes no more"""
    agency, desk = request.form.get("agency", ""), request.form.get("desk", "").strip() or None

    def act(work: Work) -> None:
        counter.demand_agency(work, agency)
        counted = _counted(work.catalogue.agencies[agency].currency)
        counter.count(work, agency, counter.desk_of(work, desk), counted=counted, words=request.form.get("words", "").strip() or None)

    return _act("cash-day.count", act, "counted")


@pages.route("/<uuid:id>/close", methods=["POST"])
@page("cash-day.close")
def close(id: UUID) -> Response:
    """A colleague's count is agreed to"""

    def act(work: Work) -> None:
        found = work.run(visible(work, ledger.one(id)))
        if not found:
            raise NotFound
        counter.close(work, id, found[0]["agency"])

    return _act("cash-day.close", act, "closed")


def _act(action: str, act: Any, done: str) -> Response:
    try:
        acting.change(action, act)
    except Refusal as refused:
        return _page(faults=acting.faults(refused, BOXES, otherwise="main"))
    return Response(status=303, headers={"Location": redirect(f"/desk/cash?done={done}").location})


def _counted(currency: str) -> int:
    """What was typed, in minor units; a comma or a point before the cents, and a space between thousands."""
    said = request.form.get("counted", "").strip().replace(" ", "").replace("\u00a0", "").replace(",", ".")
    digits = get_currency_precision(currency)
    try:
        amount = Decimal(said).scaleb(digits)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount != amount.to_integral_value() or not 0 <= amount <= MOST:
        raise Invalid(errors=[{"pointer": "/counted", "detail": "Write an amount such as 125.50."}])
    return int(amount)


def _page(*, faults: dict[str, str] | None = None) -> Response:
    who, catalogue = principal(), the_portal().catalogue
    agencies = [id for id in (who.agencies or tuple(catalogue.agencies)) if id in catalogue.agencies]
    with the_portal().work(who) as work:
        rows = [row for agency in agencies for row in work.run(visible(work, ledger.days(agency, SHOWN)))]
    told = [_told(row, who.subject) for row in sorted(rows, key=lambda row: row["opened_at"], reverse=True)]
    return show(
        "desk/cash.html",
        status=422 if faults else 200,
        faults=faults or {},
        typed=request.form,
        once=str(new_id()),
        open=[row for row in told if row["status"] == "open"],
        counted=[row for row in told if row["status"] == "counted"],
        closed=[row for row in told if row["status"] == "closed"][:SHOWN],
        own=who.agencies[0] if who.agencies else None,
        desk=next(iter(who.teams), counter.DESK),
        agencies=catalogue.agencies,
        done=request.args.get("done", ""),
    )


def _told(row: dict[str, Any], subject: str | None) -> dict[str, Any]:
    agency = the_portal().catalogue.agencies[row["agency"]]
    zone, currency = agency.calendars[0].zone, agency.currency

    def said(amount: int | None) -> str | None:
        return money(amount, currency, speech.language()) if amount is not None else None

    difference = row["counted"] - row["expected"] if row["counted"] is not None else None
    return row | {
        "opened": history.moment(row["opened_at"], zone),
        "expected_says": said(row["expected"]),
        "counted_says": said(row["counted"]),
        "difference_says": said(difference) if difference else None,
        "mine": row["counted_by"] == subject,
    }
