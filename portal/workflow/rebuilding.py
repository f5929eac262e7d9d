"""Journey runs made again from the recorded events of their cases, and held against those that are stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from portal.events import log
from portal.runs import ledger
from portal.unit_of_work import ENGINE, Portal, Work
from portal.workflow.history import MOVES, VERSIONS, replayed
from portal.workflow.runner import Run

#: Types of event that make, move or carry a run.
OF_RUNS = frozenset({"JourneyBegun"}) | MOVES | VERSIONS
#: Cases in hand at once, and events of one.
CASES, EVENTS = 500, 100_000

Runs = Mapping[UUID, Run]


def rebuilt(events: Sequence[Mapping[str, Any]]) -> Runs | None:
    """The runs of a case after these events of it; None where no history of ours leads to them. A log of elsewhere may tell of steps and no journey."""
    if not any(event["type"] == "JourneyBegun" for event in events):
        return {}
    try:
        return replayed(events)
    except (KeyError, StopIteration, ValueError, TypeError, IndexError):
        return None


def differing(portal: Portal, told: Mapping[UUID, tuple[int, Runs | None]]) -> Iterator[tuple[UUID, str]]:
    """Case and what differs. `told`: case -> number of its last event that was read, and what the events up to there make of its runs.

    A case that has gone on since is read again. Nothing is locked: a run and its case's number are read by one statement, and are written together.
    """
    with portal.work(replace(ENGINE, cases=tuple(told))) as work:
        for case_id, (seq, stored) in ledger.states(work, list(told)).items():
            last, runs = told[case_id]
            if seq != last:
                runs = rebuilt(_events(work, case_id, seq))
            if says := _unlike(runs, stored):
                yield case_id, says


def _events(work: Work, case_id: UUID, seq: int) -> list[dict[str, Any]]:
    found = work.run(log.history(case_id, limit=EVENTS).execution_options(visible=True))
    return [one for one in found if one["seq"] <= seq and one["type"] in OF_RUNS]


def _unlike(runs: Runs | None, stored: Mapping[UUID, Mapping[str, Any]]) -> str | None:
    if runs is None:
        return "its journeys cannot be made again from its events"
    for id in sorted(runs.keys() | stored.keys()):
        if id not in stored:
            return f"journey run {id}: is told of by its events and is not stored"
        if id not in runs:
            return f"journey run {id}: is stored, and no event tells of it"
        if Run.of(stored[id]) != runs[id]:
            return f"journey run {id}: stands otherwise than its events say"
    return None
