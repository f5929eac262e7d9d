"""Five people and machines who use the portal at their own pace while it is flooded: what each heard, and how long it took."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from portal.local.people import OFFICE, Person
from portal.local.signin import issue
from portal.wire.signatures import secrets_of, signed

#: Seconds between the end of one answer and the next request.
PACE = 0.25


@dataclass
class Paced:
    """One of them. `ask` gives method, path, headers and body of the next request."""

    name: str
    port: int
    ask: Callable[[], tuple[str, str, dict[str, str], bytes | None]]
    address: str
    told: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def run(self, over: threading.Event) -> None:
        """Until it is over; a connection each, as after a click."""
        while not over.wait(PACE):
            begun = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                method, path, headers, body = self.ask()
                connection.request(method, path, body, {"X-Forwarded-For": self.address, **headers})
                answer = connection.getresponse()
                text = answer.read()
                self.told[str(answer.status)] += 1
                if answer.status == 201:
                    self.taken.append(json.loads(text)["reference"])
            except (OSError, http.client.HTTPException) as error:
                self.told[type(error).__name__] += 1
            finally:
                connection.close()
            self.seconds.append(time.monotonic() - begun)


def five(port: int, environment: dict[str, str], *, data: Any) -> list[Paced]:
    """A caseworker, a champion, a citizen who looks, a citizen who asks, and an agency that reports."""
    desk = Person("desk", "Desk", ("caseworker",), "city-council", ("desk",))
    json_type = {"Content-Type": "application/json"}
    first = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    first.request("POST", "/api/v1/cases", json.dumps({"service": "pothole", "answers": {"place": "x"}}), {**json_type, "X-Forwarded-For": "198.51.100.9"})
    mine = json.loads(first.getresponse().read())
    first.close()
    agency, (secret, *_) = next(iter(secrets_of(environment["AGENCY_SECRETS"]).items()))

    def bearer(person: Person) -> dict[str, str]:
        return {"Authorization": f"Bearer {issue(person, data)}"}

    def report() -> tuple[str, str, dict[str, str], bytes]:
        body = json.dumps({"reference": "unknown-here", "status": "done"}).encode()
        return "POST", f"/api/v1/agencies/{agency}/callbacks", {**json_type, **signed(secret, str(uuid4()), datetime.now(UTC), body)}, body

    def opening() -> tuple[str, str, dict[str, str], bytes]:
        body = json.dumps({"service": "pothole", "answers": {"place": f"paced {uuid4()}"}}).encode()
        return "POST", "/api/v1/cases", {**json_type, "Idempotency-Key": str(uuid4())}, body

    worker, champion = bearer(desk), bearer(OFFICE[0])
    return [
        Paced("caseworker", port, lambda: ("GET", "/api/v1/tasks", worker, None), "198.51.100.1"),
        Paced("champion", port, lambda: ("GET", "/api/v1/breaches", champion, None), "198.51.100.2"),
        Paced("looks", port, lambda: ("GET", f"/api/v1/cases/{mine['reference']}", {"Case-Secret": mine["secret"]}, None), "198.51.100.3"),
        Paced("asks", port, opening, "198.51.100.4"),
        Paced("agency", port, report, "198.51.100.5"),
    ]
