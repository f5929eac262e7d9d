"""A rate, `60/minute`, and the arithmetic that keeps it: pure, the same here and in Redis."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil

#: Seconds of each word a rate may be written with.
PERIODS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
_WRITTEN = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour)")


@dataclass(frozen=True)
class Rate:
    """So many in so many seconds: all of them may come at once, then one each `spacing`."""

    many: int
    seconds: float

    @property
    def spacing(self) -> float:
        """Seconds one request takes of the rate."""
        return self.seconds / self.many

    def times(self, factor: float) -> Rate:
        """A rate so many times as generous; never less than one."""
        return Rate(max(1, int(self.many * factor)), self.seconds)


def read(text: str) -> Rate | None:
    """The rate of a text, `NUMBER/second`, `/minute` or `/hour`; None for `off`. ValueError for anything else."""
    if text == "off":
        return None
    found = _WRITTEN.fullmatch(text.replace(" ", ""))
    if not found:
        raise ValueError(f"{text!r} is no rate: write NUMBER/second, NUMBER/minute or NUMBER/hour, or off")
    return Rate(int(found[1]), PERIODS[found[2]])


def step(until: float, now: float, rate: Rate) -> tuple[float, float]:
    """One request at `now` of somebody whose rate is used up until `until` (GCRA, as in ATM Forum TM 4.0): the new `until`, and the seconds to wait.

    Where it has to wait nothing was taken, and `until` stays as it was.
    """
    begun = max(until, now)
    wait = begun + rate.spacing - rate.seconds - now
    # A request that fits exactly must not fail by the last bit of a double.
    return (begun + rate.spacing, 0.0) if wait <= 1e-6 else (until, wait)


def whole_seconds(wait: float) -> int:
    """For Retry-After: never sooner than it is true, one at least."""
    return max(1, ceil(wait))
