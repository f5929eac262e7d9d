"""The requests of somebody who signed in: those it sent so, those it keeps, and those it may stand on for others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from portal.access.scoping import visible
from portal.cases import registry
from portal.parties import register
from portal.unit_of_work import Work


def mine(work: Work, *, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The newest first, in a unit of that person; `after`: the id of the last one of the page before."""
    who = work.principal
    standing = work.run(visible(work, register.of_subject(str(who.subject), work.now, after=after, limit=limit)))
    roles = {row["case_id"]: row["role"] for row in standing}
    if not roles:
        return []
    work.become(replace(who, cases=tuple(roles)))
    rows = {row["case_id"]: row for row in work.run(visible(work, registry.some(roles.keys())))}
    return [{**rows[id], "id": id, "role": role} for id, role in roles.items() if id in rows]
