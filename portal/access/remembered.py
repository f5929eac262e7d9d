"""Sessions a process has looked up lately, so that a request does not pay for it twice: the unit it opens holds the session against the database again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

from portal.access import identity, people, sessions
from portal.access.sessions import SignedIn
from portal.errors import SessionEnded, Unavailable
from portal.unit_of_work import ENGINE, Portal, Principal

Value = TypeVar("Value")

#: Seconds a look-up is good for, and how many are kept.
FRESH, KEPT = 60.0, 10_000
#: Characters of a token of ours.
LENGTH = 43


class _Lately(Generic[Value]):
    """What was found by a key in the last minute."""

    def __init__(self) -> None:
        self._found: OrderedDict[bytes | str, tuple[float, Value]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: bytes | str, find: Callable[[], Value | None]) -> Value | None:
        """As it was found before, else as `find` finds it; None is not remembered."""
        with self._lock:
            seen = self._found.get(key)
        if seen and monotonic() - seen[0] < FRESH:
            return seen[1]
        found = find()
        with self._lock:
            self._found.pop(key, None)
            if found is not None:
                self._found[key] = (monotonic(), found)
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        return found

    def forget(self, key: bytes | str) -> None:
        """Finds it again next time."""
        with self._lock:
            self._found.pop(key, None)


class Remembered:
    """Look-ups of one process. An end elsewhere is heard of by the next unit that is opened, which says SessionEnded."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._sessions: _Lately[SignedIn] = _Lately()
        self._people: _Lately[Principal] = _Lately()

    def look(self, token: str) -> SignedIn | None:
        """Whose session that is; None where it is none, or is over."""
        if len(token) != LENGTH or not token.isascii():
            return None
        return self._sessions.get(sessions.digest(token), lambda: self._found(token))

    def _found(self, token: str) -> SignedIn | None:
        with self._portal.work(ENGINE) as work:
            return sessions.look_up(work, token)

    def forget(self, token: str) -> None:
        """Looks the session up again next time."""
        self._sessions.forget(sessions.digest(token))

    def known(self, who: Principal) -> Principal:
        """Who came with a bearer token, as the administrator keeps that person; SessionEnded where it is nobody here any more.

        While the database is away it is as the token says: nothing can be read or written then.
        """
        if who.subject is None:
            return who
        try:
            found = self._people.get(who.subject, lambda: self._person(who)) or who
        except Unavailable:
            return who
        return replace(who, proof=found.proof) if found.proof == ("", "") else found

    def _person(self, who: Principal) -> Principal:
        issuer, _, subject = str(who.subject).partition("|")
        with self._portal.work(ENGINE) as work:
            kept = people.find(work, issuer, subject)
        if kept is None:
            return replace(who, proof=("", ""))
        if kept.ended:
            raise SessionEnded
        return identity.principal(
            issuer,
            subject,
            roles=kept.roles,
            agency=kept.agency,
            teams=kept.teams,
            services=kept.services,
            name=kept.name or who.name,
            proof=("", str(kept.version)),
        )

    def forget_person(self, subject: str) -> None:
        """Looks the person up again next time."""
        self._people.forget(subject)
