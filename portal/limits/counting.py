"""Where rates are counted: in Redis for all processes together; while Redis is away, in each process for its share."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

import structlog

from portal.limits.rates import Rate, step

if TYPE_CHECKING:
    from redis import Redis

#: Seconds Redis may take to answer, and seconds it is left alone after it did not.
PATIENCE, BREAK = 0.25, 5.0
#: Askers a process remembers while Redis is away; who has been silent the longest is forgotten first.
REMEMBERED = 20_000

#: `step` of portal/limits/rates.py for every key at once: takes from all of them or from none. Answers the place of the key that has to wait the
#: longest (from 1; 0: none) and the microseconds. Times are whole microseconds of Redis's own clock, or of ARGV[1] where it is given.
_SCRIPT = """
local now = tonumber(ARGV[1])
if now == nil then local t = redis.call('TIME'); now = t[1] * 1000000 + t[2] end
local untils, worst, longest = {}, 0, 0
for i, key in ipairs(KEYS) do
  local spacing, seconds = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local begun = math.max(tonumber(redis.call('GET', key)) or 0, now)
  local wait = begun + spacing - seconds - now
  if wait > longest then worst, longest = i, wait end
  untils[i] = begun + spacing
end
if worst > 0 then return {worst, longest} end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', untils[i]), 'PX', math.ceil((untils[i] - now) / 1000) + 1)
end
return {0, 0}
"""

log = structlog.get_logger("portal.limits")


@dataclass(frozen=True)
class Count:
    """Somebody's use of one rate. `key` names nobody: it is a digest."""

    key: str
    rate: Rate


#: Which of the counts has to wait the longest, and for how many seconds; None where all may go on.
Wait = tuple[int, float] | None


class Own:
    """Counts of this process alone."""

    def __init__(self, share: float, clock: Callable[[], float] = monotonic) -> None:
        self._share, self._clock = share, clock
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, counts: Sequence[Count]) -> Wait:
        """One request of each; taken from all or from none."""
        with self._lock:
            now = self._clock()
            told = [step(self._until.get(one.key, 0.0), now, one.rate.times(self._share)) for one in counts]
            worst = max(range(len(told)), key=lambda place: told[place][1])
            if told[worst][1] > 0:
                return worst, told[worst][1]
            for one, (until, _) in zip(counts, told, strict=True):
                self._until[one.key] = until
                self._until.move_to_end(one.key)
            while len(self._until) > REMEMBERED:
                self._until.popitem(last=False)
        return None


class Counting:
    """Asks Redis; where it does not answer within PATIENCE, counts here, and asks again BREAK seconds later, with one request at a time."""

    def __init__(self, redis_url: str, *, processes: int, clock: Callable[[], float] = monotonic) -> None:
        self._url, self._clock = redis_url, clock
        self.own = Own(1 / max(1, processes), clock)
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        """A connection must not be shared by two processes."""
        self._redis: Redis | None = None
        self._script: Any = None
        self._away_until = 0.0
        self._lock = threading.Lock()

    def take(self, counts: Sequence[Count]) -> Wait:
        """One request of each."""
        if not counts:
            return None
        if self._away_until and not self._turn():
            return self.own.take(counts)
        from redis.exceptions import RedisError

        try:
            place, wait = self._asked(counts)
        except (RedisError, OSError) as error:
            self._left_alone(error)
            return self.own.take(counts)
        if self._away_until:
            self._away_until = 0.0
            log.info("rates are counted in Redis again")
        return None if place == 0 else (place - 1, wait / 1e6)

    def _turn(self) -> bool:
        """Whether this request is the one to ask Redis again; the others go on meanwhile."""
        with self._lock:
            now = self._clock()
            if now < self._away_until:
                return False
            self._away_until = now + BREAK
            return True

    def _asked(self, counts: Sequence[Count]) -> tuple[int, float]:
        if self._script is None:
            self._connect()
        numbers = [int(value * 1e6) for one in counts for value in (one.rate.spacing, one.rate.seconds)]
        found = self._script(keys=[one.key for one in counts], args=["", *numbers])
        return int(found[0]), float(found[1])

    def _connect(self) -> None:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        with self._lock:
            if self._script is None:
                self._redis = Redis.from_url(self._url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0))
                self._script = self._redis.register_script(_SCRIPT)

    def _left_alone(self, error: Exception) -> None:
        first = not self._away_until
        self._away_until = self._clock() + BREAK
        if first:
            log.warning("Redis does not answer: each process counts its share of the rates", error=type(error).__qualname__)

    def close(self) -> None:
        """Gives the connections back."""
        if self._redis is not None:
            self._redis.close()
        self._redis = self._script = None
