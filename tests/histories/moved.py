"""Histories of cases that went over to another version of their journey."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

from portal.catalogue.mapping import Place, StepMapping, Written
from portal.catalogue.publish import from_stored, plain, stored
from portal.catalogue.store import store
from portal.db import connect
from portal.local.one_machine import OWNER
from portal.workflow import move_orders, moving
from tests.histories.cases import done, opened, reported
from tests.histories.stored import Script, Told

JOURNEY, NEWER = "staff-and-agency", 1000
RENAMED = {"assess": "examine", "both": "answered-both"}


def published(told: Told) -> None:
    """A newer version in which two steps go by other names."""
    catalogue = told.portal.catalogue
    text = json.dumps(plain(catalogue.journeys[JOURNEY]))
    for old, new in RENAMED.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    newer = replace(from_stored("journey", json.loads(text)), version=NEWER)
    owner = connect(told.portal.engine.url.set(username=OWNER).render_as_string(), pool=1)
    with owner.begin() as connection:
        store(connection, [*catalogue.stored, *stored([], [], [newer], {})])
    owner.dispose()


def through(told: Told, id: UUID) -> None:
    """All batches of the move."""
    while moving.turn(told.portal, id):
        pass
    told.stand()


def moved(told: Told) -> UUID:
    """One of two ways has come to the join, and the case goes on by the newer version; the number of the move."""
    opened(told, "resident-parking-permit")
    reported(told, "consult")
    published(told)
    mapping = Written(StepMapping({old: Place(new) for old, new in RENAMED.items()}))
    id = move_orders.begin(told.portal, move_orders.prepare(told.portal, JOURNEY, asked_by="ada", to=str(NEWER), written=mapping))
    through(told, id)
    return id


def moved_on(told: Told) -> None:
    """The rest is done by the newer version."""
    moved(told)
    done(told, "examine")
    done(told, "decide", outcome="granted")


def moved_and_back(told: Told) -> None:
    """Taken back before it was used; the rest is done by the older version."""
    id = moved(told)
    move_orders.undo(told.portal, id, by="ada")
    through(told, id)
    done(told, "assess")
    done(told, "decide", outcome="granted")


MOVED: dict[str, Script] = {"moved-on": moved_on, "moved-and-back": moved_and_back}
