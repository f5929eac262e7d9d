"""Signs of life of what works in the background. They stand in PostgreSQL: Redis may vanish, and its silence must not look like theirs."""

from __future__ import annotations

from datetime import timedelta

from portal.unit_of_work.work import Work

SWEEPER = "sweeper"
#: How often one is given, and after which silence something is wrong.
EVERY, SILENCE = timedelta(seconds=5), timedelta(seconds=30)

_BEAT = "INSERT INTO heartbeats (name, at) VALUES (%s, clock_timestamp()) ON CONFLICT (name) DO UPDATE SET at = excluded.at"
_AGE = "SELECT clock_timestamp() - at FROM heartbeats WHERE name = %s"


def beat(work: Work, name: str = SWEEPER) -> None:
    """It lives (a unit as RELAY)."""
    work.sql(_BEAT, (name,))


def age(work: Work, name: str = SWEEPER) -> timedelta | None:
    """How long ago it last said so; None: never (a unit as RELAY)."""
    found = work.sql(_AGE, (name,))
    return found[0][0] if found else None
