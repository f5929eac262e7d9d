"""When something that did not leave is tried again, and when people look at it instead. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

#: Seconds before the 2nd, 3rd, ... attempt; the last one holds for all later ones.
WAITS = (1, 5, 30, 120, 300, 600, 1200, 1800, 3600)
#: How long a row is tried, from when it was placed. A page cannot wait: the next duty person is called instead.
PATIENCE = {
    "delivery": timedelta(hours=75),
    "notice": timedelta(hours=75),
    "page": timedelta(minutes=15),
    "escalation": timedelta(hours=75),
    "code": timedelta(minutes=10),
    "card": timedelta(hours=75),
    "text": timedelta(hours=4),
    #: Nobody else can look: a file stays closed while the scanner is away.
    "scan": timedelta(days=30),
}
#: Longest wait an agency may ask for.
LONGEST = timedelta(hours=24)
#: Attempts that may end in silence (a killed process) before a row is set aside.
CRASHES = 5


def next_run(runs: Sequence[str], every_minutes: int, zone: ZoneInfo, now: datetime) -> datetime:
    """Instant of the next file after `now`: at one of these times of day, or at the next whole number of so many minutes."""
    if not runs:
        step = every_minutes * 60
        return datetime.fromtimestamp((int(now.timestamp()) // step + 1) * step, now.tzinfo)
    today = now.astimezone(zone).date()
    times = [time.fromisoformat(one) for one in runs]
    found = (datetime.combine(today + timedelta(days=day), at, zone).astimezone(now.tzinfo) for day in (0, 1, 2) for at in times)
    return min(one for one in found if one > now)


def next_try(kind: str, key: str, *, attempts: int, placed_at: datetime, now: datetime, after: float | None = None) -> datetime | None:
    """Instant of the next attempt, or None where patience is over. `attempts` so far, `after`: seconds the far side asked for.

    Waits are stretched by up to a fifth, by a hash of key and attempt: rows placed together do not come back together, and a repeat is the same.
    """
    if now >= placed_at + PATIENCE[kind]:
        return None
    wait = WAITS[min(attempts, len(WAITS)) - 1]
    stretch = int.from_bytes(sha256(f"{key}/{attempts}".encode()).digest()[:2]) / 65_536 / 5
    asked = min(timedelta(seconds=after or 0), LONGEST)
    return now + max(timedelta(seconds=wait), asked) * (1 + stretch)
