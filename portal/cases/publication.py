"""What everybody may see of requests for public services, as GeoReport lists show them: the only writer of that list.

A row follows from the case and has no event of its own; what a caseworker approves for everybody is one, and lies in the vault.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from portal.cases.moves import ENDED
from portal.cases.tables import public_changes, public_requests
from portal.db import new_id
from portal.unit_of_work import Row, Work

#: Decimals of a degree a point is told with until somebody approves it: about a kilometre.
COARSE = 2
#: Status of a case -> extended status of GeoReport (the mySociety extension).
STATUSES = {
    "received": "OPEN",
    "in-progress": "IN_PROGRESS",
    "waiting": "INVESTIGATING",
    "decided": "ACTION_SCHEDULED",
    "closed": "CLOSED",
    "withdrawn": "CANCELLED",
}
#: Outcome of a closed case -> the same, where it says more.
OUTCOMES = {
    "done": "FIXED",
    "repaired": "FIXED",
    "fixed": "FIXED",
    "duplicate": "DUPLICATE",
    "refused": "NO_FURTHER_ACTION",
    "rejected": "NO_FURTHER_ACTION",
    "declined": "NO_FURTHER_ACTION",
    "unfounded": "NO_FURTHER_ACTION",
    "not-ours": "NOT_COUNCILS_RESPONSIBILITY",
}
_COLUMNS = "case_id, reference, jurisdiction, service, agency, status, outcome, zone, lat, long, item, requested_at, updated_at, expected_at, closed_at"
_LIST = f"""SELECT {_COLUMNS} FROM public_requests WHERE listed AND service = ANY(%(services)s) AND jurisdiction = ANY(%(jurisdictions)s)
AND requested_at BETWEEN %(since)s AND %(until)s AND (%(open)s::boolean IS NULL OR (closed_at IS NULL) = %(open)s)
ORDER BY requested_at DESC, case_id DESC LIMIT %(limit)s OFFSET %(offset)s"""
_THESE = (
    f"SELECT {_COLUMNS} FROM public_requests WHERE listed AND service = ANY(%s) AND jurisdiction = ANY(%s) AND reference = ANY(%s) ORDER BY requested_at DESC"
)
_CHANGES = """SELECT c.id, r.reference, c.status, c.outcome, c.at FROM public_changes c JOIN public_requests r USING (case_id)
WHERE r.listed AND r.service = ANY(%s) AND r.jurisdiction = ANY(%s) AND c.at BETWEEN %s AND %s ORDER BY c.at, c.case_id, c.number LIMIT %s"""


_NEAR = f"""SELECT {_COLUMNS} FROM public_requests WHERE listed AND closed_at IS NULL AND service = %s AND requested_at > %s
AND lat BETWEEN %s AND %s AND long BETWEEN %s AND %s ORDER BY requested_at DESC, case_id DESC LIMIT %s"""


class Shown(NamedTuple):
    """One row of the list."""

    case_id: UUID
    reference: str
    jurisdiction: str
    service: str
    agency: str
    status: str
    outcome: str | None
    zone: str
    lat: float | None
    long: float | None
    item: UUID | None
    requested_at: datetime
    updated_at: datetime
    expected_at: datetime | None
    closed_at: datetime | None


class Change(NamedTuple):
    """One change of status."""

    id: UUID
    reference: str
    status: str
    outcome: str | None
    at: datetime


def load(work: Work, case_ids: Collection[UUID]) -> None:
    """Reads many cases in hand at once."""
    work.load(public_requests, case_ids)


def near(work: Work, *, service: str, lat: float, long: float, since: datetime, limit: int) -> list[Shown]:
    """Requests for a service that are open, public and about the same place, as exactly as everybody is told it; the newest first."""
    step, at, along = 10.0**-COARSE, round(lat, COARSE), round(long, COARSE)
    found = work.sql(_NEAR, (service, since, at - step, at + step, along - step, along + step, limit))
    return [Shown(*row) for row in found]


def row_of(work: Work, case_id: UUID) -> Row | None:
    """The row of a case in hand; None where its service was never public."""
    return next(iter(work.rows(public_requests, case_id)), None)


def begin(work: Work, case: Row, *, expected_at: datetime | None, point: tuple[float, float] | None) -> None:
    """A request for a public service is listed from now on."""
    status = _status(case)
    lat, long = (round(point[0], COARSE), round(point[1], COARSE)) if point else (None, None)
    row = work.add(
        public_requests,
        case_id=case["case_id"],
        reference=case["reference"],
        jurisdiction=case["jurisdiction"],
        service=case["service"],
        agency=case["agency"],
        status=status,
        outcome=case["outcome"],
        zone=case["zone"],
        listed=not case["sealed"],
        lat=lat,
        long=long,
        item=None,
        changes=0,
        requested_at=case["received_at"],
        updated_at=max(work.now, case["received_at"]),
        expected_at=expected_at,
        closed_at=case["closed_at"],
    )
    _change(work, row)


def follow(work: Work, row: Row, case: Row, *, public: bool, expected_at: datetime | None) -> None:
    """The list follows the case. `public`: the service it is under now may be shown; one that still looks for its door stays under the old name."""
    status = _status(case)
    ended = case["status"] in ENDED
    values: dict[str, Any] = {
        "service": case["service"] or row["service"],
        "agency": case["agency"],
        "status": status,
        "outcome": case["outcome"],
        "listed": public and not case["sealed"],
        "expected_at": row["expected_at"] if ended else expected_at,
        "closed_at": case["closed_at"],
    }
    if all(row[name] == value for name, value in values.items()):
        return
    moved = status != row["status"]
    # Once it is closed, that is its time (GeoReport v2).
    work.change(row, **values, updated_at=case["closed_at"] or work.now)
    if moved:
        _change(work, row)


def approve(work: Work, case: Row, row: Row, *, item: UUID | None, commitment: str | None, shown: Sequence[str], official: str) -> None:
    """A caseworker says what everybody may see of it; nothing: no more than before. `CasePublished`."""
    work.change(row, item=item, updated_at=case["closed_at"] or work.now)
    work.record(
        case["case_id"],
        "CasePublished",
        agency=case["agency"],
        item=str(item) if item else None,
        commitment=commitment,
        shown=sorted(shown),
        official=official,
    )


def listed(
    work: Work,
    *,
    services: Sequence[str],
    jurisdictions: Sequence[str],
    since: datetime,
    until: datetime,
    open: bool | None,
    limit: int,
    offset: int,
) -> list[Shown]:
    """The newest first; instants are inclusive bounds of the request."""
    asked = {"services": list(services), "jurisdictions": list(jurisdictions), "since": since, "until": until, "open": open, "limit": limit, "offset": offset}
    return [Shown(*row) for row in work.sql(_LIST, asked)]


def these(work: Work, references: Sequence[str], *, services: Sequence[str], jurisdictions: Sequence[str]) -> list[Shown]:
    """Those of these references that are listed."""
    return [Shown(*row) for row in work.sql(_THESE, (list(services), list(jurisdictions), list(references)))]


def changes(work: Work, *, services: Sequence[str], jurisdictions: Sequence[str], since: datetime, until: datetime, limit: int) -> list[Change]:
    """Changes of status of listed requests in that time, oldest first."""
    return [Change(*row) for row in work.sql(_CHANGES, (list(services), list(jurisdictions), since, until, limit))]


def _status(case: Row) -> str:
    if case["status"] == "closed":
        return OUTCOMES.get(case["outcome"] or "", "CLOSED")
    if not case["service"]:
        return "INTERNAL_REFERRAL"
    return STATUSES[case["status"]]


def _change(work: Work, row: Row) -> None:
    work.change(row, changes=row["changes"] + 1)
    work.add(public_changes, case_id=row["case_id"], number=row["changes"], id=new_id(), status=row["status"], outcome=row["outcome"], at=row["updated_at"])
