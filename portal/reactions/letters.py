"""What follows when the mail brings a letter back: people find where its party is."""

from __future__ import annotations

from portal.cases import registry
from portal.queues import worklist
from portal.reactions.acts import put_task
from portal.unit_of_work import Event, Work


def returned(work: Work, events: list[Event]) -> None:
    """A task for the agency whose letter it was; also where its party is told another way meanwhile, for the address is wrong."""
    for event in events:
        case, agency = registry.case_of(work, event.case_id), work.catalogue.agencies.get(event.agency or "")
        if agency is not None and agency.queues and worklist.of_kind(work, event.case_id, "returned", event.data["notice"]) is None:
            put_task(work, case, agency, kind="returned", step=event.data["notice"], step_run=None, queue=None)
