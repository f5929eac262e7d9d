"""The people an administrator keeps: what stands here outweighs what a provider claims, and a change ends every session at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.catalogue.alphabet import place
from portal.unit_of_work import Work


@dataclass(frozen=True)
class Person:
    """Somebody who works here, by who vouches for it; `ended`: not yet, or not any more."""

    issuer: str
    subject: str
    name: str | None
    roles: tuple[str, ...]
    agency: str | None
    teams: tuple[str, ...]
    services: tuple[str, ...]
    version: int
    since: datetime
    until: datetime | None
    ended: bool


_COLUMNS = "issuer, subject, name, roles, agency, teams, services, version, since, until"


def find(work: Work, issuer: str, subject: str) -> Person | None:
    """The person's row, as the unit's principal may see it; None where nobody wrote one."""
    found = work.sql(f"SELECT {_COLUMNS} FROM people WHERE issuer = %s AND subject = %s", (issuer, subject))
    return _person(work, found[0]) if found else None


def everybody(work: Work) -> list[Person]:
    """All of them, those that have ended too, by name: as people sort names, not as bytes do."""
    found = [_person(work, row) for row in work.sql(f"SELECT {_COLUMNS} FROM people ORDER BY issuer, subject")]
    return sorted(found, key=lambda one: (one.name is None, place(one.name or "")))


def keep(
    work: Work,
    issuer: str,
    subject: str,
    *,
    roles: Sequence[str],
    agency: str | None,
    teams: Sequence[str] = (),
    services: Sequence[str] = (),
    name: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> None:
    """Writes the person down as that, new or changed; who was signed in as something else is not signed in any more."""
    work.sql(
        """INSERT INTO people AS p (issuer, subject, name, roles, agency, teams, services, version, since, until)
        VALUES (%s, %s, %s, %s, %s, %s, %s, 1, %s, %s)
        ON CONFLICT (issuer, subject) DO UPDATE SET name = excluded.name, roles = excluded.roles, agency = excluded.agency, teams = excluded.teams,
        services = excluded.services,
        version = p.version + 1, since = excluded.since, until = excluded.until""",
        (issuer, subject, name, list(roles), agency, list(teams), list(services), since or work.now, until),
    )


def disable(work: Work, issuer: str, subject: str) -> bool:
    """The person is nobody here from now on; False where there is no such row. Who has no row yet is written down as ended by `keep(until=work.now)`."""
    changed = work.sql(
        "UPDATE people SET until = %s, version = version + 1 WHERE issuer = %s AND subject = %s RETURNING 1",
        (work.now, issuer, subject),
    )
    return bool(changed)


def _person(work: Work, row: tuple[Any, ...]) -> Person:
    issuer, subject, name, roles, agency, teams, services, version, since, until = row
    ended = since > work.now or (until is not None and until <= work.now)
    return Person(issuer, subject, name, tuple(roles), agency, tuple(teams), tuple(services), version, since, until, ended)
