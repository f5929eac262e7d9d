"""Where a process can die: counted while a use case runs, in a child that kills itself at the chosen one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from portal.dispatch import handover
from portal.unit_of_work import Portal
from portal.unit_of_work import trip as trip_of
from portal.unit_of_work import work as unit
from portal.wire import smtp


class Trap:
    """Counts the points of this process; at number `at` it dies as by `kill -9`. 0: it lives, and the points are counted."""

    def __init__(self, at: int, tell: Callable[[str], None]) -> None:
        self._at, self._tell, self._passed = at, tell, 0
        self._lock = threading.Lock()

    def point(self, name: str) -> None:
        """One point was reached."""
        with self._lock:
            self._passed += 1
            if self._at == 0:
                self._tell(name)
            elif self._passed == self._at:
                self._tell(name)
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call with a point before and after it."""

        def trapped(*arguments: Any, **named: Any) -> Any:
            self.point(f"before {name}")
            done = call(*arguments, **named)
            self.point(f"after {name}")
            return done

        return trapped

    def set(self, portal: Portal) -> None:
        """Puts a point on both sides of whatever leaves this process: statements, trips with their commits, calls, mail, files, wake-ups."""
        self._set_trips()
        for place, name, says in (
            (psycopg.Cursor, "execute", "statement"),
            (psycopg.Cursor, "executemany", "statements"),
            (psycopg.Connection, "commit", "commit"),
            (handover, "send", "call"),
            (smtp, "send", "mail"),
            (Path, "rename", "rename"),
            (Path, "unlink", "unlink"),
        ):
            setattr(place, name, self.around(says, getattr(place, name)))
        portal.wake = self.around("wake-up", portal.wake)

    def _set_trips(self) -> None:
        together = trip_of.together

        def trip(connection: Any, prepared: Any, statements: Any) -> Any:
            sent = list(statements)
            name = "commit" if sent[-1][0] == "COMMIT" else "trip"
            return self.around(name, together)(connection, prepared, sent)

        setattr(unit, "together", trip)  # noqa: B010
