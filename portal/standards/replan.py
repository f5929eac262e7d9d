"""Re-planning: what a changed calendar makes of the clocks that still run on an older version of it. Looked at first, or done, batch by batch.

A clock keeps the version it started on until somebody re-plans. Its date is then computed anew from its start, with its pauses and its
extension. A date is never made earlier than it was promised unless the operator says so, and never one that has passed: such a clock keeps
date and version. A clock that was missed stays missed, and cases read from a historical log keep the dates of their log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from psycopg.errors import LockNotAvailable

from portal.catalogue.versions import versions
from portal.errors import NotFound, Refusal
from portal.standards import changes, clockwork
from portal.standards.clocks import standing
from portal.standards.hours import calendar
from portal.standards.shares import in_shares
from portal.standards.tables import clocks, timers
from portal.unit_of_work import READER, RELAY, Portal, Row, Work

#: Reads the clocks of all cases and writes none.
#: Cases in one unit of work. What a unit costs grows faster than its cases, and every commit waits for the disk.
BATCH: Final = 250
#: How long a case that somebody holds is waited for at the end.
PATIENCE = "5s"
#: Ids read at once.
PAGE: Final = 10_000
_FIRST: Final = UUID(int=0)

_OPEN = """FROM clocks c JOIN case_heads h USING (case_id) WHERE c.calendar_hash = ANY(%(older)s) AND c.status IN ('running', 'paused')
AND c.stopped_at IS NULL AND c.due_source = 'computed' AND h.origin <> 'replay'"""
#: Cases of one share, by the last byte of their id, which is random.
_SHARE = "get_byte(uuid_send(c.case_id), 15) %% %(shares)s = %(share)s"
_PAGE = f"SELECT DISTINCT c.case_id {_OPEN} AND c.case_id > %(after)s AND {_SHARE} ORDER BY c.case_id LIMIT %(limit)s"
_COUNT = f"SELECT count(DISTINCT c.case_id) {_OPEN}"

#: `same`: only the version changes; `kept`: the date would be earlier, or has passed, so that date and version stay.
Fate = Literal["same", "later", "earlier", "kept"]
#: Told after each batch: cases looked at, of so many.
Progress = Callable[[int, int], None]


class NotPublished(Refusal):
    """This calendar was changed but not published. Run `portal publish` first."""

    status, slug = 409, "not-published"


@dataclass(frozen=True)
class Target:
    """A calendar, its present version and the stored ones before it."""

    calendar: str
    hash: str
    older: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """What becomes of one clock. `due_at` is its date on the present version, taken or not."""

    case_id: UUID
    clock: UUID
    standard: str
    kind: str
    covers: str
    due_from: datetime
    due_at: datetime
    fate: Fate

    @property
    def moves(self) -> bool:
        """Whether the clock gets another date."""
        return self.fate in ("later", "earlier")


@dataclass
class Outcome:
    """Cases looked at, clocks by their fate, cases whose date to the citizen changes, and cases somebody held all the while."""

    cases: int
    fates: Counter[Fate]
    told: int
    busy: int = 0

    @classmethod
    def none(cls) -> Outcome:
        """Before anything was looked at."""
        return cls(0, Counter(), 0)

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.cases + other.cases, self.fates + other.fates, self.told + other.told, self.busy + other.busy)

    def count(self, some: list[Change]) -> None:
        """Takes in the changes of one case."""
        self.cases += 1
        self.fates.update(change.fate for change in some)
        self.told += promised(some) is not None


def target(portal: Portal, id: str) -> Target:
    """The calendar `agency/calendar` as this process knows it. NotFound for one that is not there, NotPublished where its version is not stored."""
    with portal.work(READER) as work:
        hash = work.catalogue.hashes.get(("calendar", id))
        if hash is None:
            known = ", ".join(sorted(work.catalogue.calendars))
            raise NotFound(f"There is no calendar `{id}`. Calendars are {known}.")
        stored = [row["hash"] for row in work.run(versions("calendar", id=id))]
    if hash not in stored:
        raise NotPublished
    return Target(id, hash, tuple(one for one in stored if one != hash))


def towards(portal: Portal, id: str, hash: str) -> Target:
    """A version of the calendar that may be stored one day, and all that are."""
    with portal.work(READER) as work:
        known = {row["hash"] for row in work.run(versions("calendar", id=id))} | {work.catalogue.hashes["calendar", id]}
        return Target(id, hash, tuple(sorted(known - {hash})))


def waiting(portal: Portal, of: Target) -> int:
    """How many cases have open clocks on an older version."""
    with portal.work(READER) as work:
        return int(work.sql(_COUNT, {"older": list(of.older)})[0][0])


def running(work: Work) -> dict[str, int]:
    """Version of a calendar -> clocks that are open on it, in a unit opened as READER."""
    return dict(work.sql("SELECT calendar_hash, count(*) FROM clocks WHERE status IN ('running', 'paused') AND calendar_hash IS NOT NULL GROUP BY 1"))


def preview(portal: Portal, of: Target, *, also_earlier: bool = False, at: datetime | None = None) -> Iterator[tuple[Work, dict[UUID, list[Change]]]]:
    """What `replan` would do, page by page, each with the unit that read it; writes nothing."""
    for page in _pages(portal, of):
        for start in range(0, len(page), BATCH):
            some = page[start : start + BATCH]
            with portal.work(READER, at=at) as work:
                work.load(clocks, some)
                yield work, {case_id: _changes(work, of, case_id, also_earlier) for case_id in some}


def replan(
    portal: Portal,
    of: Target,
    *,
    also_earlier: bool = False,
    at: datetime | None = None,
    progress: Progress = lambda done, of: None,
    workers: int = 1,
) -> Outcome:
    """Moves every open clock on an older version to the present one. `ClockMoved` a clock whose date moves, `CaseReplanned` a case.

    One unit of work a batch: what was done stays done however it ends, and running it again goes on where it stopped. A case that somebody
    holds is passed over and taken at the end; one still held after PATIENCE is counted as busy. `workers`: processes, each with a share of
    the cases (portal/standards/shares.py).
    """
    whole = waiting(portal, of)
    run = _Run(portal, of, also_earlier, at, workers)
    if workers == 1:
        return run.share(0, lambda done: progress(done, whole))
    some = in_shares(portal, workers, run.share, lambda done: progress(done, whole))
    return sum(some, Outcome.none())


@dataclass
class _Run:
    """One run and what came of it so far."""

    portal: Portal
    of: Target
    also_earlier: bool
    at: datetime | None
    shares: int
    outcome: Outcome = field(default_factory=Outcome.none)

    def share(self, number: int, far: Callable[[int], None]) -> Outcome:
        """Does one share of all, and tells after each batch how many cases that makes."""
        passed_over: list[UUID] = []
        for batch in self._batches(number):
            passed_over += self.batch(batch)
            far(self.outcome.cases)
        for start in range(0, len(passed_over), BATCH):
            some = passed_over[start : start + BATCH]
            try:
                self.batch(some, patient=True)
            except LockNotAvailable:
                self.outcome.busy += len(some)
        return self.outcome

    def _batches(self, number: int) -> Iterator[list[UUID]]:
        """Ids of the cases of that share, in order."""
        for page in _pages(self.portal, self.of, share=number, shares=self.shares):
            yield from (page[start : start + BATCH] for start in range(0, len(page), BATCH))

    def batch(self, page: list[UUID], *, patient: bool = False) -> list[UUID]:
        """One unit; the cases of it that somebody holds. With `patient` they are waited for: LockNotAvailable where PATIENCE ends."""
        with self.portal.work(RELAY, at=self.at) as work:
            # The planner takes the rows of a unit for few, and would compare each with each.
            work.sql("SELECT set_config('enable_nestloop', 'off', true), set_config('lock_timeout', %s, true)", (PATIENCE,))
            free = page if patient else work.free(page)
            work.narrow(free)
            work.load(clocks, free)
            work.load(timers, free)
            done = [(case_id, _changes(work, self.of, case_id, self.also_earlier)) for case_id in free]
            for case_id, some in done:
                _apply(work, self.of, case_id, some)
        for _, some in done:
            self.outcome.count(some)
        return sorted({*page} - {*free})


def promised(some: list[Change]) -> Change | None:
    """The change a citizen is told of: what was promised on the whole case, before the law's term for it."""
    on_the_case = [change for change in some if change.moves and change.covers == "case"]
    return min(on_the_case, key=lambda change: (change.kind != "promise", change.due_at), default=None)


def _pages(portal: Portal, of: Target, *, share: int = 0, shares: int = 1) -> Iterator[list[UUID]]:
    """Ids of the cases that wait, in order; each page is read when it is asked for."""
    asked = {"older": list(of.older), "after": _FIRST, "limit": PAGE, "share": share, "shares": shares}
    while True:
        with portal.work(READER) as work:
            page = [case_id for (case_id,) in work.sql(_PAGE, asked)]
        if page:
            yield page
            asked["after"] = page[-1]
        if len(page) < PAGE:
            return


def _apply(work: Work, of: Target, case_id: UUID, some: list[Change]) -> None:
    taken = {change.clock: change for change in some if change.fate != "kept"}
    if not taken:
        return
    for row in work.rows(clocks, case_id):
        change = taken.get(row["id"])
        if change and change.moves:
            changes.move(work, row, change.due_at, why="calendar", calendar_hash=of.hash)
        elif change:
            _follow(work, row, of.hash)
    moved = sum(change.moves for change in taken.values())
    work.record(case_id, "CaseReplanned", calendar=of.calendar, calendar_hash=of.hash, clocks=[str(id) for id in taken], moved=moved)


def _follow(work: Work, row: Row, hash: str) -> None:
    """The date stays; a warning that is still to come may lie elsewhere before it."""
    work.change(row, calendar_hash=hash)
    clock = standing(work, row)
    for timer in work.rows(timers, row["case_id"]):
        if timer["subject"] == row["id"] and timer["kind"] == "warning" and timer["armed"]:
            due_at = clockwork.share_at(clock, timer["share"])
            if due_at != timer["due_at"]:
                work.change(timer, due_at=due_at, generation=timer["generation"] + 1)


def _changes(work: Work, of: Target, case_id: UUID, also_earlier: bool) -> list[Change]:
    """What becomes of each open clock of a case that is on an older version; its rows are in hand."""
    calendar(work, of.hash)
    return [_change(work, of, row, also_earlier) for row in work.rows(clocks, case_id) if _is_open(of, row)]


def _is_open(of: Target, row: Row) -> bool:
    return row["status"] in ("running", "paused") and row["stopped_at"] is None and row["due_source"] == "computed" and row["calendar_hash"] in of.older


def _change(work: Work, of: Target, row: Row, also_earlier: bool) -> Change:
    due_at = changes.reckoned(work, row, of.hash)
    return Change(
        row["case_id"], row["id"], row["standard"], row["kind"], row["covers"], row["due_at"], due_at, _fate(row, due_at, also_earlier and due_at > work.now)
    )


def _fate(row: Any, due_at: datetime, may_be_earlier: bool) -> Fate:
    if due_at == row["due_at"]:
        return "same"
    if due_at > row["due_at"]:
        return "later"
    return "earlier" if may_be_earlier else "kept"
