"""The worklist: the only writer of tasks. Two people never hold one task."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from portal.catalogue.definitions import Agency, Queue
from portal.db import new_id
from portal.errors import Conflict, NotAllowed, NotFound, Stale
from portal.events.chain import stamp
from portal.queues.reading import WAITING as WAITING
from portal.queues.tables import tasks
from portal.unit_of_work import Row, Work

#: How long a claim lasts without a sign of life; then the task is open again.
HELD = timedelta(hours=8)


def queue(
    work: Work,
    case_id: UUID,
    *,
    kind: str,
    step: str,
    step_run_id: UUID | None,
    agency: str,
    item: int | None = None,
    queue: str,
    team: str,
    service: str | None,
    reference: str,
    due_at: datetime,
) -> Row:
    """A task waits for a person; `item` of a list, from 1. `TaskQueued`."""
    row = work.add(
        tasks,
        case_id=case_id,
        id=new_id(),
        step_run_id=step_run_id,
        item=item,
        kind=kind,
        step=step,
        agency=agency,
        queue=queue,
        team=team,
        service=service,
        reference=reference,
        status="open",
        turn=1,
        priority=1,
        due_at=due_at,
        queued_at=work.now,
        version=1,
    )
    work.record(
        case_id, "TaskQueued", agency=agency, step=step, task=str(row["id"]), step_run=_id(step_run_id), kind=kind, queue=queue, team=team, due_at=stamp(due_at)
    )
    return row


def claim(work: Work, task: Row, *, holder: str, version: int | None, away: Collection[str] = ()) -> None:
    """The caseworker takes it; Conflict where somebody else holds it, Stale where it changed since. `TaskClaimed`.

    `away`: people who are out of the office; what they hold may be taken over.
    """
    present(task, version)
    if held_by_other(work, task, holder) and task["holder"] not in away:
        raise Conflict("A colleague has just taken this task.", held_until=task["held_until"].isoformat())
    if task["status"] == "claimed" and task["holder"] == holder:
        return
    work.change(task, status="claimed", holder=holder, held_until=work.now + HELD, version=task["version"] + 1)
    work.record(task["case_id"], "TaskClaimed", agency=task["agency"], step=task["step"], task=str(task["id"]), holder=holder, kind=task["kind"])


def release(work: Work, task: Row, *, holder: str, version: int | None) -> None:
    """The caseworker gives it back. `TaskReleased`."""
    present(task, version)
    _held(work, task, holder)
    work.change(task, status="open", holder=None, held_until=None, version=task["version"] + 1)
    work.record(task["case_id"], "TaskReleased", agency=task["agency"], step=task["step"], task=str(task["id"]), was=holder)


def hand_back(work: Work, case_id: UUID, *, but: Collection[str]) -> None:
    """Tasks of the case that others than these hold are open again. `TaskReleased`."""
    for task in work.rows(tasks, case_id):
        if task["status"] == "claimed" and task["holder"] not in but:
            work.change(task, status="open", holder=None, held_until=None, version=task["version"] + 1)
            work.record(case_id, "TaskReleased", agency=task["agency"], step=task["step"], task=str(task["id"]))


def complete(work: Work, task: Row, *, holder: str, version: int | None, outcome: str | None, service: str | None = None) -> None:
    """The caseworker finished it. `TaskCompleted`; what happens next is a reaction."""
    present(task, version)
    _held(work, task, holder)
    settle(work, task, outcome=outcome, service=service)


def settle(work: Work, task: Row, *, outcome: str | None, service: str | None = None) -> None:
    """It is finished by what was said elsewhere, whoever holds it. `TaskCompleted`."""
    work.change(task, status="done", ended_at=work.now, version=task["version"] + 1)
    ids = (str(task["id"]), _id(task["step_run_id"]))
    work.record(
        task["case_id"],
        "TaskCompleted",
        agency=task["agency"],
        step=task["step"],
        task=ids[0],
        step_run=ids[1],
        kind=task["kind"],
        outcome=outcome,
        service=service,
    )


def cancel(work: Work, case_id: UUID, *, why: str, step_run_id: UUID | None = None, keep: Collection[str] = (), only: UUID | None = None) -> None:
    """Tasks of the case (of one step run, or `only` one, where named) that still wait are no longer needed; those of the kinds `keep` are. `TaskCancelled`."""
    for task in work.rows(tasks, case_id):
        if task["status"] in WAITING and task["kind"] not in keep and step_run_id in (None, task["step_run_id"]) and only in (None, task["id"]):
            work.change(task, status="cancelled", ended_at=work.now, version=task["version"] + 1)
            work.record(case_id, "TaskCancelled", agency=task["agency"], step=task["step"], task=str(task["id"]), why=why)


def turn(work: Work, case_id: UUID, id: UUID, turn: int, *, asked_until: datetime | None = None) -> None:
    """Puts a task that waits where it belongs in the list (portal/queues/tables.py); its party was asked, or has answered."""
    for task in work.rows(tasks, case_id):
        if task["id"] == id and task["status"] in WAITING:
            work.change(task, turn=turn, asked_until=asked_until, version=task["version"] + 1)


def load(work: Work, case_ids: Collection[UUID]) -> None:
    """Reads many cases in hand at once."""
    work.load(tasks, case_ids)


def holder_of(work: Work, case_id: UUID, step_run_id: UUID) -> str | None:
    """Who holds a task of that step run at this moment."""
    found = (task for task in work.rows(tasks, case_id) if task["step_run_id"] == step_run_id and held_by_other(work, task, ""))
    return next((str(task["holder"]) for task in found), None)


def queue_of(agency: Agency, name: str | None) -> Queue:
    """The queue of that id or team, else the agency's first."""
    return next((one for one in agency.queues if name in (one.id, one.team)), agency.queues[0])


def rename(work: Work, case_id: UUID, step_run_id: UUID, *, step: str) -> list[dict[str, str]]:
    """The step run goes by another name now, and so do its tasks that wait; who holds one keeps it. Answers what they were, for `put_back`."""
    found = [task for task in work.rows(tasks, case_id) if task["step_run_id"] == step_run_id and task["status"] in WAITING]
    were = [{"task": str(task["id"]), "step": task["step"], "queue": task["queue"], "team": task["team"]} for task in found]
    for task in found:
        work.change(task, step=step, version=task["version"] + 1)
    return were


def requeue(work: Work, case_id: UUID, step_run_id: UUID, *, queue: str, team: str) -> None:
    """Tasks of a step run wait in that queue; one that somebody holds stays with them."""
    for task in work.rows(tasks, case_id):
        if task["step_run_id"] == step_run_id and task["status"] in WAITING and task["kind"] in ("step", "triage", "undo"):
            work.change(task, queue=queue, team=team, version=task["version"] + 1)


def put_back(work: Work, case_id: UUID, were: Iterable[Mapping[str, str]]) -> None:
    """Tasks that `rename` and `requeue` changed are as they were, whoever holds them now."""
    by_id = {one["task"]: one for one in were}
    for task in work.rows(tasks, case_id):
        if (one := by_id.get(str(task["id"]))) and task["status"] in WAITING:
            work.change(task, step=one["step"], queue=one["queue"], team=one["team"], version=task["version"] + 1)


def redue(work: Work, due: Mapping[UUID, datetime]) -> None:
    """Sorts the tasks that wait by the dates of their cases as they are now."""
    work.load(tasks, due)
    for case_id, due_at in due.items():
        for task in work.rows(tasks, case_id):
            if task["status"] in WAITING and task["due_at"] != due_at:
                work.change(task, due_at=due_at)


def of_kind(work: Work, case_id: UUID, kind: str, step: str) -> Row | None:
    """The task of that kind for that step (or standard) that waits."""
    return next((task for task in work.rows(tasks, case_id) if (task["kind"], task["step"]) == (kind, step) and task["status"] in WAITING), None)


def waiting_of(work: Work, case_id: UUID, kind: str) -> list[Row]:
    """Tasks of that kind that wait."""
    return [task for task in work.rows(tasks, case_id) if task["kind"] == kind and task["status"] in WAITING]


def touched(work: Work, case_id: UUID) -> bool:
    """True where somebody has worked on a task of the case, or works on one."""
    return any(task["holder"] is not None or task["status"] == "done" for task in work.rows(tasks, case_id))


def note(work: Work, task: Row, *, item: UUID, commitment: str) -> None:
    """The caseworker noted something; the words are in the vault. `NoteAdded`."""
    work.record(task["case_id"], "NoteAdded", agency=task["agency"], step=task["step"], task=str(task["id"]), item=str(item), commitment=commitment)


def task_of(work: Work, case_id: UUID, id: UUID) -> Row:
    """A task of a case in hand; NotFound where there is none."""
    for row in work.rows(tasks, case_id):
        if row["id"] == id:
            return row
    raise NotFound


def held_by_other(work: Work, task: Row, holder: str) -> bool:
    """True while somebody else's claim lasts."""
    return bool(task["status"] == "claimed" and task["holder"] != holder and task["held_until"] > work.now)


def _id(id: UUID | None) -> str | None:
    return str(id) if id else None


def _held(work: Work, task: Row, holder: str) -> None:
    if task["status"] != "claimed" or task["holder"] != holder:
        raise NotAllowed("Claim this task first; only who holds it may finish it.") if task["status"] == "open" else Conflict("A colleague holds this task.")


def present(task: Row, version: int | None) -> None:
    """Stale where it changed since it was read, Conflict where it waits no more."""
    if version is not None and version != task["version"]:
        raise Stale
    if task["status"] not in WAITING:
        raise Conflict("This task is finished or no longer needed.")
