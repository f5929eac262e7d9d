"""A real log through the registry, its figures folded and its chain verified: requests and events a second."""

from __future__ import annotations

import subprocess
import time

import psycopg

from portal.cli.verify import Verifier
from portal.kpi.fold import fold_all
from portal.settings import Settings
from tests.bench.entries import Entry
from tests.bench.machine import PORTAL, Machine
from tests.servers import ROOT

LOG = ROOT.parent / "shared" / "data" / "requests-311" / "boston311-2015-ten-types.csv.gz"
MAPPING = ROOT / "services" / "boston" / "replay.yaml"
#: Rows of the log that are read.
ROWS = 3000


def measure(on: Machine) -> list[Entry]:
    """`replay.requests`, `figures.fold` and `verify.events`, on a database that holds nothing else; starting the programs does not count."""
    from portal.app import build_portal

    if not LOG.exists():
        print(f"no log to replay: {LOG.name} does not lie beside the repository; replay.requests, figures.fold and verify.events are left out")
        return []
    entries = [Entry("replay.requests", _replayed(on), "requests/s")]
    _forget_figures(on)
    portal = build_portal(Settings(PORTAL_MODE="test", database_url=on.url, redis_url=on.environment["REDIS_URL"]))
    begun = time.perf_counter()
    folded = fold_all(portal)
    entries.append(Entry("figures.fold", round(folded / (time.perf_counter() - begun), 1), "events/s"))
    verifier, begun = Verifier(portal), time.perf_counter()
    assert not list(verifier.faults())
    entries.append(Entry("verify.events", round(verifier.events / (time.perf_counter() - begun), 1), "events/s"))
    portal.engine.dispose()
    return entries


def _replayed(on: Machine) -> float:
    command = [PORTAL, "replay", str(LOG), "--mapping", str(MAPPING), "--limit", str(ROWS)]
    done = subprocess.run(command, env=on.environment, cwd=ROOT, capture_output=True, text=True)
    rates = [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("requests/s: ")]
    if done.returncode or not rates:
        raise RuntimeError(f"the log could not be replayed:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
    return rates[0]


def _forget_figures(on: Machine) -> None:
    """The replay has folded its own events; they are folded again, from the first."""
    with psycopg.connect(on.superuser_url) as connection:
        connection.execute("TRUNCATE case_facts, step_facts")
        connection.execute("DELETE FROM readers WHERE name = 'figures'")
