"""What follows from an objection: it is closed to who decided, and its handlers may read the first case."""

from __future__ import annotations

from uuid import UUID

from portal.access import grants
from portal.cases import decisions, registry
from portal.unit_of_work import Event, Work
from portal.workflow import objecting

#: In the place of a person, where the law itself decided.
NOBODY = "portal"


def linked(work: Work, events: list[Event]) -> None:
    """Who decided neither sees nor touches the objection; the agency that handles it reads the file of the first case."""
    for event in events:
        first = UUID(event.data["other"])
        official = decisions.decision_of(work, first, UUID(event.data["decision"]))["official"]
        if official != NOBODY:
            grants.bar(work, event.case_id, official, "decided")
        grants.grant(work, first, registry.case_of(work, event.case_id)["agency"], "objection")


def withdrawn(work: Work, events: list[Event]) -> None:
    """An objection that was taken back leaves the first decision as it stands."""
    for event in events:
        objecting.taken_back(work, event.case_id)
