"""What became of each notice on a case: waiting, sent, delivered, failed; told from its events alone, so that it says what the history says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from portal.access.scoping import visible
from portal.events import log
from portal.unit_of_work import Work

#: Templates that go to who follows a case: nothing of its parties.
_OF_FOLLOWERS = ("followed",)
TYPES = ("NoticePromised", "NoticeMoved", "PartyNotified", "NoticeParked", "NoticeReturned", "NoticeJoined", "TextReported")


def of_case(work: Work, case_id: UUID) -> list[dict[str, Any]]:
    """Notices to parties, the newest first, each with its place in the chain of those tried in the place of one another."""
    return fold(work.run(visible(work, log.of_types([case_id], TYPES))))


def fold(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same from events in their order."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        data, at = event["data"], event["recorded_at"]
        if event["type"] == "NoticePromised":
            if data["template"] in _OF_FOLLOWERS:
                continue
            found[data["notice"]] = {
                "id": data["notice"],
                "template": data["template"],
                "channel": event["channel"] or data.get("channel"),
                "status": "waiting",
                "promised_at": at,
                "sent_at": None,
                "ended_at": None,
                "attempts": 0,
                "why": None,
                "instead_of": data.get("instead"),
                "set_aside": False,
            }
        elif data.get("notice") in found:
            _ENDS[event["type"]](found[data["notice"]], event, data, at)
    return [{name: value for name, value in one.items() if name != "set_aside"} for one in found.values()][::-1]


def _moved(one: dict[str, Any], event: Mapping[str, Any], data: Mapping[str, Any], at: Any) -> None:
    one["channel"] = event["channel"] or data.get("channel")


def _sent(one: dict[str, Any], event: Mapping[str, Any], data: Mapping[str, Any], at: Any) -> None:
    one |= {"sent_at": at, "attempts": data.get("attempts") or 0}
    if one["status"] == "waiting" or one["set_aside"]:
        one |= {"status": "sent", "ended_at": None, "why": None, "set_aside": False}


def _failed(one: dict[str, Any], event: Mapping[str, Any], data: Mapping[str, Any], at: Any) -> None:
    # What was set aside may leave after all: tried again, or printed once more.
    one |= {"status": "failed", "ended_at": at, "why": data.get("refusal"), "set_aside": event["type"] == "NoticeParked"}


def _joined(one: dict[str, Any], event: Mapping[str, Any], data: Mapping[str, Any], at: Any) -> None:
    one |= {"status": "joined", "ended_at": at}


def _reported(one: dict[str, Any], event: Mapping[str, Any], data: Mapping[str, Any], at: Any) -> None:
    if data["status"] in ("delivered", "failed") and one["status"] not in ("failed", "delivered"):
        one |= {"status": data["status"], "ended_at": at, "why": data.get("code")}


_ENDS = {"NoticeMoved": _moved, "PartyNotified": _sent, "NoticeParked": _failed, "NoticeReturned": _failed, "NoticeJoined": _joined, "TextReported": _reported}
