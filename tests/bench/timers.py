"""A million armed timers: how many fire a second and how late, beside RQ's own scheduler and procrastinate. Two processes work on each side.

A timer of ours is a breach with its event, the chain, its clock and the escalation that is armed next; a job of the peers does nothing.
`python -m tests.bench.timers sweep` is one of our processes; `million` fires all 1,000,000 at once.
"""

from __future__ import annotations

import subprocess
import sys
import time
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from portal.app import build_portal
from portal.kpi.fold import fold_all
from portal.local.one_machine import OWNER
from portal.reactions import sweep as fire
from portal.settings import Settings
from portal.unit_of_work import keep_for_good
from tests.bench import rq_jobs
from tests.bench.armed import arm, bring_forward
from tests.bench.entries import Entry, beside
from tests.bench.machine import PORTAL, Machine, machine
from tests.servers import ROOT

ARMED, AT_ONCE, JOBS, SECONDS, EACH_SECOND, PROCESSES = 1_000_000, 100_000, 2_000, 30, 1_000, 2
PEERS = ROOT / "build" / "peers"
_WRONG = "SELECT count(*) FILTER (WHERE fired_at < due_at), count(*) FILTER (WHERE NOT armed) FROM timers WHERE kind = 'breach'"
_TOLD = "SELECT count(*), count(DISTINCT data->>'clock') FROM events WHERE type = 'StandardMissed'"


def measure(on: Machine) -> list[Entry]:
    """The entries of timers."""
    _fill(on, armed=ARMED, due=AT_ONCE)
    _catch_up(on)  # the feed begins before the first event, as it does in production
    rate = AT_ONCE / at_once(on, AT_ONCE)
    peers = {"rq-scheduler": rq_jobs.fired(on.environment["REDIS_URL"], JOBS), "procrastinate": procrastinate(on, JOBS)}
    entries = [beside("timers.fired", rate, "timers/s", name, value) for name, value in peers.items() if value]
    _catch_up(on)
    half, most = lateness(on, fired=AT_ONCE)
    return [*entries, Entry("timers.lateness_p50", half, "ms"), Entry("timers.lateness_p99", most, "ms")]


def at_once(on: Machine, due: int) -> float:
    """Seconds from the first to the last of so many timers that are due; each has fired once."""
    sweepers = [_piped(on, sys.executable, "-m", "tests.bench.timers", "sweep") for _ in range(PROCESSES)]
    seconds = _span(_together(sweepers))
    _exactly_once(on, due)
    return seconds


def lateness(on: Machine, *, fired: int) -> tuple[float, float]:
    """Milliseconds, the middle and the 99th of a hundred, between due and committed, as they run in production: `portal sweep` and RQ workers.

    The oldest timer still armed is looked for all the time: a timer is done for sure when all that is left is due later.
    """
    for number in range(1, PROCESSES + 1):
        on.start(f"work-{number}", PORTAL, "work", "--queue", f"portal-{number}")
    on.start("sweep", PORTAL, "sweep")
    timers, apart = SECONDS * EACH_SECOND, 1 / EACH_SECOND
    first = datetime.now(UTC) + timedelta(seconds=20)
    bring_forward(on.superuser_url, timers=timers, first=first, apart=apart)
    if datetime.now(UTC) > first - timedelta(seconds=3):
        raise RuntimeError("the timers were not brought forward in time")
    due = [first + number * timedelta(seconds=apart) for number in range(timers)]
    seen: list[tuple[datetime, datetime]] = []
    with psycopg.connect(on.superuser_url, autocommit=True) as connection:
        while not seen or seen[-1][1] <= due[-1]:
            found = connection.execute("SELECT clock_timestamp(), min(due_at) FROM timers WHERE armed").fetchone()
            assert found
            seen.append(found)
            if seen[-1][0] > due[-1] + timedelta(seconds=120):
                raise RuntimeError("timers were not fired within two minutes")
            time.sleep(0.005)
    _exactly_once(on, fired + timers)
    left = [oldest for _, oldest in seen]
    late = sorted((seen[bisect_right(left, one)][0] - one).total_seconds() * 1000 for one in due)
    return round(late[len(late) // 2], 1), round(late[len(late) * 99 // 100], 1)


def procrastinate(on: Machine, jobs: int) -> float | None:
    """Its jobs a second, by one worker or by two, whichever is more; None where it cannot be installed beside us."""
    python = PEERS / "bin" / "python"
    if not _installed(python):
        print("procrastinate cannot be installed: its entry is left out")
        return None
    script, rates = str(Path(__file__).with_name("procrastinate_jobs.py")), list[float]()
    for workers in (1, PROCESSES):
        name = f"procrastinate_{workers}"
        on.postgres.bootstrap(name, owner=OWNER)
        address = on.postgres.url(database=name)
        subprocess.run([str(python), script, "fill", address, str(jobs)], check=True, stderr=subprocess.DEVNULL)
        rates.append(jobs / _span(_together([_piped(on, str(python), script, "work", address) for _ in range(workers)])))
    return max(rates)


def million() -> None:
    """All of a million timers are due at once: how long to the last."""
    with machine() as on:
        _fill(on, armed=ARMED, due=ARMED)
        print(f"{ARMED:,} timers due at once, each fired once: {at_once(on, ARMED):.0f} s to the last")


def sweep() -> None:
    """One process that fires what is due until nothing is left."""
    portal = build_portal()
    portal.engine.connect().close()
    keep_for_good()  # as `portal work` and `portal sweep` do
    print("ready", flush=True)
    sys.stdin.readline()
    begun = time.monotonic()
    while fire(portal):
        pass
    print(begun, time.monotonic(), flush=True)


def _fill(on: Machine, *, armed: int, due: int) -> None:
    with psycopg.connect(on.superuser_url) as connection:
        found = connection.execute("SELECT hash FROM definitions WHERE kind = 'calendar' AND id LIKE 'city-council/%'").fetchone()
    assert found
    arm(on.superuser_url, cases=armed, due=due, first=datetime.now(UTC) - timedelta(minutes=1), calendar=found[0])


def _catch_up(on: Machine) -> None:
    """The figures read what was told until now: what is measured next begins at rest."""
    portal = build_portal(Settings(PORTAL_MODE="test", database_url=on.url, redis_url=on.environment["REDIS_URL"]))
    fold_all(portal)
    portal.engine.dispose()


def _exactly_once(on: Machine, due: int) -> None:
    with psycopg.connect(on.superuser_url) as connection:
        early, fired = connection.execute(_WRONG).fetchone() or (None, None)
        told, clocks = connection.execute(_TOLD).fetchone() or (None, None)
    if (early, fired, told, clocks) != (0, due, due, due):
        raise RuntimeError(f"of {due} timers {fired} fired, {early} of them early; {told} events tell of {clocks} clocks")


def _piped(on: Machine, *argv: str) -> subprocess.Popen[str]:
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=on.environment, cwd=ROOT)


def _together(processes: list[subprocess.Popen[str]]) -> list[tuple[float, float]]:
    """Lets all begin at once when all are ready; when each began and ended (monotonic seconds)."""
    said: list[list[float]] = []
    for process in processes:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("a process of the bench did not begin")
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        said.append([float(number) for number in process.communicate()[0].split()])
        if process.returncode:
            raise RuntimeError("a process of the bench failed")
    return [(begun, end) for begun, end in said]


def _span(spans: list[tuple[float, float]]) -> float:
    return max(end for _, end in spans) - min(begun for begun, _ in spans)


def _installed(python: Path) -> bool:
    if not python.exists():
        PEERS.parent.mkdir(exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], capture_output=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "procrastinate", "psycopg[binary,pool]"], capture_output=True)
    return subprocess.run([str(python), "-c", "import procrastinate"], capture_output=True).returncode == 0


if __name__ == "__main__":
    {"sweep": sweep, "million": million}[sys.argv[1]]()
