"""`portal verify`: every case's chain from its first event to its head, and its journeys made again from them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import click
import orjson

from portal.app import build_portal
from portal.events.chain import GENESIS, SEALED, seal
from portal.unit_of_work import FIGURES, RELAY, Portal, Work
from portal.workflow.rebuilding import CASES, OF_RUNS, Runs, differing, rebuilt

#: Rows fetched at once.
CHUNK = 5000
_MEMBERS = (*SEALED, "prev_hash", "hash")
_EVENTS = f"SELECT {', '.join('data::text' if name == 'data' else name for name in _MEMBERS)} FROM events ORDER BY case_id, seq"
_HEADS = "SELECT case_id, seq, hash FROM case_heads ORDER BY case_id"

Head = tuple[UUID, int, bytes]


@dataclass(frozen=True)
class Fault:
    """The first thing wrong with a case."""

    case_id: UUID
    says: str
    reference: str | None = None

    def __str__(self) -> str:
        return f"case {self.reference or 'without reference'} ({self.case_id}): {self.says}"


class Verifier:
    """One pass over the log; counts what it saw."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.events = 0
        self.cases = 0
        self.runs = 0
        #: Case -> its reference, its last event, and its runs as the events make them; to be held against what is stored.
        self._told: dict[UUID, tuple[str | None, int, Runs | None]] = {}

    def faults(self) -> Iterator[Fault]:
        """Walks heads and events side by side, by case. Heads are read as they stood first: a case may have grown since, never shrunk."""
        with self.portal.work(RELAY) as relay, self.portal.work(FIGURES) as figures:
            heads = _stream(relay, "heads", _HEADS)
            head: Head | None = next(heads, None)
            young: list[Fault] = []
            for case_id, told in groupby(_stream(figures, "log", _EVENTS), key=itemgetter(0)):
                while head and head[0] < case_id:
                    yield from _without_events(head)
                    head = next(heads, None)
                mine = head if head and head[0] == case_id else None
                fault = self._case(case_id, told, mine)
                if fault:
                    yield fault
                elif mine is None:
                    self._told.pop(case_id, None)
                    young.append(Fault(case_id, "has events, but no head says how many there must be"))
                head = next(heads, None) if mine else head
                if len(self._told) >= CASES:
                    yield from self._unlike()
            while head:
                yield from _without_events(head)
                head = next(heads, None)
            yield from _still_headless(relay, young)
            yield from self._unlike()

    def _unlike(self) -> Iterator[Fault]:
        """Cases whose runs are not those their events make."""
        told, self._told = self._told, {}
        for case_id, says in differing(self.portal, {id: (last, runs) for id, (_, last, runs) in told.items()}) if told else ():
            yield Fault(case_id, says, told[case_id][0])

    def _case(self, case_id: UUID, told: Iterable[tuple[Any, ...]], head: Head | None) -> Fault | None:
        """The first fault of a case, or None; reads all its events."""
        self.cases += 1
        fault, reference, last, before = None, None, 0, GENESIS
        moving: list[dict[str, Any]] = []
        for row in told:
            self.events += 1
            if fault:
                continue
            event = dict(zip(_MEMBERS, row, strict=True))
            event["data"] = orjson.loads(event["data"])
            reference = event["data"].get("reference", reference) if event["type"] == "CaseOpened" else reference
            wrong = _wrong(event, last + 1, before) or _unlike_head(event, head)
            if wrong:
                fault = Fault(case_id, wrong, reference)
            last, before = event["seq"], event["hash"]
            if event["type"] in OF_RUNS:
                moving.append(event)
        if fault is None and head and last < head[1]:
            fault = Fault(case_id, f"event {last + 1}: is missing; the head says there are {head[1]}", reference)
        if fault is None:
            runs = rebuilt(moving)
            self.runs += len(runs or ())
            self._told[case_id] = reference, last, runs
        return fault


def _wrong(event: dict[str, Any], seq: int, before: bytes) -> str | None:
    name = f"event {event['seq']} ({event['type']})"
    if event["seq"] != seq:
        return f"event {seq}: is missing; the next there is is {name}"
    if event["prev_hash"] != before:
        return f"{name}: does not follow the event before it"
    return None if seal(event, before) == event["hash"] else f"{name}: was changed after it was written"


def _unlike_head(event: dict[str, Any], head: Head | None) -> str | None:
    if head is None or event["seq"] != head[1] or event["hash"] == head[2]:
        return None
    return f"event {event['seq']} ({event['type']}): is not the one the head was written with"


def _without_events(head: Head) -> Iterator[Fault]:
    if head[1] > 0:
        yield Fault(head[0], f"event 1: is missing; the head says there are {head[1]}")


def _still_headless(relay: Work, young: list[Fault]) -> Iterator[Fault]:
    """Cases that began while we read have their heads by now."""
    found = {row[0] for row in relay.sql("SELECT case_id FROM case_heads WHERE case_id = ANY(%s)", ([one.case_id for one in young],))} if young else set()
    yield from (one for one in young if one.case_id not in found)


def _stream(work: Work, name: str, query: str) -> Iterator[tuple[Any, ...]]:
    """Rows of one snapshot, a chunk in memory at a time; the snapshot is taken at once."""
    work.sql(f"DECLARE {name} NO SCROLL CURSOR FOR {query}")
    return _fetched(work, name)


def _fetched(work: Work, name: str) -> Iterator[tuple[Any, ...]]:
    while rows := work.sql(f"FETCH {CHUNK} FROM {name}"):
        yield from rows


@click.command()
def verify() -> None:
    """Check that no event was changed and none is missing, and that journeys stand where their events say; exit 1 naming the case and the event."""
    portal = build_portal()
    verifier = Verifier(portal)
    wrong = 0
    try:
        for fault in verifier.faults():
            wrong += 1
            click.echo(str(fault), err=True)
    finally:
        portal.engine.dispose()
    seen = f"{verifier.events} events of {verifier.cases} cases verified, {verifier.runs} journeys made again"
    click.echo(f"{seen}; {wrong or 'no'} case{'' if wrong == 1 else 's'} with a fault")
    sys.exit(1 if wrong else 0)
