"""Undoing a move, as long as nothing has happened on a case that the newer version made so: it stands again exactly where it stood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from portal.cases import registry
from portal.events import log
from portal.queues import worklist
from portal.runs import ledger, moves
from portal.runs.moves import Move
from portal.standards import clocks
from portal.unit_of_work import Row, Work
from portal.workflow.crossing import Line

#: Happens between a move and its first use: none of it depends on the version.
HARMLESS: Final = frozenset(
    {
        "AccessGranted", "AgencySilent", "AgencyWrote", "AnswersGiven", "AskEnded", "CaseReplanned", "ClockMoved", "ClockPaused", "ClockResumed",
        "DeliveryParked", "DeliveryRetried",
        "DeliverySent", "DutyAcknowledged", "DutyPaged", "FeedbackGiven", "MessageReceived", "NoteAdded", "NoticeParked", "NoticePromised", "PartyAsked",
        "PartyNotified", "StandardEscalated", "StandardMissed", "StandardWarned", "TaskClaimed", "TaskReleased",
    }
)  # fmt: skip


def backwards(work: Work, move: Move, case_ids: list[UUID]) -> Callable[[UUID], Line | None]:
    """What undoes the move of one of these cases in hand, whose events since then are read at once."""
    since: dict[UUID, list[dict[str, Any]]] = {}
    for event in work.run(log.since(case_ids, "CaseMoved", move=str(move.id))) if case_ids else ():
        since.setdefault(event["case_id"], []).append(event)
    return lambda case_id: _take_back(work, move, case_id, since.get(case_id, []))


def _take_back(work: Work, move: Move, case_id: UUID, events: list[dict[str, Any]]) -> Line | None:
    moved = {event["data"]["run"]: event["data"] for event in events if event["type"] == "CaseMoved" and event["data"]["move"] == str(move.id)}
    runs = [row for row in ledger.under_move(work, case_id, move.id) if str(row["id"]) in moved]
    if why := _used(runs, moved, events):
        return Line(case_id, stays=why)
    started = {event["data"]["clock"] for event in events if event["type"] == "ClockStarted"}
    for run in runs:
        told = moved[str(run["id"])]
        worklist.put_back(work, case_id, told["tasks"])
        for id, (old, *_) in told["steps"].items():
            clocks.rename(work, case_id, UUID(id), covers=old)
        if told["service_from"] != told["service_hash"] and not run["service_hash"]:
            registry.follow(work, case_id, told["service_from"])
        moves.go_back(work, run, move, told)
    clocks.cancel(work, case_id, lambda row: str(row["id"]) in started, why="move undone")
    steps = tuple((new, old, "kept") for run in runs for old, _, new, _ in moved[str(run["id"])]["steps"].values())
    return Line(case_id, steps) if runs else None


def _used(runs: list[Row], moved: Mapping[str, Any], events: list[dict[str, Any]]) -> str | None:
    """Why a case cannot go back: something has happened that the newer version made so."""
    if any(told["ended"] or told["anew"] for told in moved.values()):
        return "the move itself ended a step or began one again"
    starts = {standard for told in moved.values() for standard, _ in told["starts"]}
    for event in events:
        own = event["type"] == "CaseMoved" and event["data"]["run"] in moved and event["data"] is moved[event["data"]["run"]]
        if own or event["type"] in HARMLESS or (event["type"] == "ClockStarted" and event["data"]["standard"] in starts):
            continue
        return f"it has gone on since ({event['type']})"
    if any(run["status"] != "running" or run["state"] != moved[str(run["id"])]["state"] for run in runs):
        return "it has gone on since"
    return None
