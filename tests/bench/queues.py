"""Worklists: the first and the five hundredth page of my team's tasks by time left, and the next task for whoever asks; a million cases, 200,000 open tasks.

Beside each page the same SQL straight in PostgreSQL, prepared, as a superuser whom row-level security does not slow down (pgbench, sixteen clients), and an
empty Flask call on the same server line. A page may take four times the bare query and the empty call together.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from statistics import median
from urllib.request import Request, urlopen

import psycopg

from portal.local.addresses import free_port
from tests.bench import load
from tests.bench.entries import Entry
from tests.bench.intake import CONNECTIONS, _peer, pgbench
from tests.bench.kept import Filled
from tests.bench.machine import PORTAL, Machine
from tests.contracts.issuer import AUDIENCE, ISSUER, Issuer

CASES, OPEN, TEAMS = 1_000_000, 200_000, 5
LIMIT, PAGE, ROUNDS, SECONDS = 50, 500, 3, 4.0
#: Tasks that several reach for at once, and how many seconds at most are spent on them.
RACES, PATIENCE = 20_000, 180.0

_FILL = (
    "SET LOCAL session_replication_role = replica",
    """CREATE TEMPORARY TABLE filling AS SELECT i, (lpad(to_hex(1790000000000 + i * 7), 12, '0') || '7' || substr(md5, 1, 3) || '8' || substr(md5, 4, 15))::uuid
    AS case_id, overlay(overlay(md5('task' || i) placing '7' from 13) placing '8' from 17)::uuid AS task,
    now() + (('x' || substr(md5, 1, 6))::bit(24)::int * interval '0.1 seconds') AS due_at, i <= %(open)s AS waits, i %% %(teams)s AS team
    FROM (SELECT i, md5('queue' || i) FROM generate_series(1, %(cases)s) AS i) AS numbered""",
    """INSERT INTO case_heads (case_id, seq, hash, version, jurisdiction, origin)
    SELECT case_id, 0, decode(repeat('00', 32), 'hex'), 1, 'rivermouth', 'demo' FROM filling""",
    """INSERT INTO cases (case_id, reference, jurisdiction, origin, service, service_hash, agency, channel, status, language, zone, danger, sealed, flags,
    received_at, competent_at) SELECT case_id, 'B' || i, 'rivermouth', 'demo', 'noise-complaint',
    (SELECT hash FROM definitions WHERE kind = 'service' AND id = 'noise-complaint' LIMIT 1), 'city-council', 'web', 'in-progress', 'en', 'Europe/Brussels',
    false, false, '{}', now(), now() FROM filling""",
    """INSERT INTO tasks (case_id, id, kind, step, agency, queue, team, service, reference, status, priority, turn, due_at, queued_at, version)
    SELECT case_id, task, 'step', 'look', 'city-council', 'desk', CASE team WHEN 0 THEN 'desk' ELSE 'team-' || team END, 'noise-complaint', 'B' || i,
    CASE WHEN waits THEN 'open' ELSE 'done' END, 1, 1, due_at, now(), 1 FROM filling""",
    "INSERT INTO case_access (case_id, agency_id, why, since) SELECT case_id, 'city-council', 'holder', now() FROM filling",
    "DROP TABLE filling",
)
_BARE = """SELECT * FROM tasks WHERE agency = 'city-council' AND team = 'desk' AND status IN ('claimed', 'open') {after}
ORDER BY priority, turn, due_at, id LIMIT {limit};"""


def measure(on: Machine, *, waiting: int = OPEN, rounds: int = ROUNDS, seconds: float = SECONDS) -> list[Entry]:
    """The entries of queues."""
    issuer = Issuer(on.data / "keys.json")
    on.environment |= {"TOKEN_ISSUER": ISSUER, "TOKEN_AUDIENCE": AUDIENCE, "TOKEN_KEYS": str(issuer.place)}
    port = free_port()
    on.serve("web", port, PORTAL, "web", "--port", str(port))
    bearers = [issuer.token(sub=f"p{number}", agency="city-council", teams=["desk"]) for number in range(CONNECTIONS)]
    deep, after = _deep(on.superuser_url, port, bearers[0], page=min(PAGE, waiting // TEAMS // LIMIT))
    echo = _peer(on, "flask-echo", "/", "echo")
    found: list[Entry] = []
    for name, path, sql in (("queue.page_1", f"/api/v1/tasks?limit={LIMIT}", ""), ("queue.page_500", deep, after)):
        ours, bare, floor = [], [], []
        for _ in range(rounds):
            ours.append(_asked(port, lambda place, path=path: load.get(path, bearers[place]), seconds))
            bare.append(_bare(on, _BARE.format(after=sql, limit=LIMIT + 1), seconds))
            floor.append(_echoed(echo.port, seconds))
        found += _entries(name, ours, bare, floor)
    return found + _claims(on, port, bearers)


def fill(url: str, *, cases: int, waiting: int) -> None:
    """So many cases with one task each, the first so many of them waiting, a fifth of these at my team's desk."""
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        for statement in _FILL:
            connection.execute(statement, {"cases": cases, "open": waiting, "teams": TEAMS})
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE case_heads, cases, tasks, case_access")
        connection.execute("CHECKPOINT")


FILLED = Filled("queues", lambda url: fill(url, cases=CASES, waiting=OPEN), f"{CASES} {OPEN} {TEAMS} {_FILL}")


def _deep(url: str, port: int, bearer: str, *, page: int) -> tuple[str, str]:
    """Address of a page far down the list, as following `next` leads to, and the same place in SQL."""
    path = f"/api/v1/tasks?limit={LIMIT}"
    for _ in range(page - 1):
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {bearer}"})) as answer:
            told = json.load(answer)
        path = "/api/v1/" + told["next"].partition("/api/v1/")[2]
    last = told["items"][-1]["id"]
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT priority, turn, due_at, id FROM tasks WHERE id = %s", (last,)).fetchone()
    assert row is not None
    return path, f"AND (priority, turn, due_at, id) > ({row[0]}, {row[1]}, '{row[2].isoformat()}', '{row[3]}')"


def _asked(port: int, make: Callable[[int], bytes], seconds: float) -> list[float]:
    said = load.ask(port, make, seconds=seconds, connections=CONNECTIONS)
    if said["refused"] or not said["latencies"]:
        raise RuntimeError(f"refused {said['refused']}, accepted {said['accepted']}")
    return [one * 1000 for one in said["latencies"]]  # type: ignore[attr-defined]


def _echoed(port: int, seconds: float) -> list[float]:
    return [one * 1000 for one in load.run(port, "/", b"{}", seconds=seconds, connections=CONNECTIONS)["latencies"]]  # type: ignore[attr-defined]


def _bare(on: Machine, sql: str, seconds: float) -> list[float]:
    """Latencies of the bare query at as many clients, in milliseconds, sorted."""
    script, log = on.data / "bare.sql", on.data / "bare-log"
    script.write_text(sql)
    for old in on.data.glob("bare-log*"):
        old.unlink()
    argv = [str(pgbench(on)), "-n", "-c", str(CONNECTIONS), "-j", "2", "-T", str(round(seconds)), "-M", "prepared", "-l", f"--log-prefix={log}"]
    done = subprocess.run([*argv, "-f", str(script), on.superuser_url], capture_output=True, text=True)
    took = [int(line.split()[2]) / 1000 for place in on.data.glob("bare-log*") for line in place.read_text().splitlines()]
    if done.returncode or not took:
        raise RuntimeError(f"pgbench failed:\n{done.stdout[-500:]}{done.stderr[-1500:]}")
    return sorted(took)


def _entries(name: str, ours: list[list[float]], bare: list[list[float]], floor: list[list[float]]) -> list[Entry]:
    found = []
    for suffix, share in (("", 50), ("_p99", 99)):
        mine, query, empty = (median(some[len(some) * share // 100] for some in rounds) for rounds in (ours, bare, floor))
        found.append(Entry(f"{name}{suffix}", round(mine, 3), "ms", round(mine / query, 2), "bare-sql"))
        found.append(Entry(f"{name}{suffix}", round(mine, 3), "ms", round(mine / (4 * query + empty), 3), "4 x bare-sql + flask-echo"))
    return found


def _claims(on: Machine, port: int, bearers: list[str]) -> list[Entry]:
    """Everybody asks for the next task at once, again and again, until RACES were won; each is somebody's, and nobody else's."""
    head = "POST /api/v1/tasks/claim-next HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\nAuthorization: Bearer "
    requests = [head.encode() + bearer.encode() + b"\r\n\r\n{}" for bearer in bearers]
    won, seconds = 0, 0.0
    while won < RACES and seconds < PATIENCE:
        said = load.ask(port, lambda place: requests[place], seconds=10.0, connections=CONNECTIONS)
        won, seconds = won + int(str(said["accepted"])), seconds + float(str(said["seconds"]))
    with psycopg.connect(on.superuser_url) as connection:
        row = connection.execute(
            "SELECT count(*), count(DISTINCT data->>'task'), (SELECT count(*) FROM tasks WHERE status = 'claimed') FROM events WHERE type = 'TaskClaimed'"
        ).fetchone()
    assert row is not None
    claims, distinct, held = row
    return [Entry("queue.claims", round(won / seconds, 1), "claims/s"), Entry("queue.claims_doubled", claims - min(distinct, held), f"of {claims}")]
