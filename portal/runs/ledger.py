"""The ledger of journey runs and step runs: the only writer of their rows and of the events that tell them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Select, select

from portal.db import new_id
from portal.events.chain import stamp
from portal.runs.tables import journey_runs, signals, step_runs
from portal.unit_of_work import Row, Work


def begin(
    work: Work,
    case_id: UUID,
    *,
    journey: str,
    definition_hash: str,
    state: dict[str, Any],
    pins: dict[str, str] | None = None,
    inside: Row | None = None,
    service: tuple[str, str] | None = None,
) -> Row:
    """A run of a journey. `inside`: the step run that begins it; `service`: id and hash, where it is not that of the case. `JourneyBegun`."""
    parent, parent_step = (inside["run_id"], inside["id"]) if inside else (None, None)
    id, hash = service or (None, None)
    row = work.add(
        journey_runs,
        case_id=case_id,
        id=new_id(),
        parent_id=parent,
        parent_step_id=parent_step,
        service=id,
        service_hash=hash,
        pins=pins,
        journey=journey,
        definition_hash=definition_hash,
        status="running",
        state=state,
        begun_at=work.now,
    )
    above: dict[str, Any] = {"parent": str(parent), "parent_step": str(parent_step)} if inside else {"parent": None}
    above |= {"service": id, "service_hash": hash} if service else {}
    above |= {"pins": pins} if pins else {}
    work.record(case_id, "JourneyBegun", run=str(row["id"]), journey=journey, definition_hash=definition_hash, **above)
    return row


def stand(work: Work, run: Row, state: dict[str, Any]) -> None:
    """Where the run stands now; its events were recorded one by one."""
    work.change(run, state=state)


def end(work: Work, run: Row, *, outcome: str | None) -> None:
    """The run ended. `JourneyEnded`."""
    work.change(run, status="cancelled" if outcome == "cancelled" else "ended", outcome=outcome, ended_at=work.now)
    work.record(run["case_id"], "JourneyEnded", run=str(run["id"]), outcome=outcome)


def stop(work: Work, run: Row) -> None:
    """The run is no longer needed; what was done is taken back first. `JourneyStopped`."""
    work.record(run["case_id"], "JourneyStopped", run=str(run["id"]))


def begin_step(work: Work, run: Row, number: int, *, step: str, kind: str, agency: str, item: int | None = None) -> Row:
    """A step run; its id follows from the run and its number, so that a replay finds the same. `item` of a list, from 1. `StepBegun`."""
    id, of = step_run_id(run["id"], number), {"run_id": run["id"], "step": step, "kind": kind, "agency": agency}
    row = work.add(step_runs, case_id=run["case_id"], id=id, **of, item=item, status="begun", begun_at=work.now)
    work.record(run["case_id"], "StepBegun", agency=agency, step=step, run=str(run["id"]), step_run=str(id), kind=kind, **_said(item=item))
    return row


def end_step(work: Work, run: Row, number: int, *, outcome: str | None, cost: int | None, count: int | None = None, undo: str | None = None) -> None:
    """A step run ended; `cost` in minor units of the agency's currency. `count`: items of the step ended by now; `undo`: the step that would take it back.
    `StepEnded`."""
    row = step_run(work, run["case_id"], step_run_id(run["id"], number))
    work.change(row, status="ended", outcome=outcome, ended_at=work.now)
    told = {"run": str(run["id"]), "step_run": str(row["id"]), "outcome": outcome, "cost": cost, **_said(count=count, undo=undo)}
    work.record(run["case_id"], "StepEnded", agency=row["agency"], step=row["step"], **told)


def cancel_step(work: Work, run: Row, number: int) -> None:
    """A step run is no longer needed. `StepCancelled`."""
    row = step_run(work, run["case_id"], step_run_id(run["id"], number))
    work.change(row, status="cancelled", ended_at=work.now)
    work.record(run["case_id"], "StepCancelled", agency=row["agency"], step=row["step"], run=str(run["id"]), step_run=str(row["id"]))


def wait(work: Work, row: Row, *, event: str | None, until: datetime | None) -> None:
    """A step run waits: for an event, until an instant, or for the first of both. `WaitBegun`."""
    work.change(row, awaits=event, until=until)
    run, id, by = str(row["run_id"]), str(row["id"]), stamp(until) if until else None
    work.record(row["case_id"], "WaitBegun", agency=row["agency"], step=row["step"], run=run, step_run=id, event=event, until=by)


def signal(work: Work, case_id: UUID, *, event: str, source: str, agency: str | None = None) -> Row:
    """Word that something has happened; kept until a wait for it begins. `SignalReceived`."""
    row = work.add(signals, case_id=case_id, id=new_id(), event=event, source=source, at=work.now)
    work.record(case_id, "SignalReceived", agency=agency, signal=str(row["id"]), event=event, source=source)
    return row


def take_signal(work: Work, row: Row) -> bool:
    """Uses up the oldest word that came for what a step run waits for; False where none has come yet."""
    early = [one for one in work.rows(signals, row["case_id"]) if one["event"] == row["awaits"] and one["used_by"] is None]
    if not early:
        return False
    work.change(min(early, key=lambda one: (one["at"], one["id"])), used_by=row["id"])
    return True


def waits_for(work: Work, case_id: UUID, event: str | None = None) -> list[Row]:
    """Step runs of a case in hand that wait; for that event, where named."""
    return [row for row in work.rows(step_runs, case_id) if row["kind"] == "wait" and row["status"] == "begun" and event in (None, row["awaits"])]


def branch(work: Work, run: Row, *, step: str, to: str, count: int | None = None) -> None:
    """One of several ways was chosen; `count`: how often by now, of a way with a limit. `BranchChosen`."""
    work.record(run["case_id"], "BranchChosen", step=step, run=str(run["id"]), to=to, **_said(count=count))


def count_items(work: Work, run: Row, *, step: str, count: int) -> None:
    """A step is done once for each of so many items. `ItemsCounted`."""
    work.record(run["case_id"], "ItemsCounted", step=step, run=str(run["id"]), count=count)


def join(work: Work, run: Row, *, step: str, came_from: str | None, count: int) -> None:
    """A way reached a join. `JoinReached`."""
    work.record(run["case_id"], "JoinReached", step=step, run=str(run["id"]), count=count, came_from=came_from)


def clear_join(work: Work, run: Row, *, step: str) -> None:
    """What had reached a join is no longer counted. `JoinCleared`."""
    work.record(run["case_id"], "JoinCleared", step=step, run=str(run["id"]))


def _said(**some: Any) -> dict[str, Any]:
    """What is so: most steps have no items, limits or ways back, and their events do not speak of them."""
    return {name: value for name, value in some.items() if value is not None}


def step_run_id(run_id: UUID, number: int) -> UUID:
    """Id of the n-th step run of a run (uuid5, RFC 9562)."""
    return uuid5(run_id, str(number))


def number_of(run_row: Row, id: UUID) -> int | None:
    """Number of a step run in its run, or None where it is not one of it."""
    return next((number for number in range(1, run_row["state"]["c"] + 1) if step_run_id(run_row["id"], number) == id), None)


def step_run(work: Work, case_id: UUID, id: UUID) -> Row:
    """A step run of a case in hand; KeyError where there is none."""
    for row in work.rows(step_runs, case_id):
        if row["id"] == id:
            return row
    raise KeyError(id)


def step_runs_of(work: Work, case_id: UUID) -> list[Row]:
    """All step runs of a case in hand, those of earlier doors too."""
    return work.rows(step_runs, case_id)


def steps_of(work: Work, case_id: UUID, id: UUID) -> list[Row]:
    """All step runs of the run to which that one belongs."""
    run_id = step_run(work, case_id, id)["run_id"]
    return [row for row in work.rows(step_runs, case_id) if row["run_id"] == run_id]


def run_of(work: Work, case_id: UUID, id: UUID) -> Row:
    """A run of a case in hand; KeyError where there is none."""
    for row in work.rows(journey_runs, case_id):
        if row["id"] == id:
            return row
    raise KeyError(id)


def load(work: Work, case_ids: Collection[UUID]) -> None:
    """Reads many cases in hand at once."""
    work.load(journey_runs, case_ids)
    work.load(step_runs, case_ids)


def run_of_step(work: Work, case_id: UUID, step_run_id: UUID) -> Row:
    """The run a step run of a case in hand is of; KeyError where there is none."""
    return run_of(work, case_id, step_run(work, case_id, step_run_id)["run_id"])


def steps(case_id: UUID) -> Select[Any]:
    """Step runs of a case in the order they began, for a reader."""
    return select(step_runs).where(step_runs.c.case_id == case_id).order_by(step_runs.c.begun_at, step_runs.c.id)


def inside(work: Work, case_id: UUID, step_run: UUID) -> Row | None:
    """The run that a step run began."""
    return next((row for row in work.rows(journey_runs, case_id) if row["parent_step_id"] == step_run), None)


def part_of(work: Work, run: Row) -> UUID | None:
    """The step run by which a run belongs to a part of a life event; None where it is the case's own."""
    if run["service_hash"] is None or run["parent_id"] is None:
        return None
    above = run_of(work, run["case_id"], run["parent_id"])
    found: UUID | None = part_of(work, above) or run["parent_step_id"]
    return found


def runs(case_id: UUID) -> Select[Any]:
    """Runs of a case in the order they began, for a reader."""
    return select(journey_runs).where(journey_runs.c.case_id == case_id).order_by(journey_runs.c.begun_at, journey_runs.c.id)


def under_way(work: Work, run: Row) -> list[Row]:
    """Step runs of a run that have begun and not ended."""
    return [row for row in work.rows(step_runs, run["case_id"]) if row["run_id"] == run["id"] and row["status"] == "begun"]


def under_move(work: Work, case_id: UUID, move: UUID) -> list[Row]:
    """Runs of the case that this move brought to their version, whatever became of them since."""
    return [row for row in work.rows(journey_runs, case_id) if row["move_id"] == move]


def of_case(work: Work, case_id: UUID) -> list[Row]:
    """All runs of a case in hand."""
    return work.rows(journey_runs, case_id)


def running(work: Work, case_id: UUID) -> list[Row]:
    """Runs of the case that have not ended."""
    return [row for row in work.rows(journey_runs, case_id) if row["status"] == "running"]


def states(work: Work, case_ids: Sequence[UUID]) -> dict[UUID, tuple[int, dict[UUID, dict[str, Any]]]]:
    """Case -> number of its last event, and run -> what the runner keeps of it; all of one moment."""
    found: dict[UUID, tuple[int, dict[UUID, dict[str, Any]]]] = {}
    for case_id, seq, id, state in work.sql(
        "SELECT h.case_id, h.seq, r.id, r.state FROM case_heads h LEFT JOIN journey_runs r USING (case_id) WHERE h.case_id = ANY(%s)", (list(case_ids),)
    ):
        runs = found.setdefault(case_id, (seq, {}))[1]
        if id is not None:
            runs[id] = state
    return found
