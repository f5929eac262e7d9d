"""The limits of a process: may this one go on, and is there a place for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from typing import Protocol

from portal.errors import TooMany
from portal.limits.classes import CLASSES, RATES, By, lanes, rates_of
from portal.limits.counting import Count, Counting, Wait
from portal.limits.places import Places
from portal.limits.rates import whole_seconds
from portal.settings import Settings
from portal.telemetry import counters, security

#: Sessions of staff a process remembers, so that the next request finds their lane before anything is asked of the database.
REMEMBERED = 5_000


class TooFast(TooMany):
    """You are sending faster than this portal takes it from one sender. Nothing was stored; wait as long as Retry-After says and send the same again."""

    slug = "too-fast"


class Counter(Protocol):
    """Counts, wherever that is."""

    def take(self, counts: list[Count]) -> Wait: ...
    def close(self) -> None: ...


class Limiter:
    """Rates and places of this process. Keys in Redis are digests under the portal's own key: they name nobody."""

    def __init__(self, settings: Settings, counting: Counter | None = None) -> None:
        self._rates = rates_of(settings)
        self._counting: Counter = counting or Counting(settings.redis_url, processes=settings.web_workers)
        self._key = settings.secret_key.get_secret_value().encode()[:64]
        self.places = {name: Places(lane) for name, lane in lanes(places=settings.web_threads, waiting=settings.web_waiting).items()}
        self._staff: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, route_class: str, *, address: str, channel: str = "", principal: str = "") -> None:
        """Counts one request of that class; TooFast, with the seconds to wait, where it is one too many."""
        of: Mapping[By, str] = {"address": address, "channel": channel, "principal": principal}
        names = [*CLASSES[route_class].rates, *(("principal",) if principal and "principal" not in CLASSES[route_class].rates else ())]
        self.count(names, of, route_class)

    def count(self, names: list[str], of: Mapping[By, str], route_class: str) -> None:
        """The same for rates by name."""
        counted = [(name, Count(self._digest(name, of[RATES[name][0]]), rate)) for name in names if (rate := self._rates[name]) and of.get(RATES[name][0])]
        wait = self._counting.take([count for _, count in counted]) if counted else None
        if wait is None:
            return
        place, seconds = wait
        refused(route_class, RATES[counted[place][0]][0])
        raise TooFast(retry_after=whole_seconds(seconds))

    def _digest(self, name: str, who: str) -> str:
        return f"limit:{name}:{blake2b(who.encode('utf-8', 'replace'), key=self._key, digest_size=12).hexdigest()}"

    def note_staff(self, session: str) -> None:
        """That session was found to be one of staff."""
        digest = blake2b(session.encode("utf-8", "replace"), digest_size=16).digest()
        with self._lock:
            self._staff[digest] = None
            self._staff.move_to_end(digest)
            while len(self._staff) > REMEMBERED:
                self._staff.popitem(last=False)

    def is_staff(self, session: str) -> bool:
        """Whether it was, not long ago. It opens nothing: it only chooses the lane."""
        return blake2b(session.encode("utf-8", "replace"), digest_size=16).digest() in self._staff

    def close(self) -> None:
        """Gives connections back."""
        self._counting.close()


def refused(route_class: str, by: str) -> None:
    """One line in the security log and one count; never who it was."""
    counters.limited(route_class, by)
    security.told("rate-limit", route_class=route_class, by=by)
