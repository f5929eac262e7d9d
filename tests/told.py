"""What holds of every notice once a case is quiet: nobody was told twice, and whoever was promised a notice was told, or people see to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
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
    tasks: set[str] = set()
    for event in events:
        type, data = event["type"], event["data"]
        if type == "NoticePromised":
            promised[data["notice"]] = data
            chains[data.get("root") or data["notice"]].append(data["notice"])
        elif type in ("PartyNotified", "NoticeParked", "NoticeReturned", "NoticeJoined"):
            ends[data["notice"]].append(type)
            codes[data["notice"]] = data.get("refusal", "")
        elif type == "TaskQueued":
            tasks.add(data["kind"])
    faults = [f"{one} came to no end" for one in promised if not ends[one]]
    faults += [f"{one} ended as {ends[one]}" for one in ends if not _one_end(ends[one])]
    for root, chain in chains.items():
        faults += _chain(root, chain, ends, codes, kinds.kind(promised[root]["template"]).weight, tasks)
    return faults


def _one_end(found: list[str]) -> bool:
    """Told, and at most found out later that it did not arrive; or parked; or joined. Once each."""
    return found in (["PartyNotified"], ["PartyNotified", "NoticeReturned"], ["PartyNotified", "NoticeParked"], ["NoticeParked"], ["NoticeJoined"])


def _chain(root: str, chain: list[str], ends: Mapping[str, list[str]], codes: Mapping[str, str], weight: str, tasks: set[str]) -> list[str]:
    """A notice and those tried in its place: all but the last failed; the last was told, or people see to it, or its party wanted none of it."""
    reached = [one for one in chain if ends[one] and ends[one][-1] in ("PartyNotified", "NoticeJoined")]
    if len(reached) > 1:
        return [f"{root} was told {len(reached)} times: {[ends[one] for one in chain]}"]
    if reached:
        return [] if reached == [chain[-1]] else [f"{root} was told, and tried once more: {[ends[one] for one in chain]}"]
    code = codes.get(chain[-1], "")
    if code in GONE or (weight == "courtesy" and code in WISHED) or tasks & set(FOR_PEOPLE):
        return []
    return [f"{root} reached nobody, and nobody sees to it ({code})"]
