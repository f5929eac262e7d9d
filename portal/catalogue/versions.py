"""Which versions of a definition are stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, case, select

from portal.catalogue.tables import definitions
from portal.errors import NotFound

#: Characters of a hash that people are shown, and the fewest that are taken for one.
SHOWN, FEWEST = 12, 6


def versions(kind: Literal["agency", "service", "journey", "calendar"], *, id: str | None = None, under: str | None = None) -> Select[Any]:
    """Columns hash, id, body and published_at, the oldest first, by id; `id` narrows to one definition, `under` to an agency's calendars."""
    found = select(definitions.c.hash, definitions.c.id, definitions.c.body, definitions.c.published_at).where(definitions.c.kind == kind)
    if id is not None:
        found = found.where(definitions.c.id == id)
    if under is not None:
        found = found.where(definitions.c.id.startswith(f"{under}/", autoescape=True))
    return found.order_by(definitions.c.id, definitions.c.published_at, definitions.c.hash)


def in_force(kind: Literal["agency", "service", "journey", "calendar"], id: str, at: datetime) -> Select[Any]:
    """Column hash: the version of a definition that stood at that instant, or the oldest where none was published by then. No row: never published."""
    by_then = definitions.c.published_at <= at
    newest_first = case((by_then, definitions.c.published_at)).desc().nulls_last()
    found = select(definitions.c.hash).where(definitions.c.kind == kind, definitions.c.id == id)
    return found.order_by(newest_first, definitions.c.published_at, definitions.c.hash).limit(1)


def chosen(known: Iterable[tuple[str, str]], asked: str) -> list[str]:
    """Of versions as (hash, number), the hashes of that number (several where content was once changed under it), or the one that begins so.

    NotFound where there is none, with those there are.
    """
    pairs = list(known)
    found = [hash for hash, number in pairs if number == asked] or [hash for hash, _ in pairs if len(asked) >= FEWEST and hash.startswith(asked)]
    if not found:
        there = ", ".join(f"{number} ({hash[:SHOWN]})" for hash, number in pairs) or "none: `portal publish` has not stored it"
        raise NotFound(f"There is no version `{asked}` of this journey. Published are {there}.")
    return found
