"""Reports of the simulated agencies: sent signed after a delay, again while nobody takes them, and as badly as told."""

from __future__ import annotations

import heapq
import http.client
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from portal.local.agency_ledger import Ledger
from portal.wire.signatures import signed

#: Behaviour -> reports in the order they are sent: status, and how many times the same message.
REPORTS = {
    "works": (("done", 1),),
    "refuses": (("refused", 1),),
    "repeats": (("accepted", 3), ("done", 3)),
    "disorders": (("done", 1), ("accepted", 1)),
}
#: Seconds before a report nobody took is sent again; then no more.
AGAIN = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
THREADS = 4


class Reporter:
    """One thread that waits, and a few that call."""

    def __init__(self, ledger: Ledger, secrets: dict[str, tuple[str, ...]], *, delay: float) -> None:
        self._ledger = ledger
        self._secrets = secrets
        self._delay = delay
        self._due: list[tuple[float, int, dict[str, Any]]] = []
        self._number = count()
        self._change = threading.Condition()
        self._ended = False
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="report")
        self._clock = threading.Thread(target=self._run, daemon=True, name="reports")

    def start(self) -> None:
        """What an earlier process owed is sent first."""
        for report in self._ledger.unsent():
            self._at(0.0, report)
        self._clock.start()

    def stop(self) -> None:
        """Sends nothing more; what is owed stays in the ledger."""
        with self._change:
            self._ended = True
            self._change.notify()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def plan(self, agency: str, key: str, remote_id: str, behaviour: str, url: str) -> None:
        """The reports this handover leads to. The next message leaves when the one before was answered: only what is told to be in disorder is."""
        after: list[dict[str, Any]] = []
        for status, times in reversed(REPORTS.get(behaviour, ())):
            id, body = f"msg_{uuid4().hex}", json.dumps({"reference": key, "status": status, "remote_id": remote_id})
            self._ledger.plan(id, agency, key, url, body)
            report = {"message_id": id, "agency": agency, "url": url, "body": body, "tries": 0}
            after = [{**report, "after": after}] + [report] * (times - 1)
        self._all(after)

    def _all(self, reports: list[dict[str, Any]]) -> None:
        for place, report in enumerate(reports, start=1):
            self._at(self._delay * place, report)

    def _at(self, seconds: float, report: dict[str, Any]) -> None:
        with self._change:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._number), report))
            self._change.notify()

    def _run(self) -> None:
        with self._change:
            while not self._ended:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._change.wait(wait)
                else:
                    self._pool.submit(self._send, heapq.heappop(self._due)[2])

    def _send(self, report: dict[str, Any]) -> None:
        status = post(
            report["url"], signed(self._secrets[report["agency"]][0], report["message_id"], datetime.now(UTC), report["body"].encode()), report["body"].encode()
        )
        self._ledger.answered(report["message_id"], status)
        if (status is None or status >= 500) and report["tries"] < len(AGAIN) and not self._ended:
            self._at(AGAIN[report["tries"]], {**report, "tries": report["tries"] + 1})
        else:
            self._all(report.get("after", []))


def post(url: str, headers: dict[str, str], body: bytes) -> int | None:
    """Status of one POST of JSON, or None where nobody answered."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("POST", parts.path, body, {"Content-Type": "application/json", **headers})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
