"""What an administrator changed, put over the definitions as they are written: hours, closures, who is on duty, whom promises are put before. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from portal.catalogue.definitions import Absence, Agency, Catalogue, DutyPerson, Person, Stored
from portal.catalogue.publish import plain, row

#: Body of a calendar and its amendment -> its new body; ValueError with `path` where it cannot be.
AmendCalendar = Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]
#: Members of an amendment that replace a list of the agency, and what stands in it.
_LISTS = {"duty": DutyPerson, "people": Person, "absences": Absence}


def amended(catalogue: Catalogue, bodies: Mapping[str, Mapping[str, Any]], calendar: AmendCalendar) -> Catalogue:
    """The catalogue with what `bodies` (agency -> amendment) say; what they name that is no longer written is passed over.

    `{"calendars": {id: {...}}, "duty": [...], "people": [...], "absences": [...], "teams": {queue: team}, "endpoint": text}`
    """
    agencies, calendars, rows = dict(catalogue.agencies), dict(catalogue.calendars), {(one.kind, one.id): one for one in catalogue.stored}
    for id, body in bodies.items():
        if id not in agencies:
            continue
        agencies[id] = agency(agencies[id], body)
        rows["agency", id] = row("agency", id, "", plain(agencies[id]))
        for name, change in body.get("calendars", {}).items():
            if (whole := f"{id}/{name}") in calendars:
                calendars[whole] = calendar(calendars[whole], change)
                rows["calendar", whole] = row("calendar", whole, "", calendars[whole])
    stored: tuple[Stored, ...] = tuple(rows[key] for key in sorted(rows))
    return replace(catalogue, agencies=agencies, calendars=calendars, stored=stored, hashes={key: one.hash for key, one in rows.items()})


def agency(written: Agency, body: Mapping[str, Any]) -> Agency:
    """An agency as an amendment of it says."""
    changed: dict[str, Any] = {name: tuple(_made(kind, one) for one in body[name]) for name, kind in _LISTS.items() if name in body}
    if "teams" in body:
        changed["queues"] = tuple(replace(queue, team=body["teams"].get(queue.id, queue.team)) for queue in written.queues)
    if "endpoint" in body:
        changed["endpoint"] = body["endpoint"]
    return replace(written, **changed)


def _made(kind: type[Any], members: Mapping[str, Any]) -> Any:
    known = {one.name for one in fields(kind)}
    return kind(**{name: value for name, value in members.items() if name in known})
