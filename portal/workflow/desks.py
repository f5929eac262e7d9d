"""What people set for themselves and their colleagues at a desk: away, able, views they keep. Each is an event of the stream of administration."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from portal.administration import stream
from portal.queues import people, saved
from portal.queues.people import Worker
from portal.unit_of_work import Principal, Work


def be_away(work: Work, me: Worker, *, since: datetime | None, until: datetime | None, cover: str | None) -> None:
    """Out of the office from then on, until then, with who stands in; `since` None: back. Nothing where it stands so already. `AbsenceSaid`, which says of
    whom, and not when or for how long: what is in the log stays there."""
    if (me.away_from, me.away_until, me.cover) == (since, until, cover):
        return
    people.change(work, me, away_from=since, away_until=until, cover=cover)
    stream.hold(work)
    stream.record(work, "AbsenceSaid", agency=me.agency, person=me.subject, away=since is not None)


def enable(work: Work, one: Worker, **given: Any) -> None:
    """What a colleague knows (`skills`) and how much they hold at once (`capacity`), or one of both. Nothing where it stands so already. `AbilitySaid`."""
    was = {"skills": list(one.skills), "capacity": one.capacity}
    if was | given == was:
        return
    people.change(work, one, **given)
    stream.hold(work)
    stream.record(
        work,
        "AbilitySaid",
        agency=one.agency,
        person=one.subject,
        changed=sorted(name for name in given if was[name] != given[name]),
        official=str(work.principal.subject),
    )


def keep_view(work: Work, who: Principal, *, name: str, query: dict[str, Any], shared: bool) -> UUID:
    """Keeps a view of the worklist; its name, free words, stays out of the event. `ViewKept`."""
    id = saved.keep(work, who, name=name, query=query, shared=shared)
    stream.hold(work)
    stream.record(work, "ViewKept", agency=who.agencies[0], view=str(id), shared=shared, official=str(who.subject))
    return id


def delete_view(work: Work, who: Principal, id: UUID) -> None:
    """Removes one's own view; NotFound where there is none. `ViewDeleted`."""
    saved.delete(work, who, id)
    stream.hold(work)
    stream.record(work, "ViewDeleted", agency=who.agencies[0], view=str(id), official=str(who.subject))
