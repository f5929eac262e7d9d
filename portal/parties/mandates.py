"""Mandates: somebody may stand on a case for its party, to see it, to act in it, or for all, until a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from portal.db import new_id
from portal.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.parties.register import of_case, put_on
from portal.parties.tables import case_parties, mandates
from portal.unit_of_work import Row, Work

#: The longest a mandate is given for.
LONGEST = timedelta(days=2 * 366)
#: Mandates a case holds at most, those that ended too.
MOST = 50


def give(work: Work, case_id: UUID, *, scope: str, until: datetime) -> tuple[Row, str]:
    """A mandate that waits to be taken up, and its code, which is shown this once. `MandateGiven`."""
    if not work.now < until <= work.now + LONGEST:
        raise Invalid(errors=[{"pointer": "/until", "detail": "Name an instant to come, at most two years from now."}])
    if len(work.rows(mandates, case_id)) >= MOST:
        raise Conflict("There were too many mandates on this case. Ask at the counter.")
    code = token_hex(16)
    row = work.add(mandates, case_id=case_id, id=new_id(), scope=scope, code_hash=_hash(code), given_at=work.now, until=until)
    work.record(case_id, "MandateGiven", mandate=str(row["id"]), scope=scope, until=until.isoformat())
    return row, code


def accept(work: Work, case_id: UUID, code: str, *, subject: str) -> Row:
    """Who signed in takes up the mandate the code is of, and stands on the case from now on. NotFound for any code that opens nothing. `MandateAccepted`."""
    row = next((row for row in work.rows(mandates, case_id) if compare_digest(bytes(row["code_hash"]), _hash(code))), None)
    if row is None or row["ended_at"] is not None or row["until"] <= work.now:
        raise NotFound
    taken = next((one for one in work.rows(case_parties, case_id) if one["party_id"] == row["party_id"]), None)
    if taken is not None:
        if taken["subject"] != subject:
            raise NotFound
        return row
    language = next((one["language"] for one in of_case(work, case_id)), "en")
    party = put_on(work, case_id, role="representative", subject=subject, language=language, channel=None, contact=None, scope=row["scope"], until=row["until"])
    work.change(row, party_id=party["party_id"], accepted_at=work.now)
    work.record(case_id, "MandateAccepted", mandate=str(row["id"]), party=str(party["party_id"]), scope=row["scope"])
    return row


def end(work: Work, case_id: UUID, id: UUID, *, subject: str | None, itself: bool) -> Row:
    """The party ends a mandate it gave, or the representative its own. NotFound, or NotAllowed for another's. `MandateEnded`."""
    row = next((row for row in work.rows(mandates, case_id) if row["id"] == id), None)
    if row is None:
        raise NotFound
    party = next((one for one in work.rows(case_parties, case_id) if row["party_id"] and one["party_id"] == row["party_id"]), None)
    if not itself and (party is None or party["subject"] != subject):
        raise NotAllowed("Only who gave a mandate, or who holds it, ends it.")
    if row["ended_at"] is not None:
        return row
    work.change(row, ended_at=work.now)
    if party is not None:
        work.change(party, until=work.now)
    work.record(case_id, "MandateEnded", mandate=str(row["id"]))
    return row


def of(case_id: UUID) -> Select[Any]:
    """Mandates of a case, for its party; pass it through `access.visible`."""
    return select(mandates).where(mandates.c.case_id == case_id).order_by(mandates.c.given_at, mandates.c.id)


def state(row: Any, now: datetime) -> str:
    """`offered`, `held`, `ended`."""
    if row["ended_at"] is not None or row["until"] <= now:
        return "ended"
    return "held" if row["accepted_at"] else "offered"


def _hash(code: str) -> bytes:
    return sha256(code.strip().encode("utf-8", "replace")).digest()
