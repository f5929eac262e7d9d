"""The composition root of every process: one Portal. Doors are put around it elsewhere, so that a worker does not load them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from portal.app.own_secrets import demand_safe
from portal.catalogue.amend import amended
from portal.catalogue.definitions import Catalogue
from portal.catalogue.load import load
from portal.db import connect
from portal.jobs import waker
from portal.limits.classes import lanes
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.settings import settings as read_settings
from portal.standards.amend import amended as calendar_amended
from portal.standards.resolve import resolve
from portal.unit_of_work import Portal
from portal.workflow.checks import CHECKS

log = structlog.get_logger("portal.app")

#: Connections of a process at most; made when needed. A draining worker records from sixteen threads at once.
POOL = 20


def amend(catalogue: Catalogue, bodies: Mapping[str, Any]) -> Catalogue:
    """What administrators changed, over the definitions as they are written. What no longer fits them is left out, and told."""
    fitting = {}
    for agency, body in bodies.items():
        try:
            amended(catalogue, {agency: body}, calendar_amended)
            fitting[agency] = body
        except ValueError as wrong:
            log.error("amendment left out", agency=agency, why=str(wrong))
    return amended(catalogue, fitting, calendar_amended)


def build_portal(settings: Settings | None = None) -> Portal:
    """The portal of a process; the database is not asked for anything yet.

    CatalogueFaults, and no start, where a definition is wrong; Unsafe where a secret is weak.
    """
    settings = settings or read_settings()
    demand_safe(settings)
    places = sum(lane.places for lane in lanes(places=settings.web_threads, waiting=0).values())
    return Portal(
        engine=connect(settings.database_url, pool=max(POOL, places)),
        catalogue=load(resolve_calendar=resolve, checks=CHECKS),
        reactions=REACTIONS,
        settings=settings,
        wake=waker(settings),
        amend=amend,
    )
