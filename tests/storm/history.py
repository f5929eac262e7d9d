"""What the clients of a storm asked for and what they heard: the other side of the comparison."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

#: `told`: kept without an answer of ours that could be lost (the client gave up before it heard).
State = Literal["unknown", "ok", "refused"]


@dataclass
class Intent:
    """One thing somebody wants once. `marker` stands in its words or answers, so that the database can be asked for it."""

    marker: str
    kind: Literal["open", "message"]
    path: str
    body: dict[str, Any]
    key: str
    headers: dict[str, str] = field(default_factory=dict)
    state: State = "unknown"
    reference: str | None = None
    secret: str | None = None
    tries: int = 0


class History:
    """Everything of one storm; safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.intents: list[Intent] = []
        #: Statuses heard; `lost`: no answer came; `told-503`: a 503 that says when to come again; `5xx`: any other.
        self.heard: Counter[str] = Counter()
        self.odd: list[str] = []

    def add(self, intent: Intent) -> Intent:
        """Something is about to be asked for."""
        with self._lock:
            self.intents.append(intent)
        return intent

    def hear(self, what: str) -> None:
        """One answer, or none."""
        with self._lock:
            self.heard[what] += 1

    def note(self, says: str) -> None:
        """Something that should not be."""
        with self._lock:
            self.odd.append(says)

    def of(self, holds: Callable[[Intent], bool]) -> list[Intent]:
        """Those of which it holds."""
        with self._lock:
            return [one for one in self.intents if holds(one)]

    @property
    def undecided(self) -> list[Intent]:
        """Those nobody has had an answer to."""
        return self.of(lambda one: one.state == "unknown")
