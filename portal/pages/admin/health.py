"""`/admin`: how the portal is, and the ways to everything an administrator keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from babel.dates import format_timedelta
from flask import Blueprint, Response

from portal.pages import speech
from portal.pages.errors import N_
from portal.pages.opening import page, show, the_portal
from portal.views.due import due
from portal.views.words import locale

pages = Blueprint("admin_health_pages", __name__, url_prefix="/admin")

#: Kind of row that waits -> what it is.
ROWS = {"timer": N_("Promises and reminders"), "outbox": N_("What leaves"), "inbox": N_("What came in"), "move": N_("Moves of journeys")}
#: Seconds after which somebody should look.
LONG = 60


@pages.route("")
@page("administration.read")
def health() -> Response:
    """What waits too long, what is set aside for people, what does not answer"""
    found = due(the_portal(), unsealed=True)
    waiting = [
        {"what": speech.words(ROWS.get(one.row, one.row)), "kind": one.kind, "target": one.target, "count": one.count, **_long(one.oldest)}
        for one in found.waiting
    ]
    return show(
        "admin/health.html",
        waiting=waiting,
        parked=found.parked,
        shut=sorted(target for target, open in found.breakers.items() if open),
        behind=found.feed[0] > 0,
        lag=_long(found.feed[1]),
        sweeper=_long(found.sweeper) if found.sweeper is not None else None,
        catalogue=the_portal().catalogue,
    )


def _long(seconds: float) -> dict[str, Any]:
    length = format_timedelta(timedelta(seconds=max(round(seconds), 1)), granularity="second", threshold=1.2, locale=locale(speech.language()))
    return {"since": length, "mark": "od-late" if seconds > LONG else ""}
