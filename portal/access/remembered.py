"""Sessions a process has looked up lately, so that a request does not pay for it twice: the unit it opens holds the session against the database again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from time import monotonic

from portal.access import sessions
from portal.access.sessions import SignedIn
from portal.unit_of_work import ENGINE, Portal

#: Seconds a look-up is good for, and how many are kept.
FRESH, KEPT = 60.0, 10_000
#: Characters of a token of ours.
LENGTH = 43


class Remembered:
    """Look-ups of one process. An end elsewhere is heard of by the next unit that is opened, which says SessionEnded."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._found: OrderedDict[bytes, tuple[float, SignedIn]] = OrderedDict()
        self._lock = Lock()

    def look(self, token: str) -> SignedIn | None:
        """Whose session that is; None where it is none, or is over."""
        if len(token) != LENGTH or not token.isascii():
            return None
        key = sessions.digest(token)
        with self._lock:
            seen = self._found.get(key)
        if seen and monotonic() - seen[0] < FRESH:
            return seen[1]
        with self._portal.work(ENGINE) as work:
            found = sessions.look_up(work, token)
        with self._lock:
            self._found.pop(key, None)
            if found:
                self._found[key] = (monotonic(), found)
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        return found

    def forget(self, token: str) -> None:
        """Looks it up again next time."""
        with self._lock:
            self._found.pop(sessions.digest(token), None)
