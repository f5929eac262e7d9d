"""Cash at a counter: taken and paid out against a receipt without gaps, counted at the end of a desk's day, closed by a second person.

A desk's day is a stream of events of its own, with its head: what was counted and closed is chained like what happened on a case. Order of locks everywhere:
the desk (advisory), then heads by id, then the counter of receipts.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from portal.errors import IllegalMove, Invalid, NotFound
from portal.fees import ledger
from portal.fees.proposals import SamePerson
from portal.fees.tables import cash_days
from portal.unit_of_work import Row, Work

_DESK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_OPEN = "SELECT case_id FROM cash_days WHERE agency = %s AND desk = %s AND status = 'open'"
_NEXT = """INSERT INTO receipt_numbers AS r (agency, year, last) VALUES (%s, %s, 1)
ON CONFLICT (agency, year) DO UPDATE SET last = r.last + 1 RETURNING last"""
_GIVEN = """INSERT INTO receipt_numbers AS r (agency, year, last) VALUES (%s, %s, %s)
ON CONFLICT (agency, year) DO UPDATE SET last = greatest(r.last, excluded.last)"""
_TOTAL = "SELECT coalesce(sum(CASE kind WHEN 'payment' THEN amount ELSE -amount END), 0)::bigint FROM payments WHERE cash_day = %s"


class NoDay(NotFound):
    """No cash was taken at this desk since its last day was counted."""

    slug = "no-cash-day"


def hold_desk(work: Work, agency: str, desk: str) -> UUID | None:
    """Nobody else takes cash at this desk until the unit ends; its open day, if any. In a unit of the agency's staff, before any head is held."""
    work.sql(_DESK, (f"cash {agency} {desk}",))
    found = work.sql(_OPEN, (agency, desk))
    return found[0][0] if found else None


def begin_day(work: Work, id: UUID, *, agency: str, desk: str) -> Row:
    """A desk's day begins, a stream of its own that the unit has begun. `CashDayOpened`."""
    row = work.add(cash_days, case_id=id, agency=agency, desk=desk, status="open", opened_at=work.now)
    work.record(id, "CashDayOpened", agency=agency, desk=desk)
    return row


def day_of(work: Work, id: UUID) -> Row:
    """A day in hand; NotFound where there is none."""
    rows = work.rows(cash_days, id)
    if not rows:
        raise NotFound("There is no cash day of that number.")
    return rows[0]


def take(work: Work, fee: Row, day: Row, *, amount: int, official: str, year: int) -> Row:
    """Cash for a fee: all of it, against a receipt. `FeePaid`; Invalid for another amount."""
    if amount != fee["amount"]:
        detail = f"The fee is {fee['amount']} minor units of {fee['currency']}, and is paid in one go: take that amount."
        raise Invalid(errors=[{"pointer": "/amount", "detail": detail}])
    if fee["status"] != "due":
        raise IllegalMove("Nothing is due any more: this fee is %(status)s.", values={"status": fee["status"]})
    place = {"desk": day["desk"], "cash_day": day["case_id"], "official": official, "receipt": _receipt(work, day["agency"], year)}
    row = ledger.entry(work, fee, kind="payment", way="cash", amount=amount, status="made", ended_at=work.now, **place)
    ledger.pay(work, fee, row)
    return row


def pay_out(work: Work, fee: Row, row: Row, day: Row, *, official: str, year: int) -> None:
    """Cash that goes back, handed over against a receipt. `FeeRefunded`."""
    place = {"desk": day["desk"], "cash_day": day["case_id"], "receipt": _receipt(work, day["agency"], year)}
    ledger.paid_back(work, fee, row, **place, official=row["official"] or official)


def expected(work: Work, id: UUID) -> int:
    """What must be in the till: in minus out. In a unit of the agency's staff, its desk held, before heads are."""
    return int(work.sql(_TOTAL, (id,))[0][0])


def count(work: Work, day: Row, *, expected: int, counted: int, words: UUID | None, official: str) -> None:
    """Its end: what is in the till is counted, and why it differs is said. Nothing is added to this day any more. `CashDayCounted`."""
    if day["status"] != "open":
        raise IllegalMove(f"This day is {day['status']} already.")
    if counted != expected and words is None:
        detail = f"{expected} minor units are expected and {counted} were counted: say in `words` why they differ."
        raise Invalid(errors=[{"pointer": "/words", "detail": detail}])
    work.change(day, status="counted", expected=expected, counted=counted, words=words, counted_by=official, counted_at=work.now)
    told: dict[str, Any] = {"expected": expected, "counted": counted, "words": str(words) if words else None, "official": official}
    work.record(day["case_id"], "CashDayCounted", agency=day["agency"], desk=day["desk"], **told)


def close(work: Work, day: Row, *, official: str) -> None:
    """A second person has looked at what was counted. `CashDayClosed`."""
    if day["status"] != "counted":
        raise IllegalMove("Count the till first." if day["status"] == "open" else "This day is closed already.")
    if official == day["counted_by"]:
        raise SamePerson("You counted this till yourself; a colleague of your agency has to close the day.")
    work.change(day, status="closed", closed_by=official, closed_at=work.now)
    told: dict[str, Any] = {"expected": day["expected"], "counted": day["counted"], "difference": day["counted"] - day["expected"], "official": official}
    work.record(day["case_id"], "CashDayClosed", agency=day["agency"], desk=day["desk"], **told)


def _receipt(work: Work, agency: str, year: int) -> str:
    """The next number, without gaps: a unit that fails gives its number back."""
    return f"{agency}-{year}-{work.sql(_NEXT, (agency, year))[0][0]:06d}"


def given(work: Work, receipt: str) -> None:
    """After a restore: a receipt of that number was handed out, so it is not given again (a unit of the relay)."""
    agency, year, number = receipt.rsplit("-", 2)
    work.sql(_GIVEN, (agency, int(year), int(number)))


def days(agency: str, limit: int) -> Select[Any]:
    """Days of an agency's desks, the newest first, for a reader; pass it through `access.visible`."""
    return select(cash_days).where(cash_days.c.agency == agency).order_by(cash_days.c.opened_at.desc(), cash_days.c.case_id.desc()).limit(limit)


def one(id: UUID) -> Select[Any]:
    """A day by its id, for a reader."""
    return select(cash_days).where(cash_days.c.case_id == id)
