"""Hours in which nobody is woken. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: Local time at which the messages of a day leave for who wishes one.
DAILY = time(17)


def next_daily(now: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the messages of a day leave next."""
    here = now.astimezone(zone)
    day = here.date() if here.time() < DAILY else here.date() + timedelta(days=1)
    return datetime.combine(day, DAILY, zone).astimezone(UTC)


def until(hours: tuple[str, str] | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant at which those quiet hours (local times, over midnight or not) end; None where `now` lies outside of them.

    Wall clock times, so that the night in which the clocks change is an hour shorter or longer, and nobody is woken early.
    """
    if hours is None:
        return None
    begin, end = (time.fromisoformat(one) for one in hours)
    here = now.astimezone(zone)
    at = here.time()
    over_midnight = begin > end
    within = at >= begin or at < end if over_midnight else begin <= at < end
    if not within:
        return None
    day = here.date() + timedelta(days=1) if over_midnight and at >= begin else here.date()
    found = datetime.combine(day, end, zone).astimezone(UTC)
    # In the hour the clock strikes twice, its first stroke may lie behind us.
    return found if found > now else datetime.combine(day, end, zone).replace(fold=1).astimezone(UTC)
