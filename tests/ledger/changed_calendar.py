"""A portal whose calendar was changed and published, on the database of another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from portal.catalogue.publish import stored
from portal.catalogue.store import store
from portal.db import connect
from portal.unit_of_work import Portal


def changed(portal: Portal, owner_url: str | None, id: str, *, closed: Iterable[date] = (), opened: Iterable[date] = (), **body: Any) -> Portal:
    """The same portal with these holidays more and these less in one calendar; both versions are published, unless there is no owner to do it."""
    before = portal.catalogue.calendars[id]
    days = {day for some in before["holidays"].values() for day in some}
    days = (days | {day.isoformat() for day in closed}) - {day.isoformat() for day in opened}
    holidays = {year: sorted(day for day in days if day[:4] == year) for year in before["holidays"]}
    (row,) = stored([], [], [], {id: {**before, "holidays": holidays, **body}})
    catalogue = replace(
        portal.catalogue,
        calendars=portal.catalogue.calendars | {id: row.body},
        hashes=portal.catalogue.hashes | {("calendar", id): row.hash},
        stored=(*(one for one in portal.catalogue.stored if (one.kind, one.id) != ("calendar", id)), row),
    )
    if owner_url:
        engine = connect(owner_url, pool=1)
        with engine.begin() as connection:
            store(connection, portal.catalogue.stored)
        with engine.begin() as connection:
            store(connection, [row])
        engine.dispose()
    return Portal(portal.engine, catalogue, portal.reactions, portal.settings)
