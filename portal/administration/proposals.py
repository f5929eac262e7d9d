"""What one administrator proposes and another confirms: roles of people, and addresses deliveries go to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from portal.administration import stream
from portal.db import new_id
from portal.errors import Conflict, NotAllowed, NotFound
from portal.unit_of_work import Work

#: How long a proposal waits for a second person.
WAITS = timedelta(days=14)
_COLUMNS = ("id", "kind", "about", "body", "status", "proposed_by", "proposed_at", "expires_at", "decided_by", "decided_at")


def propose(work: Work, kind: str, about: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A proposal that waits for a second administrator. The stream is in hand. Conflict where one about the same waits. `ProposalMade`."""
    who, id = str(work.principal.subject), new_id()
    work.sql("UPDATE proposals SET status = 'expired' WHERE status = 'open' AND expires_at <= %s", (work.now,))
    try:
        work.sql(
            "INSERT INTO proposals (id, kind, about, body, status, proposed_by, proposed_at, expires_at) VALUES (%s, %s, %s, %s, 'open', %s, %s, %s)",
            (id, kind, about, Jsonb(dict(body)), who, work.now, work.now + WAITS),
        )
    except UniqueViolation:
        raise Conflict("Something is proposed about this already. Decide on that first.") from None
    stream.record(work, "ProposalMade", proposal=str(id), kind=kind, official=who)
    return one(work, id)


def decide(work: Work, id: UUID, *, confirm: bool) -> dict[str, Any]:
    """A second administrator confirms, or anybody of them refuses. The stream is in hand. `ProposalEnded`; what follows is for who asked.

    NotFound, Conflict where it does not wait any more, NotAllowed where who proposed it would confirm it.
    """
    found, who = one(work, id), str(work.principal.subject)
    if found["status"] != "open" or found["expires_at"] <= work.now:
        raise Conflict("This proposal does not wait any more.")
    if confirm and found["proposed_by"] == who:
        raise NotAllowed("You proposed this yourself. Another administrator has to confirm it.")
    status = "confirmed" if confirm else "refused"
    work.sql("UPDATE proposals SET status = %s, decided_by = %s, decided_at = %s WHERE id = %s", (status, who, work.now, id))
    stream.record(work, "ProposalEnded", proposal=str(id), kind=found["kind"], status=status, official=who)
    return found | {"status": status, "decided_by": who, "decided_at": work.now}


def one(work: Work, id: UUID) -> dict[str, Any]:
    """A proposal; NotFound where there is none."""
    found = work.sql(f"SELECT {', '.join(_COLUMNS)} FROM proposals WHERE id = %s", (id,))
    if not found:
        raise NotFound
    return dict(zip(_COLUMNS, found[0], strict=True))


def listed(work: Work, limit: int = 200) -> list[dict[str, Any]]:
    """Those that wait first, then the last ones."""
    rows = work.sql(f"SELECT {', '.join(_COLUMNS)} FROM proposals ORDER BY status <> 'open', proposed_at DESC LIMIT %s", (limit,))
    told = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    return [row | ({"status": "expired"} if row["status"] == "open" and row["expires_at"] <= work.now else {}) for row in told]
