"""What one process needs to open units of work; built once, at its composition root."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg import OperationalError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portal.catalogue.definitions import Catalogue, Stored
from portal.catalogue.publish import from_stored
from portal.errors import StillRunning, Unavailable
from portal.settings import Settings
from portal.telemetry import correlation, counters, spans
from portal.unit_of_work.idempotency import Repeatable
from portal.unit_of_work.principal import Principal
from portal.unit_of_work.work import Reaction, Work
from portal.wire.sent import SentLedger

#: Objects made before the collector looks again. A unit of hundreds of cases holds tens of thousands, and none of them is garbage before it ends.
_MADE: Final = 50_000


def keep_for_good() -> None:
    """Says that what this process has built lives as long as it does: a process that only runs units calls it once, before the first.

    Left to itself Python's collector walked code, catalogue and calendars again and again for garbage that is not there: a third to a half of the
    time of large units (re-planning 611 -> 371 us a case; timers 14.0 -> 19.4 thousand a second).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MADE)


def _commit(work: Work) -> None:
    try:
        work.commit()
    except OperationalError as lost:
        raise Unavailable("The answer of the database was lost. Send the same request again with the same Idempotency-Key.") from lost


def _nobody(_: set[str]) -> None:
    """Wakes nobody: the sweeper finds what is due."""


@dataclass
class Portal:
    """Engine, content, reactions and settings of a process."""

    engine: Engine
    catalogue: Catalogue
    reactions: Mapping[str, Sequence[Reaction]]
    settings: Settings
    #: Best-effort wake-up after a commit.
    wake: Callable[[set[str]], None] = field(default=_nobody)
    #: Puts what administrators changed (agency -> amendment) over the definitions as they are written; None: nothing is changed.
    amend: Callable[[Catalogue, Mapping[str, Any]], Catalogue] | None = None
    #: Definitions as they are written, and how often they had been amended when `catalogue` was made.
    written: Catalogue = field(init=False, repr=False)
    amended: str = field(default="0", init=False, repr=False)
    #: Definitions by hash, as they were published; old versions are read once and kept.
    _pinned: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.written = self.catalogue

    def follow(self, work: Work, number: str) -> None:
        """Administrators have changed something since this process looked: its catalogue is made anew, in the unit that found out."""
        if self.amend is not None:
            self.catalogue = self.amend(self.written, dict(work.sql("SELECT agency, body FROM amendments ORDER BY agency")))
            self._pinned |= {one.hash: from_stored(one.kind, one.body) for one in self.catalogue.stored if one.hash not in self._pinned}
        self.amended = number

    def try_out(self, one: Stored) -> None:
        """Takes in a definition that may be published one day, so that its effect can be reckoned."""
        self._pinned.setdefault(one.hash, from_stored(one.kind, one.body))

    def pinned(self, work: Work, hash: str) -> Any:
        """The definition a case or clock was pinned to: a dataclass, or the resolved body of a calendar. KeyError where it was never published."""
        if not self._pinned and self.catalogue:
            self._pinned |= {stored.hash: from_stored(stored.kind, stored.body) for stored in self.catalogue.stored}
        if hash not in self._pinned:
            found = work.sql("SELECT kind, body FROM definitions WHERE hash = %s", (hash,))
            if not found:
                raise KeyError(hash)
            self._pinned[hash] = from_stored(*found[0])
        return self._pinned[hash]

    @contextmanager
    def work(self, principal: Principal, *, at: datetime | None = None, repeatable: Repeatable | None = None, new_cases: Sequence[UUID] = ()) -> Iterator[Work]:
        """One unit of work: commits when the block ends well, else leaves nothing behind.

        `new_cases`: the unit only begins these cases, so it starts in their scope and reads nothing else. `at`: the instant the unit stands at
        (replay and tests); absent: the database's clock. A connection found dead before anything was sent is replaced once.
        """
        with spans.span("unit of work", db__system__name="postgresql", onedoor__scope=principal.scope) as span:
            work = self._opened(principal, at=at, repeatable=repeatable, new_cases=new_cases)
            try:
                if work.answer is None and work.first_running:
                    raise StillRunning
                yield work
                if not work.leaves_nothing:
                    _commit(work)
            finally:
                work._connection.close()
                span.say(onedoor__cases=work.cases_in_hand, onedoor__events=len(work.recorded()))
                # A look at what is due that found nothing would bury the rest.
                span.kept = bool(work.recorded()) or correlation.current() is not None
        if work.recorded() and not work.leaves_nothing:
            self._told_of(work)
        if work.wakes:
            self.wake(work.wakes)

    @property
    def sent(self) -> SentLedger:
        """What is written down apart from the database."""
        return SentLedger(self.settings.sent_ledger)

    def _told_of(self, work: Work) -> None:
        """What somebody was answered is written down: after a restore of an older backup it is known whom to tell."""
        if not self.settings.sent_ledger or work.principal.scope in ("engine", "relay", "figures"):
            return
        for line in work.told():
            self.sent.answered(line["at"][:10], line)

    def _opened(self, principal: Principal, *, at: datetime | None, repeatable: Repeatable | None, new_cases: Sequence[UUID]) -> Work:
        for last in (False, True):
            try:
                connection = self.engine.connect()
            except (DBAPIError, PoolTimeout) as refused:
                raise Unavailable(retry_after=2) from refused
            work = Work(self, connection, principal, at=at, repeatable=repeatable)
            try:
                work.open(new_cases)
                return work
            except OperationalError as dead:
                connection.invalidate()
                connection.close()
                if last:
                    raise Unavailable(retry_after=2) from dead
                counters.tried_again()
            except BaseException:
                connection.close()
                raise
        raise AssertionError("unreachable")
