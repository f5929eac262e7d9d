"""Figures of a worklist, by queue and for the team: how much is in work and how old, touch time against waiting time, what was right the first time.

No figure names a person, and none is told of fewer than FEW tasks: these serve a team, never the appraisal of one of its people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from portal.access.scoping import visible
from portal.catalogue.languages import say
from portal.events import log
from portal.queues import reading
from portal.unit_of_work import Principal, Work
from portal.views.worklist import CAP, teams_of

#: Of fewer tasks nothing is told but how many they are.
FEW = 5
#: Finished tasks that are looked at for each team, the latest; and the usual period.
LATEST, PERIOD = 2_000, timedelta(days=28)
_TAKEN, _LEFT = ("TaskClaimed",), ("TaskReleased", "TaskCompleted")
_HELD = (*_TAKEN, *_LEFT, "TaskHandedOver", "TaskUndone")


def figures(work: Work, who: Principal, *, since: datetime | None, until: datetime | None, language: str) -> list[dict[str, Any]]:
    """One row a queue of one's teams; `since <= instant of finishing < until`, by default the last four weeks. Lengths in seconds of real time."""
    until = until or work.now
    since = since or until - PERIOD
    found = []
    for agency in (work.catalogue.agencies[id] for id in who.agencies if id in work.catalogue.agencies):
        for team in teams_of(work, who, agency.id):
            open_ones = work.run(visible(work, reading.waiting(agency.id, team, reading.Wanted(), limit=CAP)))
            done = work.run(visible(work, reading.done(agency.id, team, since=since, until=until, limit=LATEST)))
            touched, again = _touched(work, done), _again(work, done)
            for queue in (one for one in agency.queues if one.team == team):
                own = [row for row in done if row["queue"] == queue.id]
                waits = [row for row in open_ones if row["queue"] == queue.id]
                known = {"agency": agency.id, "queue": queue.id, "team": team, "title": say(queue.title, language), "from": since, "to": until}
                found.append(known | _waiting(waits, work.now) | _finished(own, touched, again))
    return found


def _waiting(rows: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    ages = [(now - row["queued_at"]).total_seconds() for row in rows]
    held = sum(row["status"] == "claimed" and row["held_until"] > now for row in rows)
    return {"waiting": len(rows), "held": held, "age_median": _told(ages), "oldest": max(ages, default=None)}


def _finished(rows: list[dict[str, Any]], touched: Mapping[UUID, float], again: set[UUID]) -> dict[str, Any]:
    lasted = {row["id"]: (row["ended_at"] - row["queued_at"]).total_seconds() for row in rows}
    touch = [min(touched.get(id, 0.0), whole) for id, whole in lasted.items()]
    waited = [max(0.0, whole - touched.get(id, 0.0)) for id, whole in lasted.items()]
    right = 100.0 * sum(row["id"] not in again for row in rows) / len(rows) if len(rows) >= FEW else None
    share = 100.0 * sum(touch) / sum(lasted.values()) if len(rows) >= FEW and sum(lasted.values()) else None
    return {"done": len(rows), "touch_median": _told(touch), "waiting_median": _told(waited), "touch_share": share, "first_time_right": right}


def _told(values: list[float]) -> float | None:
    return float(median(values)) if len(values) >= FEW else None


def _touched(work: Work, done: list[dict[str, Any]]) -> dict[UUID, float]:
    """Task -> seconds in which somebody held it."""
    ids = {str(row["id"]): row["id"] for row in done}
    if not ids:
        return {}
    rows = work.run(visible(work, log.of_types({row["case_id"] for row in done}, _HELD)))
    by_task: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["data"].get("task") in ids:
            by_task[ids[row["data"]["task"]]].append(row)
    return {id: _held(events) for id, events in by_task.items()}


def _held(events: Iterable[Mapping[str, Any]]) -> float:
    total, since = 0.0, None
    for one in events:
        holds = one["type"] in _TAKEN or (one["type"] in ("TaskHandedOver", "TaskUndone") and one["data"].get("holder") is not None)
        if since is None and holds:
            since = one["occurred_at"]
        elif since is not None and not holds:
            total += (one["occurred_at"] - since).total_seconds()
            since = None
    return total


def _again(work: Work, done: list[dict[str, Any]]) -> set[UUID]:
    """Those whose step had to be done again for the same case, or the same item of its list."""
    if not done:
        return set()
    later: dict[tuple[Any, ...], datetime] = {}
    for row in work.run(visible(work, reading.of_cases({row["case_id"] for row in done}))):
        key = (row["case_id"], row["step"], row["item"], row["kind"])
        later[key] = max(later.get(key, row["queued_at"]), row["queued_at"])
    return {row["id"] for row in done if later[row["case_id"], row["step"], row["item"], row["kind"]] > row["queued_at"]}
