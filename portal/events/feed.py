"""One order for all readers: an event gets its position once no earlier transaction can still add one, so that nothing late is skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import orjson
from sqlalchemy import Select, select

from portal.events.tables import events


class Reads(Protocol):
    """What is needed of a unit of work with the role of the figures."""

    def sql(self, text: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a statement."""


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the feed stands. All events of transactions below `horizon` have a position."""

    position: int
    horizon: int
    #: Every transaction below `settled` has ended; none at or above `ahead` has begun.
    settled: int
    ahead: int
    #: Which cluster this is, and which one the horizon was counted in.
    here: int
    counted_in: int | None
    #: After a restore, up to which number transactions of both clusters may be mixed.
    mixed_until: int | None
    waiting: bool

    @property
    def restored(self) -> bool:
        """True where the horizon was not counted in this cluster: these tables are new, or restored from a dump."""
        return self.horizon > self.ahead or self.counted_in != self.here


#: Two rows of `readers` are no readers: they keep which cluster the horizon is counted in, and until when numbers are mixed.
_CLUSTER, _MIXED = "(cluster)", "(mixed)"

_LOCK = "SELECT 1 FROM feed_head WHERE one = 1 FOR UPDATE"
_HEAD = """SELECT h.position, h.horizon::text::bigint, pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint,
    (SELECT system_identifier FROM pg_control_system()), (SELECT position FROM readers WHERE name = '(cluster)'),
    (SELECT position FROM readers WHERE name = '(mixed)'), EXISTS (SELECT 1 FROM events e WHERE e.tx >= h.horizon AND e.tx < pg_snapshot_xmin(s))
FROM feed_head h, pg_current_snapshot() AS s WHERE h.one = 1"""
_LAST_OF = "SELECT tx::text::bigint FROM events WHERE tx >= %s::text::xid8 AND tx < %s::text::xid8 ORDER BY tx OFFSET %s LIMIT 1"

#: Numbers each case's events from the one after `known` to the last of the window. Transactions of one case may be numbered against its `seq`
#: (one that began earlier may have waited for the head): its earlier events are then taken along, whatever their transaction.
_NUMBER = """WITH wanted AS (SELECT case_id, max(seq) AS last FROM events WHERE tx >= %(horizon)s::text::xid8 AND tx < %(until)s::text::xid8 GROUP BY case_id),
known AS ({known}),
fresh AS (SELECT w.case_id, e.seq, max(e.recorded_at) OVER (PARTITION BY w.case_id ORDER BY e.seq) AS at
    FROM wanted w LEFT JOIN known k ON k.case_id = w.case_id CROSS JOIN LATERAL (SELECT seq, recorded_at FROM events
    WHERE case_id = w.case_id AND seq > coalesce(k.last, 0) AND seq <= w.last OFFSET 0) e),
put AS (INSERT INTO feed (position, case_id, seq) SELECT %(position)s + row_number() OVER (ORDER BY at, case_id, seq), case_id, seq FROM fresh RETURNING 1)
UPDATE feed_head SET position = position + (SELECT count(*) FROM put), horizon = %(until)s::text::xid8 WHERE one = 1 RETURNING position"""
#: What has a position follows from the events alone: all up to the last one below the horizon.
_BY_TRANSACTION = _NUMBER.format(
    known="""SELECT v.case_id, p.last FROM wanted v
    CROSS JOIN LATERAL (SELECT max(seq) AS last FROM events WHERE case_id = v.case_id AND tx < %(horizon)s::text::xid8) p"""
)
#: While numbers of two clusters are mixed, the feed itself is asked.
_BY_FEED = _NUMBER.format(known="SELECT case_id, max(seq) AS last FROM feed WHERE case_id IN (SELECT case_id FROM wanted) GROUP BY case_id")

_ALL = """WITH known AS (SELECT case_id, max(seq) AS last FROM feed GROUP BY case_id),
fresh AS (SELECT e.case_id, e.seq, max(e.recorded_at) OVER (PARTITION BY e.case_id ORDER BY e.seq) AS at
    FROM events e LEFT JOIN known k ON k.case_id = e.case_id WHERE e.seq > coalesce(k.last, 0)),
put AS (INSERT INTO feed (position, case_id, seq) SELECT %(position)s + row_number() OVER (ORDER BY at, case_id, seq), case_id, seq FROM fresh RETURNING 1)
UPDATE feed_head SET position = position + (SELECT count(*) FROM put), horizon = %(until)s::text::xid8 WHERE one = 1 RETURNING position"""
_HIGHEST = """SELECT greatest(coalesce((SELECT tx::text::bigint FROM events ORDER BY tx DESC LIMIT 1), 0),
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint)"""

_KEEP = "INSERT INTO readers (name, position) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET position = excluded.position"

#: Members of an event as readers get it, `position` first.
MEMBERS = (
    *("position", "case_id", "seq", "id", "type", "occurred_at", "recorded_at", "jurisdiction", "origin", "actor", "agency", "channel", "step"),
    *("schema_version", "data", "prev_hash", "hash"),
)
_COLUMNS = ", ".join("e.data::text" if name == "data" else f"e.{name}" for name in MEMBERS[1:])
#: `OFFSET 0` holds the planner to one look-up an event, whatever it knows of the sizes.
_READ = f"""SELECT f.position, {_COLUMNS} FROM (SELECT position, case_id, seq FROM feed WHERE position > %s ORDER BY position LIMIT %s) f
CROSS JOIN LATERAL (SELECT * FROM events WHERE case_id = f.case_id AND seq = f.seq OFFSET 0) e ORDER BY f.position"""


#: What has a position, or should have one: told from the log, so that an event the feed had lost is among them all the same.
_HISTORY = f"""DECLARE history NO SCROLL CURSOR FOR SELECT 0, {_COLUMNS} FROM events e LEFT JOIN (SELECT case_id, max(seq) AS last FROM feed GROUP BY case_id) k
ON k.case_id = e.case_id WHERE e.seq <= k.last OR e.tx < (SELECT horizon FROM feed_head WHERE one = 1) ORDER BY e.case_id, e.seq"""


def free(work: Reads) -> bool:
    """Takes the feed for this unit where nobody else publishes or folds; False, and no waiting, where somebody does."""
    return bool(work.sql(f"{_LOCK} SKIP LOCKED"))


def publish(work: Reads, limit: int | None = None) -> int:
    """Gives positions to events that are settled; returns to how many. Transactions are published whole, so it may be more than `limit`.

    A case's events are published in the order of `seq`, without holes. What a transaction still running in this cluster (of any database)
    writes waits for it, and so does everything numbered after it: nothing can appear below a position that was given.
    """
    found = _head(work)
    if not (found.waiting or found.restored):
        return 0
    work.sql(_LOCK)
    head = _head(work)
    if head.restored:
        return _restored(work, head)
    window = {"horizon": head.horizon, "until": _until(work, head, limit), "position": head.position}
    mixed = head.mixed_until is not None and head.mixed_until >= head.horizon
    if head.mixed_until is not None and not mixed:
        work.sql("DELETE FROM readers WHERE name = %s", (_MIXED,))
    published = work.sql(_BY_FEED if mixed else _BY_TRANSACTION, window)
    return int(published[0][0]) - head.position


def read(work: Reads, after: int, limit: int) -> list[dict[str, Any]]:
    """Events with a position above `after`, in order, at most `limit`: mappings of MEMBERS."""
    return [_event(row) for row in work.sql(_READ, (after, limit))]


def of_cases(case_ids: Iterable[UUID], types: Iterable[str]) -> Select[Any]:
    """Events of some types of some cases, by case and in order; not scoped yet: pass it through `access.visible`."""
    columns = (events.c.case_id, events.c.seq, events.c.type, events.c.occurred_at, events.c.data)
    return select(*columns).where(events.c.case_id.in_(case_ids), events.c.type.in_(types)).order_by(events.c.case_id, events.c.seq)


def hold(work: Reads) -> None:
    """Nobody publishes until the unit ends."""
    work.sql(_LOCK)


def history(work: Reads, chunk: int = 5000) -> Iterator[dict[str, Any]]:
    """All published events by case, each case in order, from the log itself: mappings of MEMBERS, `position` 0. Hold the feed first; once a unit."""
    work.sql(_HISTORY)
    while rows := work.sql(f"FETCH {chunk} FROM history"):
        yield from map(_event, rows)
    work.sql("CLOSE history")


def unread(work: Reads, reader: str) -> bool:
    """True where the reader has not read all that has a position; takes no lock."""
    found = work.sql("SELECT h.position > coalesce((SELECT position FROM readers WHERE name = %s), 0) FROM feed_head h WHERE h.one = 1", (reader,))
    return bool(found[0][0])


def place(work: Reads, reader: str) -> int:
    """Position up to which a reader has read; its row is locked until the unit ends, so that the same events are not read twice."""
    work.sql("INSERT INTO readers (name, position) VALUES (%s, 0) ON CONFLICT (name) DO NOTHING", (reader,))
    return int(work.sql("SELECT position FROM readers WHERE name = %s FOR UPDATE", (reader,))[0][0])


def advance(work: Reads, reader: str, position: int) -> None:
    """The reader has read up to `position`."""
    work.sql("UPDATE readers SET position = %s WHERE name = %s", (position, reader))


def _event(row: tuple[Any, ...]) -> dict[str, Any]:
    event = dict(zip(MEMBERS, row, strict=True))
    event["data"] = orjson.loads(event["data"])
    return event


def _head(work: Reads) -> _Head:
    return _Head(*work.sql(_HEAD)[0])


def _until(work: Reads, head: _Head, limit: int | None) -> int:
    """End of the window: where everything has settled, or after the transaction of the `limit`-th event."""
    if limit is None:
        return head.settled
    last = work.sql(_LAST_OF, (head.horizon, head.settled, max(limit, 1) - 1))
    return int(last[0][0]) + 1 if last else head.settled


def _restored(work: Reads, head: _Head) -> int:
    """Everything there is and has no position gets one; from here on the horizon counts this cluster's transactions."""
    published = work.sql(_ALL, {"until": head.settled, "position": head.position})
    work.sql(_KEEP, (_MIXED, work.sql(_HIGHEST)[0][0]))
    work.sql(_KEEP, (_CLUSTER, head.here))
    return int(published[0][0]) - head.position


def position(work: Reads, reader: str) -> int:
    """How far a reader has come; nothing is locked."""
    found = work.sql("SELECT position FROM readers WHERE name = %s", (reader,))
    return int(found[0][0]) if found else 0
