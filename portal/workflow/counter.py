"""What people do at a counter with cash: take it, hand it back, count the till, close the day."""

from __future__ import annotations

from uuid import UUID

from portal.access import grants
from portal.clock import local_date
from portal.db import new_id
from portal.errors import IllegalMove, NotAllowed
from portal.fees import cash, ledger
from portal.unit_of_work import Row, Work
from portal.vault import items

#: Where a caseworker's token names no team.
DESK = "desk"


def desk_of(work: Work, given: str | None) -> str:
    """The desk somebody works at: the one named, or that of their first team."""
    return given or next(iter(work.principal.teams), DESK)


def open_till(work: Work, agency: str, desk: str, case_id: UUID) -> Row:
    """The desk's open day, begun where there is none; it and the case are in hand from here on. In a unit of the agency's staff that holds no head."""
    demand_agency(work, agency)
    id = cash.hold_desk(work, agency, desk)
    if id is not None:
        work.narrow([case_id, id])
        return cash.day_of(work, id)
    id = new_id()
    origin = "live" if work.portal.settings.mode == "production" else "demo"
    work.begin_case(id, jurisdiction=work.catalogue.agencies[agency].jurisdiction, origin=origin)
    work.narrow([case_id])
    row = cash.begin_day(work, id, agency=agency, desk=desk)
    grants.grant(work, id, agency, "cash")
    return row


def take(work: Work, case_id: UUID, fee_id: UUID, day: Row, *, amount: int, currency: str | None = None) -> Row:
    """Cash for a fee of a case in hand; the entry, with its receipt."""
    fee = ledger.fee_of(work, case_id, fee_id)
    amount = ledger.amount_of(amount, currency, fee)
    return cash.take(work, fee, day, amount=amount, official=str(work.principal.subject), year=_year(work, day["agency"]))


def pay_out(work: Work, case_id: UUID, fee_id: UUID, day: Row) -> Row:
    """Hands back in cash what waits to go back of a fee; the entry, with its receipt."""
    fee = ledger.fee_of(work, case_id, fee_id)
    waiting = [row for row in ledger.entries_of(work, fee) if row["kind"] == "refund" and row["way"] == "cash" and row["status"] == "open"]
    if not waiting:
        raise IllegalMove("Nothing of this fee waits to be paid out in cash.")
    cash.pay_out(work, fee, waiting[0], day, official=str(work.principal.subject), year=_year(work, day["agency"]))
    return waiting[0]


def count(work: Work, agency: str, desk: str, *, counted: int, words: str | None) -> Row:
    """Counts the till of a desk's open day, in a unit of the agency's staff that holds no head."""
    demand_agency(work, agency)
    id = cash.hold_desk(work, agency, desk)
    if id is None:
        raise cash.NoDay
    expected = cash.expected(work, id)
    work.narrow([id])
    day = cash.day_of(work, id)
    item = items.put(work, id, "note", words)[0] if words else None
    cash.count(work, day, expected=expected, counted=counted, words=item, official=str(work.principal.subject))
    return day


def close(work: Work, id: UUID, agency: str) -> Row:
    """Closes a counted day as the second person."""
    demand_agency(work, agency)
    work.narrow([id])
    day = cash.day_of(work, id)
    cash.close(work, day, official=str(work.principal.subject))
    return day


def demand_agency(work: Work, agency: str) -> None:
    """NotAllowed where the official is not of that agency."""
    if agency not in work.principal.agencies:
        raise NotAllowed("Only officials of the agency the fee is owed to may do this.")


def _year(work: Work, agency: str) -> int:
    return int(local_date(work.now, work.catalogue.agencies[agency].calendars[0].zone)[:4])
