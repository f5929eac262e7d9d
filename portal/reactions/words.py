"""What follows from words about a case whose writer did not prove to stand on it: people read them."""

from __future__ import annotations

from portal.cases import registry
from portal.queues import worklist
from portal.reactions.acts import put_task
from portal.unit_of_work import Event, Work


def received(work: Work, events: list[Event]) -> None:
    """A task for the agency that holds the case, unless one waits already: whoever reads it reads them all."""
    for event in events:
        case = registry.case_of(work, event.case_id)
        known = [work.catalogue.agencies[id] for id in (case["agency"], work.catalogue.triage.agency) if id in work.catalogue.agencies]
        agency = next((one for one in known if one.queues), None)
        if agency and not worklist.waiting_of(work, event.case_id, "word"):
            put_task(work, case, agency, kind="word", step="word", step_run=None, queue=None)
