"""Which requests of a machine source have been taken already: by its own ids, all at once."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from portal.cases.moves import OPEN
from portal.unit_of_work import Work

_TAKEN = "SELECT external_id, case_id, reference, status FROM cases WHERE origin = %s AND source = %s AND external_id IS NOT NULL"


class Taken(NamedTuple):
    """A case that came from such a source."""

    case_id: UUID
    reference: str
    open: bool


def taken(work: Work, *, origin: str, source: str) -> dict[str, Taken]:
    """External id -> case, as the reader may see them; the unique constraint on (origin, source, external_id) makes it one."""
    return {external_id: Taken(case_id, reference, status in OPEN) for external_id, case_id, reference, status in work.sql(_TAKEN, (origin, source))}
