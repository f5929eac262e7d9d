"""People who share a worklist: who is given what next, what goes to a colleague, what is ticked before a task is finished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from portal.access import grants, prepared
from portal.access.scoping import visible
from portal.catalogue.definitions import Check
from portal.errors import Conflict, IllegalMove, Invalid, NotFound, Refusal
from portal.events import log
from portal.queues import people, reading, sharing, worklist
from portal.queues.people import Worker
from portal.queues.reading import Place, Wanted
from portal.unit_of_work import Principal, Row, Work
from portal.vault import items
from portal.workflow import journeys
from portal.workflow.words import short

#: Tasks looked at for one that is free, and how often anew before there is none.
LOOKED_AT, ROUNDS = 24, 8


class Away(Refusal):
    """This colleague is out of the office. Hand it to who stands in, or to somebody else."""

    status, slug = 409, "away"


class Full(Refusal):
    """You hold as many tasks as you may at once. Finish or give back one first."""

    status, slug = 409, "full"


def claim_next(work: Work, who: Principal, *, queue: str | None = None) -> Row | None:
    """The next task nobody holds, among what `who` knows how to do, is theirs; None where nothing waits. `Full` at their capacity.

    Everybody is given the most urgent and oldest first, so nobody picks; those that were asked for and wait for a party or another door are left out.
    """
    subject, agency = str(who.subject), who.agencies[0]
    me = people.known(work, who)
    held = sum(row["held"] for row in work.run(visible(work, reading.load_of(agency, [subject], work.now))))
    if me is not None and me.capacity is not None and held >= me.capacity:
        raise Full(f"You hold {held} tasks, as many as you may at once. Finish or give back one first.")
    after: Place | None = None
    for number in range(ROUNDS):
        if number:
            work.become(who)
        rows = _free(work, who, me, queue, after)
        tried = [row["case_id"] for row in rows]
        while tried and (case_id := work.take_first(tried)):
            work.narrow([case_id])
            for seen in (row for row in rows if row["case_id"] == case_id):
                task = worklist.task_of(work, case_id, seen["id"])
                if task["status"] in reading.WAITING and not worklist.held_by_other(work, task, "") and _open(work, case_id, subject):
                    worklist.claim(work, task, holder=subject, version=None)
                    return task
            tried = [one for one in tried if one != case_id]
        if len(rows) < LOOKED_AT:
            return None
        after = reading.place(rows[-1])
    return None


def hand_over(work: Work, task: Row, *, to: str, version: int | None, words: str | None = None) -> None:
    """A colleague of the same agency holds it from now on; `to` is a pseudonym, whole or without the issuer."""
    by = str(work.principal.subject)
    colleague = _colleague(work, task, to if "|" in to else f"{by.rpartition('|')[0]}|{to}")
    if colleague.away(work.now):
        raise Away(cover=colleague.cover, until=colleague.away_until.isoformat() if colleague.away_until else None)
    if not _open(work, task["case_id"], colleague.subject):
        raise IllegalMove("This case is closed to that colleague: choose somebody else.")
    item = items.put(work, task["case_id"], "note", short(words))[0] if words else None
    sharing.hand_over(work, task, by=by, to=colleague.subject, version=version, words=item, away=people.away(work, task["agency"]))


def prioritise(work: Work, task: Row, *, priority: str, version: int | None, words: str) -> None:
    """How urgent it is, with a reason. Invalid for a priority there is none of."""
    if priority not in sharing.PRIORITIES:
        raise Invalid(errors=[{"pointer": "/priority", "detail": f"Send one of {', '.join(sharing.PRIORITIES)}."}])
    item, _ = items.put(work, task["case_id"], "note", short(words))
    sharing.prioritise(work, task, priority=priority, version=version, words=item)


def tick(work: Work, task: Row, *, ticks: Mapping[str, bool], version: int | None) -> None:
    """Entries of the checklist of its step, ticked or not."""
    known = [one.id for one in checklist(work, task)]
    sharing.tick(work, task, by=str(work.principal.subject), version=version, ticks=ticks, known=known)


def undo(work: Work, task: Row, *, version: int | None) -> None:
    """The last thing one has done to the task, moments ago, is taken back."""
    found = work.run(log.last_of(task["case_id"], "task", str(task["id"])).execution_options(visible=True))
    sharing.undo(work, task, found[0] if found else None, by=str(work.principal.subject), version=version)


def checklist(work: Work, task: Row) -> tuple[Check, ...]:
    """What is to be looked at before the task is finished."""
    if task["kind"] != "step" or not task["step_run_id"]:
        return ()
    return journeys.step_of(work, task["case_id"], task["step_run_id"]).checklist


def demand_checked(work: Work, task: Row) -> None:
    """Invalid, naming each, while required entries of the checklist are not ticked."""
    wanted = [one for one in checklist(work, task) if one.required]
    done = sharing.ticked(work, task) if wanted else set()
    if missing := [one for one in wanted if one.id not in done]:
        raise Invalid(
            "Some of the checklist is still open.",
            errors=[{"pointer": f"/checklist/{one.id}", "detail": f"Look at this first, then tick it: {one.title.get('en', one.id)}"} for one in missing],
        )


def _free(work: Work, who: Principal, me: Worker | None, queue: str | None, after: Place | None) -> list[dict[str, Any]]:
    known = set(me.skills) if me else set()
    rows: list[dict[str, Any]] = []
    for agency in who.agencies:
        queues = work.catalogue.agencies[agency].queues if agency in work.catalogue.agencies else ()
        barred = {one.id for one in queues if not known.issuperset(one.skills)}
        for team in who.teams or dict.fromkeys(one.team for one in queues):
            rows += _free_in(work, agency, team, queue, barred, after)
    return sorted(rows, key=reading.place)[:LOOKED_AT]


def _free_in(work: Work, agency: str, team: str, queue: str | None, barred: set[str], after: Place | None) -> list[dict[str, Any]]:
    given = reading.values(agency, team, Wanted(queue=queue), now=work.now, after=after)

    def build() -> Select[Any]:
        return reading.claimable(reading.shaped(given, free=True, limit=LOOKED_AT, bound=prepared.bound), barred)

    return prepared.rows(work, ("claimable", *sorted(given), *sorted(barred)), build, given)


def _open(work: Work, case_id: UUID, subject: str) -> bool:
    try:
        grants.demand_open(work, case_id, subject)
    except NotFound:
        return False
    return True


def _colleague(work: Work, task: Row, subject: str) -> Worker:
    found = people.one(work, task["agency"], subject)
    if found is None or (found.teams and task["team"] not in found.teams):
        says = "Nobody of that name has worked in this team; GET /api/v1/colleagues lists those who have."
        raise Invalid(errors=[{"pointer": "/to", "detail": says}])
    if found.subject == task["holder"] and task["status"] == "claimed":
        raise Conflict("They hold it already.")
    return found
