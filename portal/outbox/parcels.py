"""Files to agencies that work by files: which handovers stand in which, by a number without gaps; and when their folders are looked into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.catalogue.definitions import Agency
from portal.unit_of_work import RELAY, Portal, Work

#: Until a look into a folder is over; a process that dies in it leaves it to be done again.
LEASE = timedelta(minutes=2)
#: Longest between two looks into a folder that cannot be reached.
LONGEST = timedelta(hours=1)

_OPEN = "done_at IS NULL AND parked_at IS NULL"
_UNDER_WAY = "SELECT number, made_at FROM parcels WHERE target = %s AND left_at IS NULL"
_LINES = f"SELECT count(*), max(next_at), bool_or(coalesce(lease_until > clock_timestamp(), false)) FROM outbox WHERE target = %s AND parcel = %s AND {_OPEN}"
_WAITING = f"SELECT count(*) FROM outbox WHERE target = %s AND kind = 'delivery' AND parcel IS NULL AND {_OPEN}"
_NEXT = "INSERT INTO parcels (target, number, made_at) SELECT %s, coalesce(max(number), 0) + 1, %s FROM parcels WHERE target = %s RETURNING number"
#: The oldest first. A line does not overtake an older one of its case that is to be tried later.
_FILL = """UPDATE outbox AS o SET parcel = %(number)s FROM (SELECT d.case_id, d.id FROM outbox d WHERE d.target = %(target)s AND d.kind = 'delivery'
    AND d.parcel IS NULL AND d.done_at IS NULL AND d.parked_at IS NULL AND (%(full)s OR d.next_at <= %(now)s)
    AND (%(full)s OR NOT EXISTS (SELECT 1 FROM outbox e WHERE e.case_id = d.case_id AND e.target = d.target AND e.kind = 'delivery' AND e.done_at IS NULL
        AND e.parked_at IS NULL AND e.next_at > %(now)s AND (e.placed_at, e.id) < (d.placed_at, d.id)))
    ORDER BY d.placed_at, d.id LIMIT %(most)s FOR UPDATE OF d SKIP LOCKED) AS due WHERE o.case_id = due.case_id AND o.id = due.id RETURNING 1"""
_DROP = "DELETE FROM parcels WHERE target = %s AND number = %s AND left_at IS NULL"
_LEFT = "UPDATE parcels SET left_at = %s, name = %s, lines = %s, digest = %s WHERE target = %s AND number = %s AND left_at IS NULL"
_LOOK = "INSERT INTO polls (target, poll_at, failures) VALUES (%s, %s, 0) ON CONFLICT (target) DO NOTHING"
_DUE = """UPDATE polls AS p SET poll_at = %s FROM (SELECT target FROM polls WHERE poll_at <= %s FOR UPDATE SKIP LOCKED) AS due
WHERE p.target = due.target RETURNING p.target, p.failures"""
_LOOKED = "UPDATE polls SET poll_at = %s, failures = %s WHERE target = %s"
_DECIDED = "SELECT status FROM answer_files WHERE source = %s AND digest = %s"
_SEEN = """INSERT INTO answer_files (source, digest, name, status, why, lines, decided_at) VALUES (%s, %s, %s, 'seen', %s, 0, %s)
ON CONFLICT DO NOTHING"""
_DECIDE = """INSERT INTO answer_files AS f (source, digest, name, status, why, lines, decided_at) VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (source, digest) DO UPDATE SET name = excluded.name, status = excluded.status, why = excluded.why, lines = excluded.lines,
decided_at = excluded.decided_at WHERE f.status = 'seen' RETURNING 1"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file on its way. `again`: an attempt was made before of which nobody knows whether it arrived."""

    target: str
    number: int
    made_at: datetime
    again: bool

    @property
    def key(self) -> str:
        """By it all its lines wait equally long."""
        return f"{self.target}/{self.number}"


def to_leave(work: Work, agency: Agency) -> Parcel | None:
    """The file that is to leave now, in a unit of the relay that claims for this agency alone: the one that was not settled, or a new one of what is due."""
    batch = agency.batch
    assert batch is not None
    for number, made_at in work.sql(_UNDER_WAY, (agency.id,)):
        lines, next_at, held = work.sql(_LINES, (agency.id, number))[0]
        if not lines:
            # Nobody needs any of its lines any more; it may have arrived, so its number is not given again.
            left(work, agency.id, number, name=None, lines=0, digest=None)
            continue
        return None if held or next_at > work.now else Parcel(agency.id, number, made_at, again=True)
    full = work.sql(_WAITING, (agency.id,))[0][0] >= batch.most
    ((number,),) = work.sql(_NEXT, (agency.id, work.now, agency.id))
    filled = work.sql(_FILL, {"number": number, "target": agency.id, "full": full, "now": work.now, "most": batch.most})
    if not filled:
        work.sql(_DROP, (agency.id, number))
        return None
    return Parcel(agency.id, number, work.now, again=False)


def dissolved(work: Work, parcel: Parcel) -> None:
    """Nothing of it left: its number is given again."""
    work.sql(_DROP, (parcel.target, parcel.number))


def left(work: Work, target: str, number: int, *, name: str | None, lines: int, digest: str | None) -> None:
    """It lies there, or nobody will put it there any more. From now on answers are looked for."""
    work.sql(_LEFT, (work.now, name, lines, digest, target, number))
    look(work, target)


def look(work: Work, target: str) -> None:
    """Answers of that agency are looked for from now on."""
    work.sql(_LOOK, (target, work.now))


def due(portal: Portal, *, at: datetime | None = None) -> dict[str, int]:
    """Agencies whose folder is to be looked into now, with the failures of it in a row; committed as ours for a while."""
    with portal.work(RELAY, at=at) as work:
        return dict(work.sql(_DUE, (work.now + LEASE, work.now)))


def looked(work: Work, agency: Agency, *, failures: int, more: bool = False) -> None:
    """It was looked into, or could not be (`failures` in a row); `more`: something still lies there. A unit of the relay."""
    minutes = agency.batch.poll_minutes if agency.batch else 60
    wait = timedelta() if more else min(timedelta(minutes=minutes) * (1 << min(failures, 6)), max(LONGEST, timedelta(minutes=minutes)))
    work.sql(_LOOKED, (work.now + wait, failures, agency.id))


def decided(work: Work, source: str, digest: str) -> str | None:
    """What became of an answer file with this content: `applied`, `refused`, `seen` (nothing yet); None: it is new."""
    found = work.sql(_DECIDED, (source, digest))
    return str(found[0][0]) if found else None


def seen(work: Work, *, source: str, digest: str, name: str, why: str) -> None:
    """It cannot be taken as it is; it may still be written."""
    work.sql(_SEEN, (source, digest, name, why, work.now))


def decide(work: Work, *, source: str, digest: str, name: str, status: str, why: str | None, lines: int) -> bool:
    """What becomes of it, for ever; False where somebody decided first."""
    return bool(work.sql(_DECIDE, (source, digest, name, status, why, lines, work.now)))
