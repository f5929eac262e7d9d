"""Figures for everybody, worked out once for all who ask: anew when the figures have moved on, and after a minute; of many requests, every few seconds."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from portal.events import feed
from portal.kpi.report import Figure, report
from portal.unit_of_work import FIGURES, Portal

#: Seconds figures may be old though no event was folded: what is open or overdue changes by itself. The API says the same of its answers.
FRESH = 60.0
#: Of so many requests figures are not worked out anew for each event: they take a while then, and events never cease. Seconds they may be behind.
MANY, BEHIND = 10_000, 5.0
#: Questions a process remembers.
REMEMBERED = 200


@dataclass(frozen=True)
class _Known:
    position: int
    at: float
    figures: list[Figure]

    def good(self, position: int) -> bool:
        """Whether it may be told while the figures stand there."""
        age = monotonic() - self.at
        return age < FRESH and (position == self.position or (age < BEHIND and max(_sizes(self.figures), default=0) >= MANY))


class Recent:
    """Figures of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()
        self._turns: dict[Hashable, threading.Lock] = {}

    def figures(
        self,
        portal: Portal,
        *,
        since: timedelta | None = None,
        by: tuple[str, ...] = (),
        indicators: tuple[str, ...] | None = None,
        only: tuple[tuple[str, str], ...] = (),
        jurisdiction: str | None = None,
        origins: tuple[str, ...] | None = None,
    ) -> list[Figure]:
        """As `kpi.report` gives them; `since`: how long ago the period began."""
        question = (since, by, indicators, only, jurisdiction, origins)
        with portal.work(FIGURES) as work:
            position = feed.position(work, "figures")
        if (known := self._told(question, position)) is not None:
            return known
        # One works it out, the others wait for what it found.
        with self._turn(question):
            if (known := self._told(question, position)) is not None:
                return known
            with portal.work(FIGURES) as work:
                position = feed.position(work, "figures")
                begun = work.now - since if since else None
                found = report(work, since=begun, by=by, indicators=indicators, only=dict(only), jurisdiction=jurisdiction, origins=origins)
            self._keep(question, _Known(position, monotonic(), found))
        return found

    def _told(self, question: Hashable, position: int) -> list[Figure] | None:
        with self._lock:
            known = self._known.get(question)
        return known.figures if known and known.good(position) else None

    def _turn(self, question: Hashable) -> threading.Lock:
        with self._lock:
            return self._turns.setdefault(question, threading.Lock())

    def _keep(self, question: Hashable, known: _Known) -> None:
        with self._lock:
            self._known[question] = known
            self._known.move_to_end(question)
            while len(self._known) > REMEMBERED:
                gone, _ = self._known.popitem(last=False)
                self._turns.pop(gone, None)


def _sizes(figures: Iterable[Figure]) -> list[int]:
    """Over how many requests each measure is taken, in all slices."""
    sizes: Counter[str] = Counter()
    for one in figures:
        sizes[one["indicator"]] += one["n"]
    return list(sizes.values())
