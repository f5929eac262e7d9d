"""What is learned of where requests ended: from the words of closed cases, by a job; stored with what it was held against, and used only where it is better.

The latest fifth of the requests is held out: nothing is learned from it, and what was learned is switched on only where it puts more of it first than the
ranking by words of the catalogue does. The unit that reads may read words of parties and nothing else of them; sealed cases are closed to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import orjson

from portal.catalogue import find
from portal.catalogue.definitions import Catalogue
from portal.catalogue.learned import Learned, Sample, learn, read, tempered
from portal.errors import Unavailable
from portal.kpi.populations import ALL_REAL
from portal.unit_of_work import ANONYMOUS, FIGURES, LEARNER, Portal, Work

#: Requests at least, in all: with fewer nothing can be said of what is held out.
LEAST = 100
#: Requests at most, the latest.
MOST = 50_000
#: Shares of what was learned that are tried.
SHARES = (0.5, 0.8, 1.0)
#: Seconds after which a process looks whether there is a newer model.
FRESH = 60.0

_ENDED = """SELECT case_id, service FROM case_facts WHERE closed_at IS NOT NULL AND status = 'closed' AND service IS NOT NULL AND origin = ANY(%s)
ORDER BY received_at DESC, case_id LIMIT %s"""
_WORDS = "SELECT case_id, value FROM vault_items WHERE case_id = ANY(%s) AND kind = 'words' AND value IS NOT NULL ORDER BY case_id, recorded_at"
_KEEP = "INSERT INTO find_models (version, made_at, share, figures, parameters) VALUES (%s, %s, %s, %s::jsonb, %s::jsonb) ON CONFLICT (version) DO NOTHING"
_DROP = "DELETE FROM find_models WHERE made_at < %s AND version <> %s"
_NEWEST = "SELECT version, share FROM find_models ORDER BY made_at DESC, version LIMIT 1"
_PARAMETERS = "SELECT parameters::text FROM find_models WHERE version = %s"
_looked: WeakKeyDictionary[Any, tuple[float, str | None]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Figures:
    """How well requests that were held out find their service: shares 0..1 of `n`; `surprise`: mean square of how wrong the first's score was (Brier)."""

    n: int
    first: float
    among_three: float
    sure: float
    right_of_sure: float
    wrong_agency_of_sure: float
    surprise: float

    def told(self) -> dict[str, float]:
        """As it is stored."""
        return {name: round(getattr(self, name), 6) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class Lesson:
    """What was learned; with which share it is used (0: it is not), and what held-out requests say of it and of the ranking alone."""

    model: Learned
    share: float
    alone: Figures
    figures: Figures


def lesson(catalogue: Catalogue, samples: Sequence[Sample]) -> Lesson | None:
    """From requests in the order they came; None where they are too few."""
    known = [(text, service) for text, service in samples if service in catalogue.services]
    if len(known) < LEAST:
        return None
    first, second = int(len(known) * 0.7), int(len(known) * 0.8)
    model = tempered(learn(known[:first]), known[first:second])
    tried = {share: measured(catalogue, model, share, known[first:second]) for share in (0.0, *SHARES)}
    share = max(tried, key=lambda one: (tried[one].first, tried[one].sure * tried[one].right_of_sure, -tried[one].surprise))
    alone, together = (measured(catalogue, model, one, known[second:]) for one in (0.0, share))
    return Lesson(model, share if together.first > alone.first else 0.0, alone, together)


def measured(catalogue: Catalogue, model: Learned, share: float, held_out: Sequence[Sample]) -> Figures:
    """What the ranking, with so large a share of what was learned, says of requests whose end is known."""
    index, services = find.Index(catalogue), catalogue.services
    first = three = sure = right = elsewhere = 0
    surprise = 0.0
    for text, service in held_out:
        ranked = find.together(index.rank(text), model, text, share=share, services=services)
        hit = bool(ranked) and ranked[0].service_id == service
        first += hit
        three += service in [one.service_id for one in ranked[:3]]
        surprise += ((ranked[0].score if ranked else 0.0) - hit) ** 2
        if (match := find.confident(ranked)) is not None:
            sure += 1
            right += match.service_id == service
            elsewhere += services[match.service_id].agency != services[service].agency
    n = len(held_out)
    return Figures(n, first / n, three / n, sure / n, right / sure if sure else 0.0, elsewhere / sure if sure else 0.0, surprise / n)


def relearn(portal: Portal) -> Lesson | None:
    """Learns anew from all that has ended, and stores it; None where too little has."""
    with portal.work(FIGURES) as work:
        ended = [(case_id, service) for case_id, service in work.sql(_ENDED, (list(ALL_REAL), MOST))]
    words: dict[Any, str] = {}
    with portal.work(LEARNER) as work:
        for start in range(0, len(ended), 1000):
            for case_id, value in work.sql(_WORDS, ([case_id for case_id, _ in ended[start : start + 1000]],)):
                words.setdefault(case_id, str(value))
    found = lesson(portal.catalogue, [(words[case_id], service) for case_id, service in reversed(ended) if case_id in words])
    if found is not None:
        with portal.work(FIGURES) as work:
            keep(work, found)
    return found


def relearn_daily(portal: Portal) -> Lesson | None:
    """The same where nothing was learned within a day; for a job that may come any number of times."""
    with portal.work(FIGURES) as work:
        (newest,) = work.sql("SELECT max(made_at) FROM find_models")[0]
        if newest is not None and work.now - newest < timedelta(days=1):
            return None
    return relearn(portal)


def keep(work: Work, found: Lesson) -> str:
    """Stores it with its figures, switched on or not; its version. What is a hundred days old goes."""
    figures = orjson.dumps({"alone": found.alone.told(), "together": found.figures.told()}).decode()
    version = found.model.version
    work.sql(_KEEP, (version, work.now, found.share, figures, orjson.dumps(found.model.written()).decode()))
    work.sql(_DROP, (work.now - timedelta(days=100), version))
    return version


def fresh(portal: Portal, *, now: float | None = None) -> None:
    """What was learned last is what this process ranks by; looked for once a minute. Without a database what is known stays."""
    now = monotonic() if now is None else now
    seen = _looked.get(portal.engine)
    if seen is not None and now - seen[0] < FRESH:
        return
    _looked[portal.engine] = (now, seen[1] if seen else None)
    with suppress(Unavailable), portal.work(ANONYMOUS) as work:
        rows: list[tuple[str, float]] = [(str(version), float(share)) for version, share in work.sql(_NEWEST)]
        version = rows[0][0] if rows and rows[0][1] > 0 else None
        if seen is None or seen[1] != version:
            model = read(orjson.loads(work.sql(_PARAMETERS, (version,))[0][0])) if version else None
            find.use(portal.catalogue, model, rows[0][1] if version else 0.0)
        _looked[portal.engine] = (now, version)


def newest(work: Work) -> tuple[datetime, float, dict[str, Any]] | None:
    """When something was learned last, the share it is used with, and its figures."""
    rows = work.sql("SELECT made_at, share, figures FROM find_models ORDER BY made_at DESC, version LIMIT 1")
    return (rows[0][0], float(rows[0][1]), rows[0][2]) if rows else None
