"""What several parts of a page read of one case is read once in a unit, for as long as the unit sees with the same eyes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from portal.access.scoping import visible
from portal.unit_of_work import Work


def rows(work: Work, build: Callable[[UUID], Select[Any]], case_id: UUID) -> list[dict[str, Any]]:
    """Rows of that statement of a case as the unit's principal may see them; each caller has its own, to change as it likes."""
    found = work.seen.get((build, case_id))
    if found is None:
        found = work.seen[build, case_id] = work.run(visible(work, build(case_id)))
    return [dict(row) for row in found]
