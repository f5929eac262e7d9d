"""Staff as the worklist knows them, by pseudonym: teams, skills, how much at once, when they are away and who stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.unit_of_work import Principal, Work

_COLUMNS = "subject, agency, teams, skills, capacity, away_from, away_until, cover"
_SEEN = """INSERT INTO workers (subject, agency, teams, skills, seen_at) VALUES (%s, %s, %s, '{}', %s)
ON CONFLICT (subject, agency) DO UPDATE SET teams = excluded.teams, seen_at = excluded.seen_at"""


@dataclass(frozen=True)
class Worker:
    """One of an agency's staff."""

    subject: str
    agency: str
    teams: tuple[str, ...]
    skills: tuple[str, ...]
    capacity: int | None
    away_from: datetime | None
    away_until: datetime | None
    cover: str | None

    def away(self, now: datetime) -> bool:
        """Out of the office at that instant."""
        return self.away_from is not None and self.away_from <= now and (self.away_until is None or now < self.away_until)


def seen(work: Work, who: Principal) -> None:
    """Somebody of the staff is at work: colleagues can hand things to them from now on."""
    for agency in who.agencies:
        work.sql(_SEEN, (who.subject, agency, sorted(who.teams), work.now))


def known(work: Work, who: Principal) -> Worker | None:
    """Who asks, as the worklist of their agency knows them; from now on it does."""
    agency, subject = who.agencies[0], str(who.subject)
    found = one(work, agency, subject)
    if found is None or set(found.teams) != set(who.teams):
        seen(work, who)
        found = one(work, agency, subject)
    return found


def one(work: Work, agency: str, subject: str) -> Worker | None:
    """Somebody of an agency, as far as the reader's agency it is; None for who has never worked there."""
    found = work.sql(f"SELECT {_COLUMNS} FROM workers WHERE agency = %s AND subject = %s", (agency, subject))
    return _worker(found[0]) if found else None


def of_agencies(work: Work, agencies: Sequence[str]) -> list[Worker]:
    """Everybody of these agencies, by pseudonym."""
    found = work.sql(f"SELECT {_COLUMNS} FROM workers WHERE agency = ANY(%s) ORDER BY subject LIMIT 2000", (list(agencies),))
    return [_worker(row) for row in found]


def away(work: Work, agency: str) -> set[str]:
    """Who of an agency is out of the office now."""
    wanted = "agency = %s AND away_from <= %s AND (away_until IS NULL OR away_until > %s)"
    return {subject for (subject,) in work.sql(f"SELECT subject FROM workers WHERE {wanted}", (agency, work.now, work.now))}


def change(work: Work, worker: Worker, **values: Any) -> None:
    """New values for some of `skills`, `capacity`, `away_from`, `away_until`, `cover`."""
    names = [name for name in ("skills", "capacity", "away_from", "away_until", "cover") if name in values]
    sets = ", ".join(f"{name} = %s" for name in names)
    if names:
        work.sql(f"UPDATE workers SET {sets} WHERE agency = %s AND subject = %s", (*(values[name] for name in names), worker.agency, worker.subject))


def _worker(row: tuple[Any, ...]) -> Worker:
    subject, agency, teams, skills, *rest = row
    return Worker(subject, agency, tuple(teams), tuple(skills), *rest)
