"""How much waits: numbers over a worklist, for its head."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, Select, func, select

from portal.queues.reading import of_teams

#: Tasks that are counted at most; a list that is longer is "so many or more".
MOST = 1000
#: What is due within that time is soon.
SOON = timedelta(days=1)


def counted(teams: tuple[str, ...]) -> Select[Any]:
    """The tasks that are counted; pass it through `access.visible`, then to `tally`."""
    return of_teams(teams, limit=MOST)


def tally(seen: Select[Any], *, holder: str, now: datetime) -> Executable:
    """`waiting`, `mine`, `late`, `soon` and `answered` of the tasks that statement finds."""
    rows = seen.order_by(None).limit(MOST).subquery()
    column = rows.c
    mine = func.count().filter(column.status == "claimed", column.holder == holder)
    soon = func.count().filter(column.due_at >= now, column.due_at < now + SOON)
    numbers = {
        "waiting": func.count(),
        "mine": mine,
        "late": func.count().filter(column.due_at < now),
        "soon": soon,
        "answered": func.count().filter(column.turn == 0),
    }
    return select(*(number.label(name) for name, number in numbers.items()))
