"""Sample people of the development sign-in: some citizens, and for each team of the content two who work in it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from portal.catalogue.definitions import Agency, Catalogue
from portal.local.own_files import write_private


@dataclass(frozen=True)
class Person:
    """Somebody to sign in as. `id` is the subject of the token and what `portal token --as` takes."""

    id: str
    name: str
    roles: tuple[str, ...]
    agency: str | None = None
    teams: tuple[str, ...] = ()
    #: Of a champion: the services it answers for; `*`: all.
    services: tuple[str, ...] = ()


CITIZENS = (Person("alice", "Alice Moreau", ("citizen",)), Person("bilal", "Bilal Haddad", ("citizen",)))

#: Who answers for the whole portal rather than for one agency.
OFFICE = (
    Person("champion", "Clara Lindt", ("champion",), services=("*",)),
    Person("admin", "Amir Novak", ("administrator",)),
    Person("admin-2", "Ines Kaya", ("administrator",)),
)


class Nobody(LookupError):
    """There is no sample person of that name."""


class NeverStarted(LookupError):
    """No portal was ever started on this DATA."""


def front_office(catalogue: Catalogue) -> str | None:
    """The agency that takes what fits no service; None where the content has none."""
    return next((service.agency for service in catalogue.services.values() if service.triage), None)


def people(agencies: Iterable[Agency], front_office: str | None = None, services: Iterable[str] = ()) -> list[Person]:
    """Everybody there is for these agencies: for each team `AGENCY-TEAM` and `AGENCY-TEAM-2`.

    `champion` answers for all services, `champion-2` for the first of `services`. The first of each team shares out its work too. Those of the
    front office are triage officers, and its duty person is `duty`.
    """
    found = [*CITIZENS, *OFFICE, *([Person("champion-2", "Tomas Reyes", ("champion",), services=tuple(services)[:1])] if services else [])]
    for agency in sorted(agencies, key=lambda agency: agency.id):
        front = agency.id == front_office
        for team in dict.fromkeys(queue.team for queue in agency.queues):
            roles = ("caseworker", "triage") if front else ("caseworker",)
            lead = {"": ("team-lead",), "-2": ()}
            place = f"{team.replace('-', ' ').capitalize()}, {agency.title.get('en', agency.id)}"
            found += [
                Person(f"{agency.id}-{team}{suffix}", f"{place} ({number})", (*roles, *lead[suffix]), agency.id, (team,))
                for number, suffix in (("first", ""), ("second", "-2"))
            ]
        if front and agency.duty:
            found.append(Person("duty", agency.duty[0].name, ("duty", "caseworker"), agency.id, tuple(dict.fromkeys(queue.team for queue in agency.queues))))
    return found


def person(everybody: Iterable[Person], id: str) -> Person:
    """The one of that id; Nobody, naming those there are, where there is none."""
    known = {one.id: one for one in everybody}
    if id not in known:
        raise Nobody(f"there is no {id!r}; there are: {', '.join(known)}")
    return known[id]


def remember(data: Path, everybody: Iterable[Person]) -> None:
    """Keep who there is beside the keys, for the commands."""
    write_private(data / "people.json", json.dumps([asdict(one) for one in everybody], ensure_ascii=False, indent=1) + "\n")


def remembered(data: Path) -> list[Person]:
    """Who there was at the last start on this DATA; NeverStarted where there was none."""
    place = data / "people.json"
    if not place.exists():
        raise NeverStarted(f"no portal was started on {data.absolute()} yet: start it with `make run`, or name its folder with DATA")
    return [
        Person(one["id"], one["name"], tuple(one["roles"]), one["agency"], tuple(one["teams"]), tuple(one.get("services", ())))
        for one in json.loads(place.read_text("utf-8"))
    ]
