"""Accepted requests a second with full effect, beside a bare echo, pgbench and a naive ORM route, all in one run.

Our request is `POST /api/v1/cases` for a service whose journey begins with a task and a handover side by side, with a contact that is told: permission,
idempotency, case, events, clocks, timers, journey, task and outbox in one commit, wake-ups on. The limit (`pgbench`) writes the same rows in one statement,
prepared, as a superuser whom row-level security does not slow down, in the same database. The echo and the naive route run on the same server line and are
asked by the same client.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen
from uuid import uuid4

from sqlalchemy import create_engine

from portal.local.addresses import free_port
from portal.settings import Settings
from tests.bench.entries import Entry, beside, paired
from tests.bench.machine import PORTAL, Machine, cpu_seconds
from tests.bench.rows import statement, written
from tests.bench.trips import counted
from tests.servers import ROOT

CONNECTIONS, ROUNDS, SECONDS, WARM = 16, 3, 5.0, 3.0
BODY = {
    "service": "resident-parking-permit",
    "answers": {"number_plate": "1-ABC-234", "home": "Rue Haute 1, 1000 Rivermouth", "vehicle": "own", "disabled_badge": False},
    "contact": {"name": "Ann Example", "email": "ann@example.org"},
    "language": "en",
}


@dataclass
class Target:
    """One HTTP target and what its rounds gave."""

    name: str
    port: int
    path: str
    process: subprocess.Popen[bytes]
    rates: list[float] = field(default_factory=list)
    latencies: list[list[float]] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def round(self, seconds: float, *, keep: bool = True) -> None:
        """Asks it for so many seconds."""
        before = cpu_seconds(self.process)
        argv = [sys.executable, "-m", "tests.bench.load", str(self.port), self.path, str(seconds), str(CONNECTIONS)]
        said = json.loads(subprocess.run(argv, input=json.dumps(BODY).encode(), stdout=subprocess.PIPE, cwd=ROOT, check=True).stdout)
        if said["refused"]:
            raise RuntimeError(f"{self.name} refused {said['refused']} of {said['refused'] + said['accepted']} requests")
        if keep:
            self.rates.append(said["accepted"] / said["seconds"])
            self.latencies.append(said["latencies"])
            self.cpu.append((cpu_seconds(self.process) - before) / said["accepted"] * 1e6)


def measure(on: Machine, *, rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Entry]:
    """The entries of intake."""
    port = free_port()
    ours = Target("intake", port, "/api/v1/cases", on.serve("web", port, PORTAL, "web", "--port", str(port)))
    reference = _one(port)
    peers = {"flask-echo": _peer(on, "flask-echo", "/", "echo"), "naive-orm": _peer(on, "naive-orm", "/cases", "naive", on.superuser_url, reference)}
    script = _script(on, reference)
    targets, limits = [ours, *peers.values()], list[float]()
    for target in targets:
        target.round(WARM, keep=False)
    for _ in range(rounds):
        for target in targets:
            target.round(seconds)
        if script:
            limits.append(_pgbench(on, script, seconds))
    accepted = median(ours.rates)
    entries = [Entry("intake.accepted", round(accepted, 1), "requests/s", round(paired(ours.rates, limits), 4), "pgbench")] if limits else []
    entries += [Entry("intake.accepted", round(accepted, 1), "requests/s", round(paired(ours.rates, one.rates), 4), name) for name, one in peers.items()]
    p99 = [median(some[len(some) * 99 // 100] * 1000 for some in target.latencies) for target in targets]
    entries += [beside("intake.p99_ms", p99[0], "ms", name, value) for name, value in zip(peers, p99[1:], strict=True)]
    entries.append(Entry("intake.round_trips", round_trips(on), "a request"))
    entries += [beside("intake.cpu_us", median(ours.cpu), "µs", name, median(one.cpu)) for name, one in peers.items()]
    return entries


def round_trips(on: Machine, requests: int = 20) -> float:
    """SQL round trips of one request, once its statements are prepared."""
    from portal.app import build_portal, create_app

    with counted(on.postgres.sockets) as (trips, folder):
        url = on.url.replace(on.url.partition("host=")[2], str(folder).replace("/", "%2F"))
        portal = build_portal(Settings(PORTAL_MODE="test", database_url=url, redis_url=on.environment["REDIS_URL"]))
        client = create_app(portal).test_client()
        for asked in range(requests + 10):
            if asked == 10:
                before = trips.count
            answer = client.post("/api/v1/cases", json=BODY, headers={"Idempotency-Key": str(uuid4())})
            assert answer.status_code == 201, answer.get_data(as_text=True)
        portal.engine.dispose()
        return (trips.count - before) / requests


def _one(port: int) -> str:
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
    with urlopen(Request(f"http://127.0.0.1:{port}/api/v1/cases", json.dumps(BODY).encode(), headers)) as answer:
        return str(json.load(answer)["reference"])


def _peer(on: Machine, name: str, path: str, kind: str, *more: str) -> Target:
    port = free_port()
    return Target(name, port, path, on.serve(name, port, sys.executable, "-m", "tests.bench.peers", kind, str(port), *more))


def _script(on: Machine, reference: str) -> Path | None:
    engine = create_engine(on.superuser_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        rows = written(connection, reference)
    engine.dispose()
    print(f"one request writes {sum(map(len, rows.values()))} rows: " + ", ".join(f"{len(some)} {table.name}" for table, some in rows.items()))
    if pgbench(on) is None:
        print("pgbench is not installed: its entry is left out")
        return None
    place = on.data / "same-rows.sql"
    place.write_text(statement(rows))
    return place


def pgbench(on: Machine) -> str | None:
    """The program: beside the server, or on the PATH."""
    beside = on.postgres.binaries / "pgbench"
    return str(beside) if beside.exists() else shutil.which("pgbench")


def _pgbench(on: Machine, script: Path, seconds: float) -> float:
    argv = [str(pgbench(on)), "-n", "-c", str(CONNECTIONS), "-j", "2", "-T", str(round(seconds)), "-M", "prepared", "-f", str(script), on.superuser_url]
    done = subprocess.run(argv, capture_output=True, text=True)
    rates = [float(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("tps = ")]
    if done.returncode or not rates:
        raise RuntimeError(f"pgbench failed:\n{done.stdout[-500:]}{done.stderr[-1500:]}")
    return rates[0]
