"""What a process counts of itself while it runs, for Prometheus; the processes of one machine share a folder, so that any of them can tell of all.

Labels are route patterns, statuses, kinds and names from the catalogue: never an address, a reference or anything a citizen wrote.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

#: Where prometheus-client looks for the folder; it must stand before that library is imported.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: Seconds; a promise of the portal stands at 0.1 and 0.5.
DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Counters(NamedTuple):
    """All of them; made at the first use, because the library takes a quarter of a second to load."""

    requests: Counter
    durations: Histogram
    deliveries: Counter
    again: Counter
    held: Counter
    limited: Counter
    connections: Gauge
    registry: CollectorRegistry


def share(folder: str | Path) -> None:
    """Counts of this process lie in that folder from now on; to be called before anything is counted."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    os.environ[FOLDER] = str(folder)


@cache
def counters() -> Counters:
    """Those of this process."""
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    own = CollectorRegistry()
    return Counters(
        Counter("onedoor_requests", "Requests answered.", ("method", "route", "status"), registry=own),
        Histogram("onedoor_request_duration_seconds", "Time to answer a request.", ("method", "route"), buckets=DURATIONS, registry=own),
        Counter("onedoor_deliveries", "Attempts to send a row of the outbox, by what came of them.", ("kind", "target", "result"), registry=own),
        Counter("onedoor_unit_of_work_retries", "Units of work begun again on another connection.", registry=own),
        Counter("onedoor_sweeps_held", "Sweeps not begun because clocks cannot be trusted.", registry=own),
        Counter(
            "onedoor_limited", "Requests refused because too many came, by class of request and by what was too much.", ("route_class", "by"), registry=own
        ),
        Gauge("onedoor_database_connections_in_use", "Connections taken from the pools.", registry=own, multiprocess_mode="livesum"),
        own,
    )


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """A request was answered. `route` is the pattern; unknown methods are one."""
    method = method if method in METHODS else "other"
    counters().requests.labels(method, route, str(status)).inc()
    counters().durations.labels(method, route).observe(seconds)


def delivered(kind: str, target: str, result: str) -> None:
    """An attempt to send ended: `sent`, `again`, `parked` or `lost` (the claim was no longer ours)."""
    counters().deliveries.labels(kind, target, result).inc()


def tried_again() -> None:
    """A unit of work found its connection dead and took another."""
    counters().again.inc()


def held_back() -> None:
    """A sweep was not begun: the clocks disagree."""
    counters().held.inc()


def limited(route_class: str, by: str) -> None:
    """A request was refused: `by` address, channel or principal, or for want of a place."""
    counters().limited.labels(route_class, by).inc()


def connections(change: int) -> None:
    """A connection was taken from the pool (1) or given back (-1)."""
    counters().connections.inc(change)


def gone(pids: Iterable[int]) -> None:
    """Those processes have ended: what they held at that moment is no longer told."""
    if FOLDER in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        for pid in pids:
            mark_process_dead(pid)  # type: ignore[no-untyped-call]


def everything() -> CollectorRegistry:
    """Registry to be told: of all processes that share the folder, or of this one."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    own = counters().registry
    if FOLDER not in os.environ:
        return own
    gone(_dead(Path(os.environ[FOLDER])))
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _dead(folder: Path) -> set[int]:
    """Processes that left a gauge behind and run no longer: nobody told of them, because they were killed."""
    found = {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_live*_*.db") if file.stem.rpartition("_")[2].isdigit()}
    return {pid for pid in found if not Path(f"/proc/{pid}").exists()} if Path("/proc/self").exists() else set()
