"""`/metrics` for Prometheus: what the processes counted, and what waits in PostgreSQL. Answered to who brings METRICS_TOKEN; without one it does not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hmac import compare_digest
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from portal.access.permissions import demand
from portal.errors import NotFound, Unavailable
from portal.telemetry import counters
from portal.unit_of_work import Portal, Principal
from portal.views.due import Due, due

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

ACTION = "metrics.read"
#: A shorter token can be guessed: then `/metrics` stays shut.
SHORTEST = 24
#: Seconds for which one look at PostgreSQL is told again: scraping often, or by many, costs it nothing.
KEPT = 5.0

MONITOR = Principal("relay", subject="monitoring", roles=("monitoring",))


class Waiting:
    """A collector of what waits; read at each scrape, at most every KEPT seconds."""

    def __init__(self, portal: Portal, queues: Callable[[], dict[str, tuple[int, int]] | None], now: Callable[[], float] = monotonic) -> None:
        self._portal, self._queues, self._now = portal, queues, now
        self._lock = Lock()
        self._seen: tuple[float, Due | None, dict[str, tuple[int, int]] | None] | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Families of gauges, the oldest overdue row first of all."""
        found, queues = self._look()
        yield _family("onedoor_database_up", "Whether PostgreSQL answers.", (), [((), float(found is not None))])
        yield _family("onedoor_redis_up", "Whether Redis answers; it carries wake-ups only.", (), [((), float(queues is not None))])
        if found is not None:
            yield from _of_database(found)
        for number, (name, says) in enumerate((("onedoor_queue_jobs", "Jobs that wait."), ("onedoor_queue_workers", "Workers that give signs of life."))):
            yield _family(name, says, ("queue",), [((queue,), float(both[number])) for queue, both in (queues or {}).items()])

    def _look(self) -> tuple[Due | None, dict[str, tuple[int, int]] | None]:
        with self._lock:
            if self._seen is None or self._now() - self._seen[0] >= KEPT:
                try:
                    found = due(self._portal)
                except Unavailable:
                    found = None
                self._seen = (self._now(), found, self._queues())
            return self._seen[1:]


def _of_database(found: Due) -> Iterator[GaugeMetricFamily]:
    of_row = ("row", "kind", "target")
    rows = [((one.row, one.kind, one.target), one) for one in found.waiting]
    # A zero where nothing waits: an alarm on a series that is missing would never ring.
    oldest: list[tuple[tuple[str, ...], float]] = [(labels, one.oldest) for labels, one in rows] or [(("none", "", ""), 0.0)]
    yield _family("onedoor_oldest_overdue_seconds", "How long the oldest row that is due has waited.", of_row, oldest)
    yield _family("onedoor_overdue_rows", "Rows that are due and not done.", of_row, [(labels, float(one.count)) for labels, one in rows])
    parked = [((kind, target), float(count)) for kind, target, count in found.parked]
    yield _family("onedoor_parked_rows", "Rows of the outbox set aside for people.", ("kind", "target"), parked)
    yield _family("onedoor_breaker_open", "Whether a target is left alone.", ("target",), [((target,), float(shut)) for target, shut in found.breakers.items()])
    yield _family("onedoor_feed_lag_events", "Events not yet in the figures.", (), [((), float(found.feed[0]))])
    yield _family("onedoor_feed_lag_seconds", "Age of the oldest event not yet in the feed.", (), [((), found.feed[1])])
    if found.sweeper is not None:
        yield _family("onedoor_sweeper_silence_seconds", "Time since a sweeper last looked.", (), [((), found.sweeper)])


def _family(name: str, says: str, labels: tuple[str, ...], values: Sequence[tuple[tuple[str, ...], float]]) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, says, labels=labels)
    for one, value in values:
        family.add_metric(one, value)
    return family


def serve(app: Flask, portal: Portal, queues: Callable[[], dict[str, tuple[int, int]] | None]) -> None:
    """Adds the address. It is outside the API: no token of a person opens it."""
    waiting = Waiting(portal, queues)

    def metrics() -> Response:
        """What the portal counts"""
        _demand_token(portal)
        demand(MONITOR, ACTION)
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

        own = CollectorRegistry()
        own.register(waiting)
        return Response(generate_latest(own) + generate_latest(counters.everything()), content_type=CONTENT_TYPE_LATEST)

    marks: dict[str, Any] = metrics.__dict__
    marks["action"] = ACTION
    app.add_url_rule("/metrics", "metrics", metrics)


def _demand_token(portal: Portal) -> None:
    """NotFound for everybody else: that there are metrics here is nobody's business."""
    wanted = portal.settings.metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if len(wanted) < SHORTEST or not compare_digest(given.encode(), wanted.encode()):
        raise NotFound
