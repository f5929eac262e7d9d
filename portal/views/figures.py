"""Figures for everybody, worked out once for all who ask: anew when the figures have moved on, and after a minute."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import timedelta
from time import monotonic

from portal.events import feed
from portal.kpi.report import Figure, report
from portal.unit_of_work import FIGURES, Portal

#: Seconds figures may be old though no event was folded: what is open or overdue changes by itself. The API says the same of its answers.
FRESH = 60.0
#: Questions a process remembers.
REMEMBERED = 200


class Recent:
    """Figures of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, tuple[float, list[Figure]]] = OrderedDict()

    def figures(
        self, portal: Portal, *, since: timedelta, by: tuple[str, ...] = (), indicators: tuple[str, ...], only: tuple[tuple[str, str], ...] = ()
    ) -> list[Figure]:
        """As `kpi.report` gives them; `since`: how long ago the period began."""
        with portal.work(FIGURES) as work:
            question = (feed.position(work, "figures"), since, by, indicators, only)
            with self._lock:
                known = self._known.get(question)
            if known and monotonic() - known[0] < FRESH:
                return known[1]
            found = report(work, since=work.now - since, by=by, indicators=indicators, only=dict(only))
        with self._lock:
            self._known[question] = (monotonic(), found)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found
