"""What waits too long, kind by kind: for metrics and `portal doctor`. Names of agencies, channels and kinds only."""

from __future__ import annotations

from dataclasses import dataclass

from portal.unit_of_work import FIGURES, RELAY, Portal, Work, heartbeats
from portal.views.backlog import READY

#: For people, rows of sealed cases are not there; metrics count them all.
SEEN = "coalesce(NOT (%(unsealed)s AND case_id = ANY ((SELECT portal_sealed())::uuid[])), true)"
_DUE = f"""SELECT 'timer', kind, '', count(*), extract(epoch FROM %(now)s - min(due_at))::float FROM timers
    WHERE armed AND due_at <= %(now)s AND {SEEN} GROUP BY kind
UNION ALL SELECT 'outbox', o.kind, o.target, count(*), extract(epoch FROM %(now)s - min(greatest(o.next_at, o.lease_until)))::float
    {READY} AND {SEEN} GROUP BY o.kind, o.target
UNION ALL SELECT 'inbox', 'unmatched', source, count(*), extract(epoch FROM %(now)s - min(next_at))::float FROM inbox
    WHERE status = 'unmatched' AND next_at <= %(now)s GROUP BY source
UNION ALL SELECT 'move', 'journey', '', count(*), extract(epoch FROM %(now)s - min(next_at))::float FROM moves WHERE next_at <= %(now)s HAVING count(*) > 0"""
_PARKED = f"""SELECT kind, target, count(*) FROM outbox WHERE parked_at IS NOT NULL AND done_at IS NULL AND {SEEN}
GROUP BY kind, target ORDER BY kind, target"""
_BREAKERS = "SELECT target, coalesce(open_until > %(now)s, false) FROM breakers ORDER BY target"
#: Counting stops where the number says enough.
_LAG = """SELECT (SELECT position FROM feed_head) - coalesce((SELECT position FROM readers WHERE name = 'figures'), 0) + count(*),
coalesce(extract(epoch FROM %(now)s - min(recorded_at)), 0)::float
FROM (SELECT recorded_at FROM events WHERE tx >= (SELECT horizon FROM feed_head) LIMIT 10000) AS unpublished"""


@dataclass(frozen=True)
class Waiting:
    """Rows of one kind that are due and not done: how many, and for how many seconds the oldest."""

    row: str
    kind: str
    target: str
    count: int
    oldest: float


@dataclass(frozen=True)
class Due:
    """All of it at one moment. `parked`: (kind, target, rows); `breakers`: target -> open; `feed`: events not in the figures, seconds of the oldest
    unpublished; `sweeper`: seconds since its last sign of life."""

    waiting: list[Waiting]
    parked: list[tuple[str, str, int]]
    breakers: dict[str, bool]
    feed: tuple[int, float]
    sweeper: float | None


def due(portal: Portal, *, unsealed: bool = False) -> Due:
    """What is due now; `unsealed`: as people may see it, without what belongs to sealed cases. Unavailable where the database is away."""
    with portal.work(RELAY) as work:
        waiting = waits(work, unsealed=unsealed)
        parked = [(kind, target, count) for kind, target, count in work.sql(_PARKED, {"unsealed": unsealed})]
        breakers = dict(work.sql(_BREAKERS, {"now": work.now}))
        since = heartbeats.age(work)
    with portal.work(FIGURES) as work:
        behind, seconds = work.sql(_LAG, {"now": work.now})[0]
    return Due(waiting, parked, breakers, (int(behind), max(0.0, float(seconds))), since.total_seconds() if since is not None else None)


def waits(work: Work, *, unsealed: bool = False) -> list[Waiting]:
    """Kinds of rows that are due, the longest wait first (a unit as RELAY)."""
    return sorted((Waiting(*row) for row in work.sql(_DUE, {"now": work.now, "unsealed": unsealed})), key=lambda one: -one.oldest)
