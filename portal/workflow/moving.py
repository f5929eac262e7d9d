"""Moving running cases to another version of their journey, batch by batch, and back again before it was used.

A case goes over in the unit that judged it, with its head locked: what somebody did meanwhile is seen, and whoever acts on what they loaded before is
told that it has changed. Step runs, tasks, claims and clocks are kept, not made again: the law and the terms of the day it was sent in stay with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg.errors import LockNotAvailable

from portal.cases import registry
from portal.catalogue.definitions import Journey
from portal.catalogue.mapping import StepMapping
from portal.catalogue.publish import rebuilt
from portal.queues import worklist
from portal.runs import ledger, moves
from portal.runs.moves import Move
from portal.standards import clocks
from portal.unit_of_work import READER, RELAY, Portal, Work
from portal.workflow.crossing import Line, bring_over, changed, dates
from portal.workflow.landing import Plan
from portal.workflow.turning_back import backwards

#: Cases in one unit of work.
BATCH: Final = 100
#: How long a case that somebody holds is waited for at the end, and when it is tried again.
PATIENCE, AGAIN = "5s", timedelta(seconds=30)
#: (from, to, mapping), all by hash -> what was judged of it so far.
_PLANS: Final[dict[tuple[str, str, str], Plan]] = {}


@dataclass
class Turn:
    """What one batch came to. `held`: cases that somebody held all the while."""

    lines: list[Line] = field(default_factory=list)
    held: int = 0


def preview(portal: Portal, move: Move, *, at: datetime | None = None) -> Iterator[list[Line]]:
    """What the move would come to, batch by batch: each is done in a unit that is then left without writing anything."""
    room = move.most
    while room is None or room > 0:
        with portal.work(READER, at=at) as work:
            page = moves.page(work, move, BATCH)
            plans = plans_of(work, move)
        if not page:
            return
        lines = _looked(portal, move, plans, page, room, at)
        yield lines
        if room is not None:
            room -= sum(line.stays is None for line in lines)
        move = replace(move, after=page[-1])


class _Seen(Exception):
    """Ends a unit without writing."""


def _looked(portal: Portal, move: Move, plans: Mapping[str, Plan], page: list[UUID], room: int | None, at: datetime | None) -> list[Line]:
    lines: list[Line] = []
    try:
        with portal.work(RELAY, at=at) as work:
            free = _free(work, page)
            were = {case_id: dates(work, case_id) for case_id in free}
            found = _all(free, lambda case_id: bring_over(work, move, plans, case_id), room)
            work.settle()
            lines = [replace(line, dates=changed(were[line.case_id], dates(work, line.case_id))) for line in found]
            raise _Seen
    except _Seen:
        pass
    return [*lines, *(Line(id, stays="somebody is writing it at this moment") for id in page if id not in free)]


def turn(portal: Portal, id: UUID, *, at: datetime | None = None, mine: timedelta = timedelta()) -> Turn | None:
    """Does the next batch of a move, or of its undoing, in one unit; None where nothing is left to do.

    It can be stopped at any moment and called again, by anybody: what is done stays done, and each case is moved once. A case that somebody holds is
    passed over and taken at the end. `mine`: for so long nobody else need go on with it.
    """
    with portal.work(READER, at=at) as work:
        move = moves.one(work, id)
        if not move.open:
            return None
        page = [] if move.passed else moves.page(work, move, BATCH)
        plans = plans_of(work, move)
    patient = not page
    try:
        with portal.work(RELAY, at=at) as work:
            return _batch(work, id, plans, page or list(move.held[:BATCH]), patient, mine)
    except LockNotAvailable:
        with portal.work(RELAY, at=at) as work:
            work.narrow([])
            moves.note(work, moves.one(work, id, held=True), next_at=work.now + AGAIN)
        return Turn(held=len(move.held))


def _batch(work: Work, id: UUID, plans: Mapping[str, Plan], page: list[UUID], patient: bool, mine: timedelta) -> Turn:
    free = _free(work, page, patient=patient)
    move = moves.one(work, id, held=True)
    if not move.open:
        return Turn()
    over = move.status == "running"
    room = None if move.most is None or not over else move.most - move.moved
    act: Callable[[UUID], Line | None] = (lambda one: bring_over(work, move, plans, one)) if over else backwards(work, move, free)
    lines = _all(free, act, room)
    done = sum(line.stays is None for line in lines)
    stays = [(line.case_id, line.stays) for line in lines if line.stays is not None]
    held = tuple(one for one in move.held if one not in page) if patient else (*move.held, *(one for one in page if one not in free and one not in move.held))
    after = move.after if patient else max(page[-1], move.after or page[-1])
    move = replace(move, after=after, passed=move.passed or patient, held=held, stays=moves.with_stays(move.stays, stays))
    move = replace(move, moved=move.moved + done) if over else replace(move, undone=move.undone + done)
    if (patient and not held) or (room is not None and done >= room):
        move = replace(move, status="done" if over else "undone", ended_at=work.now, held=())
    moves.note(work, move, next_at=work.now + mine if move.open else None)
    if move.open:
        work.wakes.add("sweep")
    return Turn(lines)


def go_on(portal: Portal, *, at: datetime | None = None) -> int:
    """The next batch of the move that is due, if any; how many cases were looked at, at least one where there was a batch."""
    with portal.work(RELAY, at=at) as work:
        id = moves.due(work)
    done = turn(portal, id, at=at) if id else None
    return 0 if done is None or done.held else max(1, len(done.lines))


def plans_of(work: Work, move: Move) -> dict[str, Plan]:
    """A plan for each version the cases are on; what was judged once is known for the rest of the process."""
    mapping = rebuilt(StepMapping, move.mapping)
    newer: Journey = work.portal.pinned(work, move.to_hash)
    for hash in move.from_hashes:
        if (hash, move.to_hash, move.mapping_hash) not in _PLANS:
            _PLANS[hash, move.to_hash, move.mapping_hash] = Plan(work.portal.pinned(work, hash), newer, mapping)
    return {hash: _PLANS[hash, move.to_hash, move.mapping_hash] for hash in move.from_hashes}


def _free(work: Work, page: list[UUID], *, patient: bool = False) -> list[UUID]:
    """Takes those cases in hand that nobody else holds; with `patient` all of them, LockNotAvailable where PATIENCE ends."""
    # The planner takes the rows of a unit for few, and would compare each with each.
    work.sql("SELECT set_config('enable_nestloop', 'off', true), set_config('lock_timeout', %s, true)", (PATIENCE,))
    free = page if patient else work.free(page)
    work.narrow(free)
    registry.load(work, free)
    for room in (ledger, worklist, clocks):
        room.load(work, free)
    return free


def _all(case_ids: list[UUID], act: Callable[[UUID], Line | None], room: int | None) -> list[Line]:
    """Acts on one after the other, until so many have moved."""
    lines: list[Line] = []
    for case_id in case_ids:
        if room is not None and sum(line.stays is None for line in lines) >= room:
            break
        if line := act(case_id):
            lines.append(line)
    return lines
