"""Breaking the glass: an administrator looks into one case, for a while, for a reason that who answers for it sees."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from portal.access.tables import case_glasses
from portal.db import new_id
from portal.telemetry import security
from portal.unit_of_work import Work

#: How long it stays broken.
LASTS = timedelta(hours=1)


def break_one(work: Work, case_id: UUID, *, subject: str, service: str | None, words: UUID) -> datetime:
    """The administrator sees the case in hand until the instant it answers with. `GlassBroken`."""
    until = work.now + LASTS
    security.told("glass", service=service)
    work.add(case_glasses, case_id=case_id, id=new_id(), subject=subject, service=service, words=words, since=work.now, until=until)
    work.record(case_id, "GlassBroken", official=subject, until=until.isoformat(), words=str(words))
    return until


def broken(*, after: tuple[datetime, UUID] | None, limit: int) -> Select[Any]:
    """Glasses that were broken, the last first, for a reader; pass it through `access.visible`. `after`: `since` and `id` of the row before."""
    found = select(case_glasses)
    if after:
        found = found.where(tuple_(case_glasses.c.since, case_glasses.c.id) < tuple_(*after))
    return found.order_by(case_glasses.c.since.desc(), case_glasses.c.id.desc()).limit(limit)
