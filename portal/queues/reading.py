"""What waits, for readers: pages of a worklist, what somebody holds, how much there is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, literal, or_, select, tuple_
from sqlalchemy.sql import ColumnElement

from portal.queues.tables import task_checks, tasks
from portal.unit_of_work import Work

WAITING = frozenset({"open", "claimed"})
#: Written out, so that a plan made for whatever values still knows the index of what waits (`tasks_worklist_ix`).
_WAITS = tasks.c.status.in_([literal(status, literal_execute=True) for status in sorted(WAITING)])
#: What a worklist is sorted by: what is urgent first, then fresh answers, then the soonest date.
SORT = (tasks.c.priority, tasks.c.turn, tasks.c.due_at, tasks.c.id)
#: What a worklist can be asked for, and by which column of the same type.
COLUMNS = {
    "agency": tasks.c.agency, "team": tasks.c.team, "queue": tasks.c.queue, "kind": tasks.c.kind, "service": tasks.c.service, "priority": tasks.c.priority,
    "holder": tasks.c.holder, "now": tasks.c.held_until,
}  # fmt: skip
#: The place after which a page begins, part by part.
_AFTER = ("after_priority", "after_turn", "after_due_at", "after_id")
Place = tuple[int, int, datetime, UUID]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which tasks of a worklist; None: whichever."""

    queue: str | None = None
    kind: str | None = None
    service: str | None = None
    priority: int | None = None
    #: Only those this person holds.
    holder: str | None = None
    #: Only those nobody holds at `now`.
    free: bool = False


def waiting(agency: str, team: str | None, wanted: Wanted, *, now: datetime | None = None, after: Place | None = None, limit: int = 50) -> Select[Any]:
    """Tasks of one team that wait, in the worklist's order, for a reader; pass it through `access.visible`. `after`: sort key of the row before."""
    found = select(tasks).where(tasks.c.agency == agency, _WAITS)
    if team is not None:
        found = found.where(tasks.c.team == team)
    for column, value in ((tasks.c.queue, wanted.queue), (tasks.c.kind, wanted.kind), (tasks.c.service, wanted.service), (tasks.c.priority, wanted.priority)):
        if value is not None:
            found = found.where(column == value)
    if wanted.holder is not None:
        found = found.where(tasks.c.status == "claimed", tasks.c.holder == wanted.holder)
    if wanted.free and now is not None:
        found = found.where(nobody_holds(now))
    if after:
        found = found.where(tuple_(*SORT) > tuple_(*after))
    # The number too: half of all pages ask for the same, and PostgreSQL plans a thousandth of the list instead of a tenth.
    return found.order_by(*SORT).limit(literal(limit, literal_execute=True))


def values(agency: str, team: str, wanted: Wanted, *, now: datetime, after: Place | None) -> dict[str, Any]:
    """What a worklist is asked for, by the names under which `shaped` leaves it open."""
    found = {"agency": agency, "team": team, "now": now, **{name: value for name, value in vars(wanted).items() if name in COLUMNS and value is not None}}
    return found | (dict(zip(_AFTER, after, strict=True)) if after else {})


def shaped(names: Collection[str], *, free: bool, limit: int, bound: Callable[[str, ColumnElement[Any]], Any]) -> Select[Any]:
    """The statement of `waiting` with these values left open; `bound` makes what stands for one, of the type of a column."""
    asked = {name: bound(name, column) for name, column in COLUMNS.items() if name in names}
    wanted = Wanted(**{name: asked[name] for name in ("queue", "kind", "service", "priority", "holder") if name in asked}, free=free)
    place: Any = tuple(bound(name, column) for name, column in zip(_AFTER, SORT, strict=True)) if _AFTER[0] in names else None
    return waiting(asked["agency"], asked["team"], wanted, now=asked["now"], after=place, limit=limit)


def nobody_holds(now: datetime) -> ColumnElement[bool]:
    """True of a task that is free to take: never claimed, given back, or its claim has lasted too long."""
    return or_(tasks.c.status == "open", and_(tasks.c.status == "claimed", tasks.c.held_until <= now))


def claimable(statement: Select[Any], without: Collection[str]) -> Select[Any]:
    """Those that can be worked on now: nothing was asked about them; none of the queues `without`."""
    statement = statement.where(tasks.c.turn < 2)
    return statement.where(tasks.c.queue.not_in(sorted(without))) if without else statement


def place(row: Any) -> Place:
    """Sort key of a row."""
    return row["priority"], row["turn"], row["due_at"], row["id"]


def of_teams(teams: Collection[str], *, limit: int) -> Select[Any]:
    """What waits for these teams (for all, where none is named), in no order, for a reader."""
    found = select(tasks).where(_WAITS)
    return (found.where(tasks.c.team.in_(teams)) if teams else found).limit(limit)


def of_case(case_id: UUID) -> Select[Any]:
    """All tasks of a case, for a reader."""
    return select(tasks).where(tasks.c.case_id == case_id).order_by(tasks.c.queued_at, tasks.c.id)


def of_cases(case_ids: Collection[UUID]) -> Select[Any]:
    """All tasks of many cases, for a reader."""
    return select(tasks).where(tasks.c.case_id.in_(case_ids))


def done(agency: str, team: str, *, since: datetime, until: datetime, limit: int) -> Select[Any]:
    """What a team finished in a period, the latest first, for a reader."""
    found = select(tasks).where(tasks.c.agency == agency, tasks.c.team == team, tasks.c.status == "done", tasks.c.ended_at >= since, tasks.c.ended_at < until)
    return found.order_by(tasks.c.ended_at.desc()).limit(limit)


def one(id: UUID) -> Select[Any]:
    """One task, for a reader."""
    return select(tasks).where(tasks.c.id == id)


def some(ids: Collection[UUID]) -> Select[Any]:
    """Case and id of these tasks, for a reader."""
    return select(tasks.c.id, tasks.c.case_id).where(tasks.c.id.in_(ids))


def checks(case_id: UUID, task_id: UUID) -> Select[Any]:
    """What was ticked of a task's checklist, for a reader."""
    return select(task_checks).where(task_checks.c.case_id == case_id, task_checks.c.task_id == task_id)


def load_of(agency: str, holders: Sequence[str], now: datetime) -> Select[Any]:
    """How many tasks each of these people holds at this instant, for a reader of their agency."""
    held = select(tasks.c.holder, func.count().label("held")).where(
        tasks.c.agency == agency, tasks.c.status == "claimed", tasks.c.holder.in_(holders), tasks.c.held_until > now
    )
    return held.group_by(tasks.c.holder)


def counted(agency: str, team: str, *, now: datetime, cap: int) -> Select[Any]:
    """Rows to be counted: those of a team that wait, at most `cap` of them, for a reader; `late`: past their date, `free`: nobody holds it."""
    late, free = (tasks.c.due_at < now).label("late"), nobody_holds(now).label("free")
    return select(tasks.c.queue, late, free).where(tasks.c.agency == agency, tasks.c.team == team, _WAITS).limit(literal(cap, literal_execute=True))


def held(case_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """True where somebody holds a task of that case, among the tasks the reader may see."""
    return exists().where(tasks.c.case_id == case_id, tasks.c.status == "claimed")


def assigned(work: Work, case_ids: Iterable[UUID]) -> set[UUID]:
    """Of these cases, in hand or locked by the relay, those somebody holds a task of."""
    found = work.sql("SELECT DISTINCT case_id FROM tasks WHERE case_id = ANY(%s) AND status = 'claimed'", (list(case_ids),))
    return {case_id for (case_id,) in found}
