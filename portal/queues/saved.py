"""Views of a worklist that people keep; shared ones are seen by their agency."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from portal.catalogue.alphabet import place
from portal.db import new_id
from portal.errors import Invalid, NotFound
from portal.unit_of_work import Principal, Work

#: Views one person may keep.
MOST = 100
_NAMES = ("id", "subject", "name", "query", "shared", "made_at")


def listed(work: Work, who: Principal) -> list[dict[str, Any]]:
    """One's own, and those colleagues share, by name."""
    found = work.sql(f"SELECT {', '.join(_NAMES)} FROM saved_views WHERE agency = ANY(%s) ORDER BY name, id LIMIT 1000", (list(who.agencies),))
    kept = [{**dict(zip(_NAMES, row, strict=True)), "mine": row[1] == who.subject} for row in found]
    return sorted(kept, key=lambda one: place(one["name"]))


def keep(work: Work, who: Principal, *, name: str, query: dict[str, Any], shared: bool) -> UUID:
    """Keeps a view under a name, in the place of one's own of that name."""
    held = work.sql("SELECT count(*) FROM saved_views WHERE subject = %s AND name <> %s", (who.subject, name))
    if held[0][0] >= MOST:
        raise Invalid(errors=[{"pointer": "/name", "detail": f"You keep {MOST} views already: delete one first."}])
    text = """INSERT INTO saved_views (id, agency, subject, name, query, shared, made_at) VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (agency, subject, name) DO UPDATE SET query = excluded.query, shared = excluded.shared RETURNING id"""
    ((id,),) = work.sql(text, (new_id(), who.agencies[0], who.subject, name, Jsonb(query), shared, work.now))
    return UUID(str(id))


def delete(work: Work, who: Principal, id: UUID) -> None:
    """Removes one's own; NotFound where there is none."""
    if not work.sql("DELETE FROM saved_views WHERE id = %s AND subject = %s RETURNING id", (id, who.subject)):
        raise NotFound
