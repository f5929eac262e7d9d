"""Folds published events into facts: each event once, in order, with the reader's place in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from portal.events import feed
from portal.kpi import store
from portal.kpi.facts import STEP, Facts, Told, apply, apply_step, step_run
from portal.kpi.tables import case_facts, step_facts
from portal.unit_of_work import FIGURES, Portal, Work

#: Name of this reader of the feed.
READER = "figures"


def fold(portal: Portal, limit: int = 5000, *, wait: bool = True) -> int:
    """Publishes what has settled and folds up to `limit` events in one unit; returns how many. 0: nothing is left.

    Without `wait` also 0 where somebody else is at it: a job has nothing to add then, and must not outlive its time in a queue for a lock.
    """
    with portal.work(FIGURES) as work:
        if not wait and not feed.free(work):
            return 0
        feed.publish(work, limit)
        return fold_in(work, limit) if feed.unread(work, READER) else 0


def fold_all(portal: Portal, limit: int = 5000) -> int:
    """Folds until nothing is left; returns how many events."""
    total = 0
    while folded := fold(portal, limit):
        total += folded
    return total


def fold_in(work: Work, limit: int) -> int:
    """The same within a unit of the figures. A second fold waits for this unit to end: exact, never twice."""
    events = feed.read(work, feed.place(work, READER), limit)
    if not events:
        return 0
    cases = store.case_rows(work, {event["case_id"] for event in events})
    begun = {step_run(event) for event in events if event["type"] == "StepBegun"}
    steps = store.step_rows(work, {step_run(event) for event in events if event["type"] in STEP} - begun)
    told(events, cases, steps)
    store.write(work, case_facts, cases.values())
    store.write(work, step_facts, steps.values())
    feed.advance(work, READER, events[-1]["position"])
    return len(events)


def told(events: Iterable[Told], cases: dict[UUID, Facts], steps: dict[tuple[UUID, UUID], Facts]) -> None:
    """Applies events, in order, to the rows in `cases` and `steps`."""
    for event in events:
        row = apply(cases.get(event["case_id"]), event)
        if row is not None:
            cases[event["case_id"]] = row
        if event["type"] in STEP:
            key = step_run(event)
            step = apply_step(steps.get(key), event)
            if step is not None:
                steps[key] = step
