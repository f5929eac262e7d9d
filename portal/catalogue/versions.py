"""Which versions of a definition are stored."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Select, select

from portal.catalogue.tables import definitions


def versions(kind: Literal["agency", "service", "journey", "calendar"], *, id: str | None = None, under: str | None = None) -> Select[Any]:
    """Columns hash, id, body and published_at, the oldest first, by id; `id` narrows to one definition, `under` to an agency's calendars."""
    found = select(definitions.c.hash, definitions.c.id, definitions.c.body, definitions.c.published_at).where(definitions.c.kind == kind)
    if id is not None:
        found = found.where(definitions.c.id == id)
    if under is not None:
        found = found.where(definitions.c.id.startswith(f"{under}/", autoescape=True))
    return found.order_by(definitions.c.id, definitions.c.published_at, definitions.c.hash)
