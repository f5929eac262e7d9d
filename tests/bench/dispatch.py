"""How long a handover waits to leave, on real processes: when every wake-up is lost, and beside an agency that hangs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from statistics import quantiles
from typing import Any

import psycopg
import redis

from tests.bench.entries import Entry, beside
from tests.storm.clients import Load
from tests.storm.history import History
from tests.storm.rig import Rig, rig

SEED = 20261130
#: Requests with every wake-up lost, and beside an agency that hangs.
INTAKES, BESIDE = 500, 200
#: Seconds a client rests between two requests: what is measured is waiting, not how much one machine takes.
PACE = 1.0
#: Seconds a row may wait at most before this is given up, and the promise (promises.md, G8).
PATIENCE, LIMIT = 300.0, 10.0
#: What puts a job on a queue of RQ.
_PUSHES = ("rpush", "lpush")
_SENT = """SELECT target, extract(epoch FROM (tries->0->>'began_at')::timestamptz - placed_at)::float, attempts FROM outbox
WHERE kind = 'delivery' AND placed_at > %s AND target = ANY(%s)"""
_LEFT = "SELECT count(*) FROM outbox WHERE kind = 'delivery' AND done_at IS NULL AND parked_at IS NULL AND placed_at > %s AND target = ANY(%s)"
_AGENCIES = ["roads", "water-utility"]


def measure() -> list[Entry]:
    """Entries of both."""
    with rig(seed=SEED, workers=2) as one:
        lost = nudges_lost(one)
        alone, hanging = beside_hanging(one)
    return [*lost, *_compared(alone, hanging)]


def nudges_lost(one: Rig) -> list[Entry]:
    """Redis takes no job from anybody: what is due is found by the sweeper alone."""
    with closing(redis.Redis.from_url(one.valkey.url)) as client:
        client.execute_command("ACL", "SETUSER", "default", *(f"-{name}" for name in _PUSHES))
        client.config_resetstat()
        begun = _now(one)
        taken = _intakes(one, 1, INTAKES)
        _gone(one, begun, _AGENCIES)
        refused = sum(int(told.get("rejected_calls", 0)) for name, told in client.info("commandstats").items() if name.removeprefix("cmdstat_") in _PUSHES)
        client.execute_command("ACL", "SETUSER", "default", *(f"+{name}" for name in _PUSHES))
    waits = [wait for wait, _ in _waits(one, begun, _AGENCIES)]
    return [
        beside("dispatch.nudge_lost_p99", _p99(waits), "s", "10 s", LIMIT),
        Entry("dispatch.nudge_lost_max", round(max(waits), 3), "s"),
        Entry("dispatch.nudge_lost_rows", len(waits), f"of {taken} intakes"),
        Entry("dispatch.nudges_refused", refused, "wake-ups"),
    ]


def beside_hanging(one: Rig) -> tuple[list[tuple[float, int]], list[tuple[float, int]]]:
    """Waits of roads while the other agency works, then while it takes every call and never answers."""
    found: list[list[tuple[float, int]]] = []
    for number, way in enumerate(("forgets", "hangs"), start=2):
        one.behave(roads="forgets", water_utility=way)
        begun = _now(one)
        _intakes(one, number, BESIDE)
        _gone(one, begun, ["roads"])
        found.append(_waits(one, begun, ["roads"]))
    one.behave(roads="works", water_utility="works")
    return found[0], found[1]


def _compared(alone: Sequence[tuple[float, int]], hanging: Sequence[tuple[float, int]]) -> list[Entry]:
    calm, beside_it = _p99([wait for wait, _ in alone]), _p99([wait for wait, _ in hanging])
    return [
        beside("dispatch.beside_hanging_p99", beside_it, "s", "the other works", calm),
        Entry("dispatch.beside_hanging_max", round(max(wait for wait, _ in hanging), 3), "s"),
        Entry("dispatch.beside_hanging_rows", len(hanging), "rows of roads"),
        Entry("dispatch.beside_hanging_again", sum(tries > 1 for _, tries in hanging), "tried again"),
    ]


def _intakes(one: Rig, number: int, many: int) -> int:
    """So many requests by four clients, one after the other; each load has a number of its own, for the same keys would be the same requests."""
    history = History()
    load = Load(one.port, history, seed=SEED + 1_000 * number, clients=4, limit=many, pace=PACE)
    load.start()
    until = time.monotonic() + PATIENCE
    while load.running and time.monotonic() < until:
        one.tend()
        time.sleep(0.1)
    load.stop(patience=5.0)
    return sum(intent.kind == "open" and intent.state == "ok" for intent in history.intents)


def _gone(one: Rig, begun: Any, agencies: list[str]) -> None:
    """Waits until none of their rows is left."""
    one.wait(lambda: _look(one, _LEFT, begun, agencies)[0][0] == 0, "every handover has left", PATIENCE)


def _waits(one: Rig, begun: Any, agencies: list[str]) -> list[tuple[float, int]]:
    """Seconds from the commit of a request to the first attempt of its handover, and how many attempts there were."""
    return [(float(wait), int(tries)) for _, wait, tries in _look(one, _SENT, begun, agencies) if wait is not None]


def _now(one: Rig) -> Any:
    with psycopg.connect(one.database_url) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        return row[0] if row else None


def _look(one: Rig, text: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(one.database_url) as connection:
        return connection.execute(text.encode(), parameters).fetchall()


def _p99(waits: Sequence[float]) -> float:
    return quantiles(waits, n=100)[98]
