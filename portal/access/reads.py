"""Who of the staff looked at a case: a row a person, case, day and purpose, written with the look itself; its party sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from portal.access.tables import case_reads
from portal.db import new_id
from portal.unit_of_work import Principal, Work

#: Scopes whose looks are recorded, and the role they are told as where the token names none of ours.
ROLES = {"staff": "caseworker", "champion": "champion", "admin": "administrator"}

#: Nothing where it was told today. Who reads what, why it may: by the reason its agency was given.
_NOTE = """INSERT INTO case_reads (case_id, day, subject, action, role, agency, why, first_at, id)
SELECT $1::uuid, ($7::timestamptz AT TIME ZONE 'UTC')::date, $2::text, $3::text, $4::text, $5::text, coalesce((SELECT a.why FROM case_access a
  WHERE a.case_id = $1::uuid AND a.agency_id = $5::text LIMIT 1), $6::text), $7::timestamptz, $8::uuid
ON CONFLICT DO NOTHING"""


def note(work: Work, case_id: UUID, *, why: str | None = None) -> None:
    """Whoever asks sees something of the case: kept with the unit's commit, so that no answer goes out unrecorded. Parties and the portal itself are not.

    `why`: where its agency was given no reason of its own, and it is not that of its role.
    """
    who = work.principal
    if who.scope in ROLES and who.subject:
        agency = who.agencies[0] if who.agencies else None
        told = (str(case_id), who.subject, who.action or "case.read", role(who), agency, why or _why(who), work.now.isoformat(), str(new_id()))
        work.beside(_NOTE, told)


def _why(who: Principal) -> str:
    """Where no agency's reason says it."""
    if who.scope == "admin":
        return "operations" if (who.action or "").startswith("delivery.") else "break-glass"
    return "champion" if who.scope == "champion" else "agency"


def role(who: Principal) -> str:
    """The first of somebody's roles that fits the scope it reads in."""
    fits = {"staff": ("caseworker", "triage", "duty")}.get(who.scope, (ROLES[who.scope],))
    return next((one for one in who.roles if one in fits), ROLES[who.scope])


def of_case(case_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int) -> Select[Any]:
    """Looks at a case, the last first, for its party; pass it through `access.visible`. `after`: `first_at` and `id` of the row before."""
    found = select(case_reads).where(case_reads.c.case_id == case_id)
    if after:
        found = found.where(tuple_(case_reads.c.first_at, case_reads.c.id) < tuple_(*after))
    return found.order_by(case_reads.c.first_at.desc(), case_reads.c.id.desc()).limit(limit)
