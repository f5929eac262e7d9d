"""What people who share a worklist do with a task beside working on it: hand it over, say how urgent it is, tick off, take the last thing back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.errors import Conflict, IllegalMove, Invalid
from portal.queues.tables import task_checks
from portal.queues.worklist import HELD, held_by_other, present
from portal.unit_of_work import Row, Work

#: Word of the outside -> how it sorts.
PRIORITIES = {"urgent": 0, "usual": 1, "low": 2}
#: So long the last thing done to a task can be taken back.
SLIP = timedelta(minutes=5)
#: Why finishing is not taken back.
FINISHED = (
    "A task that is finished cannot be taken back: with it the next step has begun, promises were measured, and people may have been told. "
    "Work on the task that waits now; a wrong decision is revoked, a wrong door is left by referral."
)


def hand_over(work: Work, task: Row, *, by: str, to: str, version: int | None, words: UUID | None, away: Collection[str] = ()) -> None:
    """A colleague holds it from now on. Conflict where somebody else than `by` holds it and is there. `TaskHandedOver`."""
    present(task, version)
    if held_by_other(work, task, by) and task["holder"] not in away:
        raise Conflict("A colleague holds this task; only they can hand it over.", held_until=task["held_until"].isoformat())
    if task["status"] == "claimed" and task["holder"] == to and task["held_until"] > work.now:
        return
    was = task["holder"] if task["status"] == "claimed" else None
    work.change(task, status="claimed", holder=to, held_until=work.now + HELD, version=task["version"] + 1)
    _record(work, task, "TaskHandedOver", holder=to, was=was, words=str(words) if words else None)


def prioritise(work: Work, task: Row, *, priority: str, version: int | None, words: UUID) -> None:
    """How urgent it is, and why. `TaskPrioritised`."""
    present(task, version)
    was = task["priority"]
    if was == PRIORITIES[priority]:
        return
    work.change(task, priority=PRIORITIES[priority], version=task["version"] + 1)
    _record(work, task, "TaskPrioritised", priority=PRIORITIES[priority], was=was, words=str(words))


def tick(work: Work, task: Row, *, by: str, version: int | None, ticks: Mapping[str, bool], known: Collection[str]) -> None:
    """Entries of its checklist, ticked or not. `TaskChecked` for each that changes."""
    present(task, version)
    if unknown := [name for name in ticks if name not in known]:
        says = f"The checklist has no such entry; it has {', '.join(known) or 'none'}."
        raise Invalid(errors=[{"pointer": f"/ticks/{name}", "detail": says} for name in unknown])
    if held_by_other(work, task, by):
        raise Conflict("A colleague holds this task.", held_until=task["held_until"].isoformat())
    rows = {row["item"]: row for row in work.rows(task_checks, task["case_id"]) if row["task_id"] == task["id"]}
    changed = False
    for item, ticked in ticks.items():
        row = rows.get(item)
        if row is None and ticked:
            work.add(task_checks, case_id=task["case_id"], task_id=task["id"], item=item, ticked=True, by=by, at=work.now)
        elif row is not None and row["ticked"] != ticked:
            work.change(row, ticked=ticked, by=by, at=work.now)
        else:
            continue
        changed = True
        _record(work, task, "TaskChecked", item=item, ticked=ticked)
    if changed:
        work.change(task, version=task["version"] + 1)


def ticked(work: Work, task: Row) -> set[str]:
    """Entries of the checklist of a task of a case in hand that are ticked."""
    return {row["item"] for row in work.rows(task_checks, task["case_id"]) if row["task_id"] == task["id"] and row["ticked"]}


def undo(work: Work, task: Row, last: Mapping[str, Any] | None, *, by: str, version: int | None) -> None:
    """The last thing done to the task is taken back by who did it, soon after. `last`: its last event. `TaskUndone`."""
    if task["status"] == "done" and version in (None, task["version"]):
        raise IllegalMove(FINISHED)
    present(task, version)
    if last is None or last["type"] not in _BACK or last["actor"] != work.principal.actor:
        raise IllegalMove("There is nothing of yours to take back here: only who claimed, gave back, handed over or set the priority last can.")
    if work.now - last["recorded_at"] > SLIP:
        raise IllegalMove(f"That was more than {SLIP.seconds // 60} minutes ago: change it the usual way.")
    changed = _BACK[last["type"]](work, last["data"], by)
    work.change(task, version=task["version"] + 1, **changed)
    _record(work, task, "TaskUndone", what=last["type"], holder=task["holder"], priority=task["priority"])


def _free(_: Work, __: Mapping[str, Any], ___: str) -> dict[str, Any]:
    return {"status": "open", "holder": None, "held_until": None}


def _mine(work: Work, _: Mapping[str, Any], by: str) -> dict[str, Any]:
    return {"status": "claimed", "holder": by, "held_until": work.now + HELD}


def _whose_it_was(work: Work, data: Mapping[str, Any], _: str) -> dict[str, Any]:
    was = data.get("was")
    return _free(work, data, "") if was is None else {"status": "claimed", "holder": was, "held_until": work.now + HELD}


def _as_urgent_as_it_was(_: Work, data: Mapping[str, Any], __: str) -> dict[str, Any]:
    return {"priority": data["was"]}


#: What takes an event back; all other things done to a task have left the house, or others have built on them.
_BACK = {
    "TaskClaimed": _free,
    "TaskReleased": _mine,
    "TaskHandedOver": _whose_it_was,
    "TaskPrioritised": _as_urgent_as_it_was,
}


def _record(work: Work, task: Row, type: str, **data: Any) -> None:
    work.record(task["case_id"], type, agency=task["agency"], step=task["step"], task=str(task["id"]), **data)
