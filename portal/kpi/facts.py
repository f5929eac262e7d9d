"""What an event changes in the row of its case and of its step run: tables event -> function, pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

Facts = dict[str, Any]
#: A published event, as `portal.events.feed.read` gives it.
Told = Mapping[str, Any]
Change = Callable[[Facts, Told], Facts]

#: Which clock's date stands for the case: the promise to the citizen, else the law's.
PRECEDENCE = {"law": 0, "promise": 1}


def apply(row: Facts | None, event: Told) -> Facts | None:
    """The case's row after the event. An event folded before changes nothing; None while the case has not been opened."""
    if row is None:
        return opened(event) if event["type"] == "CaseOpened" else None
    if event["seq"] <= row["seq"]:
        return row
    change = CASE.get(event["type"])
    return {**row, **(change(row, event) if change else {}), "seq": event["seq"]}


def apply_step(row: Facts | None, event: Told) -> Facts | None:
    """The step run's row after one of the events in STEP; None while the step has not begun."""
    if row is None and event["type"] != "StepBegun":
        return None
    return {**(row or {}), **STEP[event["type"]](row or {}, event)}


def step_run(event: Told) -> tuple[UUID, UUID]:
    """Case and step run an event of STEP is about."""
    return event["case_id"], UUID(event["data"]["step_run"])


def opened(event: Told) -> Facts:
    """The row a case begins with."""
    data = event["data"]
    received_at = _instant(data.get("received_at")) or event["occurred_at"]
    return {
        "case_id": event["case_id"],
        "jurisdiction": event["jurisdiction"],
        "origin": event["origin"],
        "service": data.get("service"),
        "agency": event["agency"] or "",
        "channel": event["channel"] or "",
        "area": data.get("area"),
        "segment": data.get("segment"),
        "month": received_at.astimezone(_zone(data.get("zone") or "UTC")).date().replace(day=1),
        "status": "received",
        "outcome": None,
        "received_at": received_at,
        "closed_at": None,
        "due_at": None,
        "due_source": None,
        "clocks": [],
        "missed": False,
        "referrals": 0,
        "score": None,
        "door": event["agency"] or "",
        "doors": [event["agency"] or ""],
        "returns": 0,
        "found_at": None,
        "followers": None,
        "contacts": None,
        "avoidable": None,
        "backdated": None,
        "seq": event["seq"],
    }


def _routed(row: Facts, event: Told) -> Facts:
    agency = event["agency"] or row["agency"]
    found = {"found_at": event["occurred_at"]} if row["referrals"] else {}
    return {"service": event["data"].get("service"), "agency": agency, "status": "in-progress", **_entered(row, agency), **found}


def _referred(row: Facts, event: Told) -> Facts:
    data = event["data"]
    agency = data.get("to_agency") or event["agency"] or row["agency"]
    return {"service": data.get("to_service"), "agency": agency, "status": "received", "referrals": row["referrals"] + 1, **_entered(row, agency)}


def _entered(row: Facts, agency: str) -> Facts:
    """The door it has come to; back at one it had left, it has gone to and fro."""
    doors = row["doors"] or []
    if doors and doors[-1] == agency:
        return {}
    return {"doors": [*doors, agency], "returns": (row["returns"] or 0) + (agency in doors)}


def _begun(row: Facts, _: Told) -> Facts:
    """Somebody works on it; looking for its service is not yet that."""
    return {"status": "in-progress"} if row["status"] == "received" and row["service"] else {}


def _asked(row: Facts, _: Told) -> Facts:
    return {"status": "in-progress"} if row["status"] == "received" else {}


def _decided(row: Facts, event: Told) -> Facts:
    """One in the place of another changes an ended case's outcome, and reopens nothing; one on a part of a life event is not yet one on the case."""
    if event["data"].get("part"):
        return {}
    outcome = {"outcome": event["data"].get("outcome")}
    return outcome if row["closed_at"] else {"status": "decided", **outcome}


def _closed(row: Facts, event: Told) -> Facts:
    data = event["data"]
    return {"status": data.get("status") or "closed", "outcome": data.get("outcome") or row["outcome"], "closed_at": event["occurred_at"]}


def _withdrawn(_: Facts, event: Told) -> Facts:
    return {"status": "withdrawn", "outcome": "withdrawn", "closed_at": event["occurred_at"]}


def _followed(_: Facts, event: Told) -> Facts:
    return {"followers": event["data"].get("number")}


def _contacted(row: Facts, event: Told) -> Facts:
    """Somebody turned to us: the request itself is the first time, and stands there unsaid."""
    data = event["data"]
    if data.get("sender") == "staff" or data.get("direction") == "out":
        return {}
    return {"contacts": (row["contacts"] or 1) + 1, "avoidable": (row["avoidable"] or 0) + (data.get("demand") == "avoidable")}


def _judged(row: Facts, event: Told) -> Facts:
    data = event["data"]
    return {"avoidable": (row["avoidable"] or 0) + (data["demand"] == "avoidable") - (data["before"] == "avoidable")}


def _by_letter(row: Facts, event: Told) -> Facts:
    data = event["data"]
    return {"backdated": data["days"]} if data["kind"] == "new" else {}


def _scored(_: Facts, event: Told) -> Facts:
    score = event["data"].get("score")
    return {} if score is None else {"score": score}


def _clock_started(row: Facts, event: Told) -> Facts:
    data = event["data"]
    if data.get("covers") != "case":
        return {}
    clock = {"clock": data["clock"], "kind": data["kind"], "due_at": data["due_at"], "due_source": data.get("due_source"), "missed": False}
    return _promised([*row["clocks"], clock])


def _clock_moved(row: Facts, event: Told) -> Facts:
    data = event["data"]
    return _changed(row, data["clock"], due_at=data["due_at"]) if data.get("due_at") else {}


def _clock_missed(row: Facts, event: Told) -> Facts:
    changed = _changed(row, event["data"].get("clock"), missed=True)
    return changed | {"missed": True} if changed or event["data"].get("covers") == "case" else {}


def _clock_cancelled(row: Facts, event: Told) -> Facts:
    """A promise that no longer applies is none; one that was missed before stays, or missing it could be undone."""
    kept = [clock for clock in row["clocks"] if clock["missed"] or clock["clock"] != event["data"]["clock"]]
    return _promised(kept) if len(kept) < len(row["clocks"]) else {}


def _changed(row: Facts, id: str | None, **values: Any) -> Facts:
    if not any(clock["clock"] == id for clock in row["clocks"]):
        return {}
    return _promised([{**clock, **values} if clock["clock"] == id else clock for clock in row["clocks"]])


def _promised(clocks: list[Facts]) -> Facts:
    """The promise of the case: among clocks of the first kind there is, the one started last."""
    chosen = max(enumerate(clocks), key=lambda one: (PRECEDENCE.get(one[1]["kind"], -1), one[0]), default=(0, {}))[1]
    return {"clocks": clocks, "due_at": _instant(chosen.get("due_at")), "due_source": chosen.get("due_source")}


def _step_begun(_: Facts, event: Told) -> Facts:
    case_id, step_run_id = step_run(event)
    data = event["data"]
    where = {"case_id": case_id, "step_run_id": step_run_id, "step": event["step"] or data.get("step") or "", "kind": data.get("kind") or ""}
    return {**where, "agency": event["agency"] or "", "begun_at": event["occurred_at"], "ended_at": None, "outcome": None, "cost": None}


def _step_ended(_: Facts, event: Told) -> Facts:
    return {"ended_at": event["occurred_at"], "outcome": event["data"].get("outcome"), "cost": event["data"].get("cost")}


def _step_cancelled(_: Facts, event: Told) -> Facts:
    return {"ended_at": event["occurred_at"], "outcome": "cancelled"}


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


#: What changes in the case's row; `CaseOpened` makes it, every other type only counts as read.
CASE: dict[str, Change] = {
    "CaseRouted": _routed,
    "CaseReferred": _referred,
    "CaseDecided": _decided,
    "CaseClosed": _closed,
    "CaseWithdrawn": _withdrawn,
    "CaseFollowed": _followed,
    "CaseUnfollowed": _followed,
    "MessageReceived": _contacted,
    "WordReceived": _contacted,
    "ContactKept": _contacted,
    "ContactJudged": _judged,
    "LetterReceived": _by_letter,
    "FeedbackGiven": _scored,
    "TaskClaimed": _begun,
    "AgencyReported": _begun,
    "DeliverySent": _begun,
    "PartyAsked": _asked,
    "ClockStarted": _clock_started,
    "ClockMoved": _clock_moved,
    "ClockPaused": _clock_moved,
    "ClockResumed": _clock_moved,
    "ClockReset": _clock_moved,
    "ClockCancelled": _clock_cancelled,
    "StandardMissed": _clock_missed,
}

#: What changes in the step run's row.
STEP: dict[str, Change] = {"StepBegun": _step_begun, "StepEnded": _step_ended, "StepCancelled": _step_cancelled}
