"""A flood of new requests against real web processes and servers with fsync on, while five go on using the portal; `make long` runs it whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from portal.catalogue.load import load
from portal.limits.classes import lanes
from portal.local.addresses import free_port
from portal.local.own_files import agency_secrets
from portal.local.signin import AUDIENCE, ISSUER, keys
from tests.bench.machine import PORTAL, Machine, machine
from tests.limits.paced import Paced, five
from tests.servers import ROOT

#: Scenario -> settings, and whether Redis is stopped in its tracks meanwhile. In the first nothing but places holds the flood: as on one machine, where all
#: have one address. In the others ten addresses flood, each held by its rate.
SCENARIOS: dict[str, tuple[dict[str, str], bool]] = {
    "places": ({}, False),
    "rates": ({"LIMIT_INTAKE": "120/minute"}, False),
    "rates, Redis stopped": ({"LIMIT_INTAKE": "120/minute"}, True),
}
WORKERS, PLACES = 2, 4
#: Seconds in which 95 of 100 answers to paced users come, and MiB the web processes may grow by.
P95, GROWTH = 1.0, 150


@dataclass
class Flooded:
    """What was seen."""

    scenario: str
    requests: int
    seconds: float = 0.0
    told: dict[str, int] = field(default_factory=dict)
    paced: list[Paced] = field(default_factory=list)
    #: References answered with 201, and those of them the database does not hold; cases nobody was told of.
    taken: int = 0
    lost: int = 0
    untold: int = 0
    connections: int = 0
    grown: float = 0.0
    well_after: float = 0.0

    @property
    def p95(self) -> float:
        """Of all paced answers, in seconds."""
        all_of_them = sorted(second for one in self.paced for second in one.seconds)
        return all_of_them[int(len(all_of_them) * 0.95)]

    @property
    def faults(self) -> list[str]:
        """What must not be; empty where all is well."""
        bad = {status: many for status, many in self.told.items() if status not in ("201", "429")}
        paced = {f"{one.name}: {status}": many for one in self.paced for status, many in one.told.items() if status not in ("200", "201", "202")}
        allowed = WORKERS * sum(lane.places for lane in lanes(places=PLACES, waiting=0).values())
        found = {
            f"the flood was told {bad}": bad,
            f"paced users were told {paced}": paced,
            f"{self.lost} of {self.taken} requests answered with 201 are not there": self.lost,
            f"{self.untold} are there that nobody was told of": self.untold,
            f"{self.connections} connections to the database, {allowed} allowed": self.connections > allowed,
            f"95 of 100 paced answers took up to {self.p95:.2f} s": self.p95 > P95,
            f"memory grew by {self.grown:.0f} MiB": self.grown > GROWTH,
        }
        return [says for says, wrong in found.items() if wrong]

    def row(self) -> str:
        """For people to read."""
        told = ", ".join(f"{many:,} x {status}" for status, many in sorted(self.told.items()))
        paced = sum(len(one.seconds) for one in self.paced)
        return (
            f"{self.scenario:22} {self.requests:>6,} in {self.seconds:5.1f} s: {told}; {paced} paced, p95 {self.p95 * 1000:.0f} ms; "
            f"{self.connections} connections; memory +{self.grown:.0f} MiB; well {self.well_after:.1f} s after"
        )


@contextmanager
def portal(scenario: str) -> Iterator[tuple[Machine, int, subprocess.Popen[bytes]]]:
    """A portal with its web processes behind a proxy of ours (who floods speaks for it)."""
    with machine() as one:
        secrets = agency_secrets(one.data, sorted(load().agencies))
        one.environment |= {
            "PROXIES": "1",
            "TOKEN_ISSUER": ISSUER,
            "TOKEN_AUDIENCE": AUDIENCE,
            "TOKEN_KEYS": str(keys(one.data)),
            "AGENCY_SECRETS": str(secrets),
            **SCENARIOS[scenario][0],
        }
        port = free_port()
        web = one.serve("web", port, PORTAL, "web", "--port", str(port), "--workers", str(WORKERS), "--threads", str(PLACES))
        yield one, port, web


def run(scenario: str, *, requests: int, connections: int = 100) -> Flooded:
    """One flood."""
    seen = Flooded(scenario, requests)
    with portal(scenario) as (one, port, web):
        seen.paced = five(port, one.environment, data=one.data)
        over = threading.Event()
        threads = [threading.Thread(target=user.run, args=(over,)) for user in seen.paced]
        watcher = threading.Thread(target=_watch, args=(one, over, seen))
        before = _memory(web.pid)
        stopped = _servers_named(one, "valkey") if SCENARIOS[scenario][1] else []
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            for thread in (watcher, *threads):
                thread.start()
            _until_each(seen.paced, 3)
            begun = time.monotonic()
            told = _flood(port, requests, connections)
            seen.seconds = time.monotonic() - begun
            seen.well_after = _well_after(port)
        finally:
            over.set()
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        for thread in (watcher, *threads):
            thread.join()
        seen.grown = _memory(web.pid) - before
        seen.told = told["told"]
        _compare(one, seen, [*told["references"], *(reference for user in seen.paced for reference in user.taken)])
    return seen


def _until_each(paced: list[Paced], answers: int) -> None:
    """They have all been at it for a while."""
    while any(len(one.seconds) < answers for one in paced):
        time.sleep(0.05)
    for one in paced:
        one.seconds.clear()


def _flood(port: int, requests: int, connections: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.limits.flooding", str(port), str(requests), str(connections), "10"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _watch(one: Machine, over: threading.Event, seen: Flooded) -> None:
    """The most connections the portal held at once."""
    with psycopg.connect(one.superuser_url, autocommit=True) as connection:
        while not over.wait(0.1):
            found = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'onedoor' AND state <> 'idle'").fetchone()
            seen.connections = max(seen.connections, int(found[0]) if found else 0)


def _compare(one: Machine, seen: Flooded, references: list[str]) -> None:
    with psycopg.connect(one.superuser_url, autocommit=True) as connection:
        there = {row[0] for row in connection.execute("SELECT reference FROM cases").fetchall()}
    told = set(references)
    seen.taken, seen.lost = len(references), len(told - there)
    # The first case was opened before the flood.
    seen.untold = len(there - told) - 1


def _memory(pid: int) -> float:
    """MiB the children of that process hold."""
    total = 0
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        line = next(line for line in Path(f"/proc/{child}/status").read_text().splitlines() if line.startswith("VmRSS"))
        total += int(line.split()[1])
    return total / 1024


def _servers_named(one: Machine, name: str) -> list[int]:
    """Servers of this very machine."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if name.encode() in line.split(b"\0")[0] and str(one.data).encode() in line:
            found.append(int(folder.name))
    assert found, f"no {name} runs for {one.data}"
    return found


def _well_after(port: int) -> float:
    """Seconds until the start page comes within a quarter of a second again."""
    import http.client

    begun = time.monotonic()
    while time.monotonic() - begun < 60:
        asked = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/")
        well = connection.getresponse().status == 200 and time.monotonic() - asked < 0.25
        connection.close()
        if well:
            break
    return time.monotonic() - begun


def exhaustive() -> tuple[int, int]:
    """10,000 requests in each scenario; figures in build/flood.json."""
    found, faults = [], 0
    for scenario in SCENARIOS:
        seen = run(scenario, requests=10_000)
        print(seen.row(), *seen.faults, sep="\n   ", flush=True)
        faults += len(seen.faults)
        told = {"scenario": scenario, "requests": seen.requests, "seconds": seen.seconds, "told": seen.told, "p95_paced": seen.p95}
        found.append({**told, "taken": seen.taken, "lost": seen.lost, "connections": seen.connections, "grown_mib": seen.grown})
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "flood.json").write_text(json.dumps(found, indent=1) + "\n")
    return sum(one["requests"] for one in found), faults


if __name__ == "__main__":
    sys.exit(bool(exhaustive()[1]))
