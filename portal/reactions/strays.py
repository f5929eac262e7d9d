"""What follows when something strayed: a task for people of the agency it came from, or of the front office."""

from __future__ import annotations

from portal.access import grants
from portal.outbox import strays
from portal.queues import worklist
from portal.unit_of_work import Event, Work


def found(work: Work, events: list[Event]) -> None:
    """People look at it: who works for that agency here, else who finds doors."""
    for event in events:
        agency = work.catalogue.agencies.get(event.agency or "")
        if agency is None or not agency.queues:
            agency = work.catalogue.agencies[work.catalogue.triage.agency]
        grants.grant(work, event.case_id, agency.id, strays.TASK)
        if event.data["kind"] == "automatic":
            continue
        queue = worklist.queue_of(agency, None)
        place = {"agency": agency.id, "queue": queue.id, "team": queue.team, "service": None, "reference": event.data["name"]}
        worklist.queue(work, event.case_id, kind=strays.TASK, step=event.data["kind"], step_run_id=None, due_at=work.now, **place)
