"""Storms that are no faults of machines: many hands on one task, and an agency that reports everything several times and in any order."""

from __future__ import annotations

import json
import random  # noqa: TID251  # seeded: a storm is replayed by its seed
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg

from portal.local.people import Person
from portal.local.signin import issue
from portal.wire.signatures import secrets_of, signed
from tests.storm.checker import Violation
from tests.storm.clients import Client
from tests.storm.history import History, Intent
from tests.storm.rig import Rig
from tests.storm.storm import NO_LEVEL, Level, Told

RACERS, SENDERS = 8, 8
#: Requests opened at a time, by a few clients.
BATCH, OPENERS = 40, 4
#: What an agency tells of one handover: twice that it took it, once that it is done, and each again in other messages, as after a restart of its own.
STATUSES = ("accepted", "accepted", "done", "accepted", "done", "accepted")
_TASKS = "SELECT t.id::text FROM tasks t JOIN cases c USING (case_id) WHERE c.reference = ANY(%s) AND t.status = 'open' ORDER BY 1"
_CLAIMED = """SELECT t.id::text, count(e.seq) FROM tasks t LEFT JOIN events e ON e.case_id = t.case_id AND e.type = 'TaskClaimed'
AND e.data->>'task' = t.id::text WHERE t.id = ANY(%s::uuid[]) GROUP BY 1"""
_REPORTED = """SELECT e.data->>'step_run', e.data->>'status', count(*) FROM events e WHERE e.type = 'AgencyReported'
AND e.data->>'step_run' = ANY(%s) GROUP BY 1, 2"""


def _opened(client: Client, chance: random.Random, history: History, body: dict[str, Any]) -> Intent:
    marker = f"storm-{chance.getrandbits(64):016x}"
    intent = history.add(Intent(marker, "open", "/cases", json.loads(json.dumps(body).replace("MARKER", marker)), f"{chance.getrandbits(128):032x}"))
    client.decide(intent, time.monotonic() + 60)
    return intent


def _all_opened(pool: ThreadPoolExecutor, rig: Rig, chance: random.Random, history: History, bodies: list[dict[str, Any]]) -> list[Intent]:
    """By a few clients at once; the chance of each follows from the seed."""

    def lane(seed: int, mine: list[dict[str, Any]]) -> list[Intent]:
        client, own = Client(rig.port, history), random.Random(seed)
        found = [_opened(client, own, history, body) for body in mine]
        client.close()
        return found

    lanes = [bodies[number::OPENERS] for number in range(OPENERS)]
    return [one for some in pool.map(lane, [chance.getrandbits(64) for _ in lanes], lanes) for one in some]


# ---------------------------------------------------------------------- claims


def claim_races(rig: Rig, *, seed: int, seconds: float, level: Level = NO_LEVEL) -> Told:
    """Two to eight caseworkers reach for one task at the same moment; one has it, the others are told so."""
    told = Told("claim-races", seed, seconds)
    chance, begun = random.Random(f"{seed}/claims"), time.monotonic()
    body = {"service": "noise-complaint", "answers": {"source_place": "MARKER", "noise": "animals", "times": "nights"}}
    tasks: list[str] = []
    with psycopg.connect(rig.database_url, autocommit=True) as database, ThreadPoolExecutor(RACERS) as pool:
        while time.monotonic() - begun < seconds or len(tasks) < level.times:
            racers = [_Racer(rig, told.history, number) for number in range(RACERS)]  # a token holds for an hour: a long storm needs new ones
            opened = _all_opened(pool, rig, chance, told.history, [body] * BATCH)
            for (task,) in database.execute(_TASKS, ([one.reference for one in opened],)).fetchall():
                some = chance.sample(racers, chance.randint(2, RACERS))
                gate = threading.Barrier(len(some))
                told.violations += _judged(task, list(pool.map(lambda racer: racer.claim(task, gate), some)))  # noqa: B023
                tasks.append(task)
            rig.tend()
        counted: dict[str, int] = dict(database.execute(_CLAIMED, (tasks,)).fetchall())
    told.violations += [Violation("I4", f"task {task} was claimed {times} times", doubled=abs(times - 1)) for task, times in counted.items() if times != 1]
    told.seconds, told.times, told.counted = time.monotonic() - begun, len(tasks), len(tasks)
    return told


class _Racer:
    def __init__(self, rig: Rig, history: History, number: int) -> None:
        person = Person(f"racer-{number}", f"Racer {number}", ("caseworker",), "city-council", ("desk",))
        self._headers = {"Authorization": f"Bearer {issue(person, rig.data)}"}
        self._client = Client(rig.port, history)

    def claim(self, task: str, gate: threading.Barrier) -> int | None:
        """Status of the answer."""
        gate.wait(30)
        return self._client.once("POST", f"/tasks/{task}/claim", None, self._headers)[0]


def _judged(task: str, answers: list[int | None]) -> Iterator[Violation]:
    if answers.count(200) != 1:
        yield Violation(
            "I4", f"task {task}: {answers.count(200)} were told that they have it", doubled=max(0, answers.count(200) - 1), lost=not answers.count(200)
        )
    if odd := [status for status in answers if status not in (200, 409, 412)]:
        yield Violation("I4", f"task {task}: answers {odd}", lost=1)


# ---------------------------------------------------------------------- callbacks


def callbacks(rig: Rig, *, seed: int, seconds: float, level: Level = NO_LEVEL) -> Told:
    """Each report two to five times, all of them in any order, from eight senders at once; each counts once and the furthest stands."""
    told = Told("callbacks", seed, seconds, counted=0)
    chance, begun = random.Random(f"{seed}/callbacks"), time.monotonic()
    rig.behave(roads="forgets")
    while told.times == 0 or told.times < level.times:
        # Some 23 messages a case, of which a machine of one's own takes a few hundred a second.
        _round_of_callbacks(rig, told, chance, requests=min(500, 20 + int(seconds * 3)))
    rig.behave(roads="works")
    told.seconds = time.monotonic() - begun
    return told


def _round_of_callbacks(rig: Rig, told: Told, chance: random.Random, *, requests: int) -> None:
    with ThreadPoolExecutor(SENDERS) as pool:
        bodies = [{"service": "pothole", "answers": {"place": "MARKER"}}] * requests
        keys = _handed_over(rig, _all_opened(pool, rig, chance, told.history, bodies))
        messages = _messages(chance, keys)
        running = [pool.submit(_send, rig, told.history, messages[number::SENDERS]) for number in range(SENDERS)]
        while not all(one.done() for one in running):
            rig.tend()
            time.sleep(0.05)
        refused = sum(one.result() for one in running)
    if refused:
        told.violations.append(Violation("I4", f"{refused} reports were not taken", lost=refused))
    told.violations += _reported(rig, keys)
    told.times += len(messages)
    told.counted = (told.counted or 0) + len({id for id, _ in messages})


def _handed_over(rig: Rig, intents: list[Intent]) -> list[str]:
    """The keys under which roads has these cases, once it has them all."""
    wanted = "SELECT o.key FROM outbox o JOIN cases c USING (case_id) WHERE c.reference = ANY(%s) AND o.kind = 'delivery'"
    with psycopg.connect(rig.database_url) as database:
        keys = {key for (key,) in database.execute(wanted, ([one.reference for one in intents],))}

    def known() -> bool:
        with sqlite3.connect(f"file:{rig.ledger}?mode=ro", uri=True) as file:
            return keys <= {key for (key,) in file.execute("SELECT key FROM effects")}

    rig.wait(known, "roads has all cases", 120)
    return sorted(keys)


def _messages(chance: random.Random, keys: list[str]) -> list[tuple[str, bytes]]:
    """(message id, body) in the order they are sent: what is told of each handover, and of some nobody knows, each repeated."""
    found = []
    for key in [*keys, *(f"unknown-{chance.getrandbits(32):08x}" for _ in range(len(keys) // 10))]:
        for number, status in enumerate(STATUSES):
            body = json.dumps({"reference": key, "status": status, "remote_id": f"R-{key[:8]}"}).encode()
            found += [(f"msg_{key}_{number}", body)] * chance.randint(2, 5)
    chance.shuffle(found)
    return found


def _send(rig: Rig, history: History, messages: list[tuple[str, bytes]]) -> int:
    """How many were not taken."""
    secret, client, refused = secrets_of(rig.environment["AGENCY_SECRETS"])["roads"][0], Client(rig.port, history), 0
    for id, body in messages:
        headers = signed(secret, id, datetime.now(UTC), body)
        status, _ = client.once("POST", "/agencies/roads/callbacks", json.loads(body), headers)
        refused += status != 202
    return refused


def _reported(rig: Rig, keys: list[str]) -> Iterator[Violation]:
    with psycopg.connect(rig.database_url) as database:
        found = {(key, status): times for key, status, times in database.execute(_REPORTED, (keys,))}
    for key in keys:
        if found.get((key, "done")) != 1:
            yield Violation(
                "I4",
                f"{key}: `done` was recorded {found.get((key, 'done'), 0)} times",
                lost=(key, "done") not in found,
                doubled=found.get((key, "done"), 0) > 1,
            )
        if found.get((key, "accepted"), 0) > 1:
            yield Violation("I4", f"{key}: `accepted` was recorded {found[key, 'accepted']} times", doubled=1)
