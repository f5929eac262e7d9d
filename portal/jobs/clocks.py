"""Whether time can be trusted before timers fire: the clock of this machine, that of the database, and one that only ever goes forward."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from portal.clock import utc_now

log = logging.getLogger(__name__)

#: Farther apart than this, one of the two clocks is wrong.
APART = timedelta(seconds=5)
#: A change of the database's clock against steady time that is no drift but a jump.
JUMP = timedelta(seconds=60)
#: Seconds for which nothing fires after a jump, so that people hear of it first. Then the new time is believed: waiting for ever would break every promise.
HELD = 600.0


def steady() -> float:
    """Seconds that only go forward, a sleeping machine's included where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Clocks:
    """Asked before each sweep. Deadlines never come from this machine's clock; but where it and the database disagree, nobody knows whose is wrong."""

    def __init__(self, *, here: Callable[[], datetime] = utc_now, steady: Callable[[], float] = steady) -> None:
        self._here, self._steady = here, steady
        self._last: tuple[datetime, float] | None = None
        self._held_until = float("-inf")
        self._well = True

    def trusted(self, there: datetime) -> bool:
        """Whether timers may fire, given the database's time a moment ago. What is wrong is logged once."""
        moment = self._steady()
        jump = timedelta()
        if self._last is not None:
            jump = (there - self._last[0]) - timedelta(seconds=moment - self._last[1])
        self._last = (there, moment)
        if abs(jump) > JUMP:
            self._held_until = moment + HELD
            log.error("the clock of the database jumped by %.0f s: no timer fires for %.0f s; see `portal doctor`", jump.total_seconds(), HELD)
        apart = abs(self._here() - there)
        well = apart <= APART
        if not well and self._well:
            log.error("the clocks here and in the database are %.0f s apart: no timer is fired from here; see `portal doctor`", apart.total_seconds())
        elif well and not self._well:
            log.warning("the clocks here and in the database agree again")
        self._well = well
        return well and moment >= self._held_until
