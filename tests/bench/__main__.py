"""Runs every bench, or those named (`python -m tests.bench intake clocks`); prints the table and writes build/bench.json."""

from __future__ import annotations

import sys
import time

from tests.bench import channels, clocks, dispatch, durable, entries, finding, history, intake, journeys, pages, permission, queues, replan, sessions, timers
from tests.bench.machine import machine
from tests.servers import ROOT


def main(named: list[str]) -> None:
    """Measures and tells."""
    begun, found = time.monotonic(), list[entries.Entry]()
    wanted = set(named) or {
        "intake", "clocks", "history", "journeys", "durable", "replan", "timers", "channels", "queues", "finding", "dispatch", "permission", "sessions",
        "pages",
    }  # fmt: skip
    with_servers = {
        "intake": intake,
        "history": history,
        "replan": replan,
        "timers": timers,
        "durable": durable,
        "channels": channels,
        "queues": queues,
        "permission": permission,
        "sessions": sessions,
        "pages": pages,
    }
    for name, bench in with_servers.items():
        if name in wanted:
            # Each on a database of its own: what pgbench writes is no history.
            with machine(getattr(bench, "FILLED", None)) as one:
                found += bench.measure(one)
    if "clocks" in wanted:
        found += clocks.measure()
    if "finding" in wanted:
        found += finding.measure()
    if "dispatch" in wanted:
        found += dispatch.measure()
    if "journeys" in wanted:
        found += journeys.measure()
    print(entries.table(found))
    print(f"{time.monotonic() - begun:.0f} s; rates swing with the machine, so only ratios of one run count")
    entries.write(found, ROOT / "build" / "bench.json")


if __name__ == "__main__":
    main(sys.argv[1:])
