"""What everybody may see follows what happens to a case of a public service."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.cases import publication, registry
from portal.outbox.rows import leaves
from portal.reactions.acts import of_cases, service_of
from portal.standards import clocks
from portal.unit_of_work import Event, Row, Work
from portal.vault import items
from portal.workflow import waiting


def shown(work: Work, events: list[Event]) -> None:
    """The list follows its cases; those of services that are not public were never on it."""
    cases = {event.case_id for event in of_cases(work, events)}
    registry.load(work, cases)
    publication.load(work, cases)
    for case_id in sorted(cases):
        case, row = registry.case_of(work, case_id), publication.row_of(work, case_id)
        service = service_of(work, case)
        public = bool(service and service.public) if case["service"] else row is not None
        if row is not None:
            publication.follow(work, row, case, public=public, expected_at=_expected(work, case_id))
        elif public and leaves(work, case_id):
            publication.begin(work, case, expected_at=_expected(work, case_id), point=_point(work, case_id))


def _expected(work: Work, case_id: UUID) -> Any:
    """Our promise on the whole case, else the law's."""
    row: Row | None = waiting.promised(clocks.of_case(work, case_id))
    return row["due_at"] if row is not None else None


def _point(work: Work, case_id: UUID) -> tuple[float, float] | None:
    for place in items.of_kind(work, case_id, "location"):
        if isinstance(place, dict) and place.get("lat") is not None and place.get("long") is not None:
            return float(place["lat"]), float(place["long"])
    return None
