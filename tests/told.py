"""What holds of every notice once a case is quiet: nobody was told twice, and whoever was promised a notice was told, or people see to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

from portal.outbox import kinds

#: Tasks by which people see to what could not be told.
FOR_PEOPLE = ("unreached", "letter", "returned")
#: Codes with which a courtesy ends because its party wished so.
WISHED = ("stopped", "unwanted")
#: Codes of a party that is nobody's to tell any more.
GONE = ("no-party",)


def wrong(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """Faults in the events of one case that is quiet, in their order."""
    ends: dict[str, list[str]] = defaultdict(list)
    promised: dict[str, Mapping[str, Any]] = {}
    chains: dict[str, list[str]] = defaultdict(list)
    codes: dict[str, str] = {}
    last: dict[str, int] = {}
    #: Task for people -> where it ended, counted in events.
    tasks: dict[str, float] = {}
    for place, event in enumerate(events):
        type, data = event["type"], event["data"]
        if type == "NoticePromised":
            promised[data["notice"]] = data
            chains[data.get("root") or data["notice"]].append(data["notice"])
        elif type in ("PartyNotified", "NoticeParked", "NoticeReturned", "NoticeJoined"):
            ends[data["notice"]].append(type)
            codes[data["notice"]] = data.get("refusal", "")
            last[data["notice"]] = place
        elif type == "TaskQueued" and data["kind"] in FOR_PEOPLE:
            tasks[data["task"]] = inf
        elif type in ("TaskCancelled", "TaskCompleted") and data["task"] in tasks:
            tasks[data["task"]] = place
    faults = [f"{one} came to no end" for one in promised if not ends[one]]
    faults += [f"{one} ended as {ends[one]}" for one in ends if not _one_end(ends[one])]
    for root, chain in chains.items():
        seen_to = any(until > last.get(chain[-1], 0) for until in tasks.values())
        faults += _chain(root, chain, ends, codes, kinds.kind(promised[root]["template"]).weight, seen_to=seen_to)
    return faults


def _one_end(found: list[str]) -> bool:
    """Told, and at most found out later, or before its sender could write that down, that it did not arrive; or parked; or joined. Once each."""
    return found in (
        ["PartyNotified"],
        ["NoticeReturned"],
        ["PartyNotified", "NoticeReturned"],
        ["PartyNotified", "NoticeParked"],
        ["NoticeParked"],
        ["NoticeJoined"],
    )


def _chain(root: str, chain: list[str], ends: Mapping[str, list[str]], codes: Mapping[str, str], weight: str, *, seen_to: bool) -> list[str]:
    """A notice and those tried in its place: all but the last failed; the last was told, or its party wanted none of it, or people see to it (`seen_to`:
    a task of theirs was not over when it failed)."""
    reached = [one for one in chain if ends[one] and ends[one][-1] in ("PartyNotified", "NoticeJoined")]
    if len(reached) > 1:
        return [f"{root} was told {len(reached)} times: {[ends[one] for one in chain]}"]
    if reached:
        return [] if reached == [chain[-1]] else [f"{root} was told, and tried once more: {[ends[one] for one in chain]}"]
    code = codes.get(chain[-1], "")
    if code in GONE or (weight == "courtesy" and code in WISHED) or seen_to:
        return []
    return [f"{root} reached nobody, and nobody sees to it ({code})"]
