"""Clients of a storm: they start requests and write on them, and ask again with the same key until they know what became of it."""

from __future__ import annotations

import http.client
import json
import random  # noqa: TID251  # seeded: a storm is replayed by its seed
import threading
import time
from contextlib import suppress
from typing import Any

from tests.storm.history import History, Intent

#: Seconds a client waits for an answer; the first pause before it asks again, and the longest.
TIMEOUT, FIRST_PAUSE, LONGEST_PAUSE = 15.0, 0.05, 1.0
#: Service -> share of the requests, and its answers; `{}` takes the marker.
SERVICES: tuple[tuple[str, float, dict[str, Any]], ...] = (
    ("pothole", 0.5, {"place": "{}"}),
    ("water-meter-reading", 0.25, {"meter_number": "M-1", "reading": 12, "read_on": "2026-11-02"}),
    ("resident-parking-permit", 0.1, {"number_plate": "1-ABC-234", "home": "{}", "vehicle": "own"}),
    ("noise-complaint", 0.15, {"source_place": "{}", "noise": "animals", "times": "nights"}),
)


class Client:
    """One thread's connection, and what it heard."""

    def __init__(self, port: int, history: History) -> None:
        self._port, self._history = port, history
        self._connection: http.client.HTTPConnection | None = None

    def once(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int | None, dict[str, Any]]:
        """Status and JSON of one try; None where no answer came."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
            self._connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), {**sent, **(headers or {})})
            answer = self._connection.getresponse()
            raw, kind = answer.read(), answer.getheader("Content-Type", "")
        except (OSError, http.client.HTTPException):
            self.close()
            self._history.hear("lost")
            return None, {}
        self._count(answer, kind, path, raw)
        with suppress(ValueError):
            found = json.loads(raw or b"{}")
            return answer.status, found if isinstance(found, dict) else {}
        return answer.status, {}

    def _count(self, answer: http.client.HTTPResponse, kind: str, path: str, raw: bytes) -> None:
        if answer.status < 500:
            self._history.hear(str(answer.status))
        elif answer.status == 503 and answer.getheader("Retry-After") and kind == "application/problem+json":
            self._history.hear("told-503")
        else:
            self._history.hear("5xx")
            self._history.note(f"{answer.status} to {path.rpartition('/')[2]}: {raw[:200]!r}")

    def decide(self, intent: Intent, until: float) -> None:
        """Asks with the same key until the answer is known, or the time (of the monotonic clock) is over."""
        pause = FIRST_PAUSE
        while time.monotonic() < until:
            intent.tries += 1
            status, told = self.once("POST", intent.path, intent.body, {**intent.headers, "Idempotency-Key": intent.key})
            if status is not None and status < 300:
                intent.state, intent.reference = "ok", told.get("reference")
                intent.secret = told.get("secret")
                return
            if status is not None and 400 <= status < 500 and status not in (409, 429):
                intent.state = "refused"
                self._history.note(f"{intent.kind} was refused: {status} {told.get('detail')}")
                return
            time.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    def close(self) -> None:
        """The next try opens a new connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def request(chance: random.Random, marker: str) -> dict[str, Any]:
    """Body of a new request that carries the marker once."""
    service, _, answers = chance.choices(SERVICES, [share for _, share, _ in SERVICES])[0]
    body: dict[str, Any] = {"service": service, "answers": {name: value.format(marker) if isinstance(value, str) else value for name, value in answers.items()}}
    if marker not in json.dumps(body):
        body["text"] = f"about {marker}"
    if chance.random() < 0.9:
        body["contact"] = {"email": f"{marker}@citizen.example"}
    return body


class Load:
    """Clients that go on until they are told to stop; then each ends what it began."""

    def __init__(self, port: int, history: History, *, seed: int, clients: int = 4, limit: int | None = None, pace: float = 0.0) -> None:
        self._port, self._history, self._limit, self._pace = port, history, limit, pace
        self._stopped = threading.Event()
        self._until = float("inf")
        self._threads = [threading.Thread(target=self._run, args=(random.Random(seed * 1000 + number),), daemon=True) for number in range(clients)]

    def start(self) -> None:
        """Begins."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, patience: float = 60.0) -> None:
        """No new intents; those begun may still be decided within so many seconds."""
        self._until = time.monotonic() + patience
        self._stopped.set()

    @property
    def running(self) -> bool:
        """Whether a client is still at it."""
        return any(thread.is_alive() for thread in self._threads)

    def _run(self, chance: random.Random) -> None:
        client = Client(self._port, self._history)
        mine: list[Intent] = []
        while not self._stopped.is_set() and (self._limit is None or len(self._history.intents) < self._limit):
            intent = self._history.add(self._next(chance, mine))
            self._decide(client, intent)
            if intent.kind == "open" and intent.state == "ok":
                mine.append(intent)
            self._stopped.wait(self._pace)
        client.close()

    def _decide(self, client: Client, intent: Intent) -> None:
        while intent.state == "unknown" and time.monotonic() < self._until:
            client.decide(intent, min(self._until, time.monotonic() + 5))

    def _next(self, chance: random.Random, mine: list[Intent]) -> Intent:
        marker, key = f"storm-{chance.getrandbits(64):016x}", f"{chance.getrandbits(128):032x}"
        if mine and chance.random() < 0.25:
            about = chance.choice(mine[-20:])
            headers = {"Case-Secret": str(about.secret)}
            return Intent(marker, "message", f"/cases/{about.reference}/messages", {"words": f"about {marker}"}, key, headers)
        return Intent(marker, "open", "/cases", request(chance, marker), key)
