"""Waiting for an answer: what stands still, when the party is reminded, and where the task stands in its list meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from portal.cases import asks
from portal.catalogue.definitions import Journey, Service, Step
from portal.catalogue.order import components, ordered
from portal.queues import worklist
from portal.runs import ledger
from portal.standards import changes, clocks, timers
from portal.standards.clockwork import period
from portal.standards.terms import due
from portal.unit_of_work import Event, Row, Work
from portal.workflow.answers import facts, never_asked

#: A party is reminded so long before the date to reply by, or half-way to it where that is later.
REMINDED = timedelta(days=3)
#: Kinds of step in which people, or an agency, find an answer wanting.
WORKED = ("work", "send")


def reply_date(work: Work, agency: str, within: str) -> datetime:
    """The date to reply by, so long from now: days are counted whole, by the first calendar of the agency that asks."""
    name = work.catalogue.agencies[agency].calendars[0].id
    return due(period(within), clocks.calendar(work, work.catalogue.hashes["calendar", f"{agency}/{name}"]), work.now)


def ask_step(work: Work, case: Row, service: Service, journey: Journey, step: Step, step_run: UUID, *, agency: str) -> bool:
    """A step of the journey asks the party for its fields. False, and nothing, where each was answered before, or is not asked after other answers: nobody is
    asked twice, but where the journey has come round to the same question, or people have sent it back to one.
    """
    known = facts(work, case)
    again = _sent_back(work, case["case_id"], journey, step, step_run)
    missing = [name for name in step.fields if again or name not in known["answers"]]
    never = never_asked(service, missing, known)
    missing = [name for name in missing if name not in never]
    if not missing:
        return False
    assert step.reply_within is not None
    by = reply_date(work, agency, step.reply_within)
    asks.ask(work, case["case_id"], agency=agency, fields=missing, words=None, commitment=None, reply_by=by, step_run_id=step_run, step=step.id)
    return True


def _sent_back(work: Work, case_id: UUID, journey: Journey, step: Step, step_run: UUID) -> bool:
    """Whether it was asked before, or somebody has worked in its round before: what was answered is then not what is needed."""
    ways = {one.id: ordered(arm.to for arm in one.ways) for one in journey.steps}
    round = next(group for group in components(ways, journey.start) if step.id in group)
    before = [row for row in ledger.steps_of(work, case_id, step_run) if row["id"] != step_run and row["step"] in round]
    return any(row["step"] == step.id or (row["kind"] in WORKED and row["status"] == "ended") for row in before)


def begin(work: Work, event: Event) -> None:
    """A party was asked (`PartyAsked`): clocks that may, stand still; the ask lapses by itself; its task steps back."""
    id, by = UUID(event.data["ask"]), event.data["reply_by"]
    reply_by = datetime.fromisoformat(by) if by else None
    if reply_by is not None:
        changes.pause(work, event.case_id, awaits="answer", key=id, at=event.occurred_at, until=reply_by)
        timers.arm(work, event.case_id, kind="lapse", subject=id, due_at=reply_by)
        half_way = event.occurred_at + (reply_by - event.occurred_at) / 2
        timers.arm(work, event.case_id, kind="reminder", subject=id, due_at=max(half_way, reply_by - REMINDED))
    if event.data["task"]:
        worklist.turn(work, event.case_id, UUID(event.data["task"]), 2, asked_until=reply_by)


def end(work: Work, event: Event) -> None:
    """It ended (`AskEnded`): clocks run again from that instant, and its task comes first."""
    id = UUID(event.data["ask"])
    timers.disarm(work, event.case_id, id)
    changes.resume(work, event.case_id, id, at=event.occurred_at, why=event.data["why"])
    if event.data["task"]:
        worklist.turn(work, event.case_id, UUID(event.data["task"]), 1 if event.data["why"] == "cancelled" else 0)


def catch_up(work: Work, clock: Row) -> None:
    """A clock that started in the past and pauses retroactively: what was asked since its start, and the time other agencies had a step, stops it too."""
    since = clock["started_at"]
    for wait in sorted((*_asked(work, clock), *_elsewhere(work, clock)), key=lambda one: (one.at, one.key)):
        if wait.ended_at is not None and wait.ended_at <= since:
            continue
        one = {"key": wait.key, "at": max(wait.at, since), "until": wait.until, "step": wait.step, "only": clock["id"]}
        changes.pause(work, clock["case_id"], awaits=wait.awaits, past=True, **one)
        if wait.ended_at is not None:
            changes.resume(work, clock["case_id"], wait.key, at=wait.ended_at, why=wait.why, only=clock["id"])


class _Wait(NamedTuple):
    """What a clock may have to stand still for; over where it has an end."""

    awaits: str
    key: UUID
    at: datetime
    ended_at: datetime | None
    why: str
    until: datetime | None = None
    step: str | None = None


def _asked(work: Work, clock: Row) -> Iterator[_Wait]:
    for ask in asks.of_case(work, clock["case_id"]):
        if ask["reply_by"] is not None and ask["reply_by"] > clock["started_at"]:
            yield _Wait("answer", ask["id"], ask["asked_at"], ask["ended_at"], ask["ended"] or "", until=ask["reply_by"])


def _elsewhere(work: Work, clock: Row) -> Iterator[_Wait]:
    """Steps that agencies other than the clock's had, at a wrong door and at the front office too."""
    for step in ledger.step_runs_of(work, clock["case_id"]):
        if step["agency"] != clock["agency"]:
            yield _Wait("agency", step["id"], step["begun_at"], step["ended_at"], "reported" if step["status"] == "ended" else "cancelled", step=step["step"])


def promised(rows: Iterable[Row]) -> Row | None:
    """Of these clocks, the one whose date the party goes by: a promise on the whole case before the law's."""
    ranked = sorted((row for row in rows if row["covers"] == "case"), key=lambda row: (row["kind"] != "promise", row["due_at"]))
    return ranked[0] if ranked else None
