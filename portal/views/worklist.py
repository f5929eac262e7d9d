"""The worklist as people who share it see it: a page of it, its queues with how much waits, colleagues with how much they hold."""

from __future__ import annotations

from typing import Any

from sqlalchemy import union_all

from portal.access import prepared
from portal.access.scoping import visible
from portal.catalogue.definitions import Agency, Queue
from portal.catalogue.languages import say
from portal.queues import people, reading, sharing
from portal.queues.reading import Place, Wanted
from portal.unit_of_work import Principal, Work

#: Counts stop there: "more than a thousand" is enough to know.
CAP = 1_000
#: How a priority sorts -> its word.
PRIORITY = {value: name for name, value in sharing.PRIORITIES.items()}


def page(work: Work, who: Principal, wanted: Wanted, *, after: Place | None, limit: int) -> list[dict[str, Any]]:
    """Tasks that wait for these teams, what is urgent first, then fresh answers, then the soonest date; one read of the index a team."""
    places = [(agency, team) for agency in who.agencies for team in teams_of(work, who, agency)]
    if len(places) == 1:
        return _of_one(work, *places[0], wanted, after=after, limit=limit)
    parts = [visible(work, reading.waiting(agency, team, wanted, now=work.now, after=after, limit=limit)) for agency, team in places]
    if not parts:
        return []
    together = union_all(*(part.subquery().select() for part in parts)).subquery()
    order = [together.c[name] for name in ("priority", "turn", "due_at", "id")]
    return work.run(together.select().order_by(*order).limit(limit).execution_options(visible=True))


def _of_one(work: Work, agency: str, team: str, wanted: Wanted, *, after: Place | None, limit: int) -> list[dict[str, Any]]:
    """The list most people look at, of one team: its statement is put together once for all of them."""
    given, free = reading.values(agency, team, wanted, now=work.now, after=after), wanted.free
    shape = ("worklist", *sorted(given), free, limit)
    return prepared.rows(work, shape, lambda: reading.shaped(given, free=free, limit=limit, bound=prepared.bound), given)


def teams_of(work: Work, who: Principal, agency: str) -> list[str]:
    """Teams somebody works in; who is in none, in all of the agency."""
    known = work.catalogue.agencies.get(agency)
    return list(dict.fromkeys(who.teams or [queue.team for queue in (known.queues if known else ())]))


def queues(work: Work, who: Principal, *, language: str) -> list[dict[str, Any]]:
    """Each queue of one's teams: what waits, is past its date, is free; counted up to CAP."""
    found = []
    for agency in (work.catalogue.agencies[id] for id in who.agencies if id in work.catalogue.agencies):
        teams = teams_of(work, who, agency.id)
        counts = {team: work.run(visible(work, reading.counted(agency.id, team, now=work.now, cap=CAP))) for team in teams}
        found += [_queue(agency, queue, counts[queue.team], language) for queue in agency.queues if queue.team in counts]
    return found


def _queue(agency: Agency, queue: Queue, rows: list[dict[str, Any]], language: str) -> dict[str, Any]:
    own = [row for row in rows if row["queue"] == queue.id]
    return {
        "agency": agency.id,
        "queue": queue.id,
        "team": queue.team,
        "title": say(queue.title, language),
        "skills": list(queue.skills),
        "waiting": len(own),
        "late": sum(row["late"] for row in own),
        "free": sum(row["free"] for row in own),
        "more": len(rows) == CAP,
    }


def colleagues(work: Work, who: Principal) -> list[dict[str, Any]]:
    """Everybody who has worked in one's agency: teams, skills, how much they hold, whether they are away and who stands in."""
    everybody = people.of_agencies(work, who.agencies)
    held: dict[str, int] = {}
    for agency in who.agencies:
        rows = work.run(visible(work, reading.load_of(agency, [one.subject for one in everybody], work.now)))
        held |= {row["holder"]: row["held"] for row in rows}
    return [
        {
            "subject": one.subject,
            "agency": one.agency,
            "teams": list(one.teams),
            "skills": list(one.skills),
            "capacity": one.capacity,
            "holds": held.get(one.subject, 0),
            "away": one.away(work.now),
            "away_from": one.away_from,
            "away_until": one.away_until,
            "cover": one.cover,
            "me": one.subject == who.subject,
        }
        for one in everybody
    ]
