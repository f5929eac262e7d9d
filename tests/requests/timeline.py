"""What really happened to a request, from a city's own answer: GeoReport v2 with `notes`, or with `tasks` passed between offices. No city is named here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Stretch:
    """An agency had it, to do this; `ended` None: it still has it."""

    agency: str
    does: str
    begun: datetime
    ended: datetime | None


@dataclass(frozen=True)
class Timeline:
    """One request: the first stretch is of who took it in, the others in the order they began."""

    id: str
    service: str
    channel: str
    opened: datetime
    closed: datetime | None
    stretches: tuple[Stretch, ...]


def read(file: Path) -> list[Timeline]:
    """All requests of a file: a list of them, or one."""
    found = json.loads(file.read_text("utf-8"))
    return [timeline(one) for one in (found if isinstance(found, list) else [found])]


def timeline(request: Mapping[str, Any]) -> Timeline:
    """One request as it was lived."""
    more = request.get("extended_attributes") or {}
    closed = _at(request["updated_datetime"]) if request["status"] == "closed" else None
    if more.get("tasks"):
        stretches = tuple(_task(task) for task in more["tasks"])
        opened = stretches[0].begun
    else:
        opened, stretches = _noted(request)
        ends = [_at(note["datetime"]) for note in request["notes"] if note["type"] == "closed"]
        closed = ends[-1] if ends else None
    service = request["service_name"] or request["service_code"]
    return Timeline(request["service_request_id"], service, more.get("channel") or "web", opened, closed, stretches)


def _noted(request: Mapping[str, Any]) -> tuple[datetime, tuple[Stretch, ...]]:
    """Who took it in has it until the first follow-on elsewhere, or to its end; each follow-on from its note of creation to that of its closing."""
    notes = sorted(request["notes"], key=lambda note: _at(note["datetime"]))
    opened = _at(request["requested_datetime"])
    passed = next((_at(note["datetime"]) for note in notes if note["type"] in ("follow_on_created", "closed")), None)
    return opened, (Stretch(request["agency_responsible"], "look", opened, passed), *_follow_ons(notes))


def _follow_ons(notes: list[Mapping[str, Any]]) -> Iterator[Stretch]:
    ends = {note["extended_attributes"]["service_request_id"]: _at(note["datetime"]) for note in notes if note["type"] == "follow_on_closed"}
    for note in notes:
        if note["type"] == "follow_on_created":
            other = note["extended_attributes"]
            yield Stretch(other["agency_responsible"], other["service_name"], _at(note["datetime"]), ends.get(other["service_request_id"]))


def _task(task: Mapping[str, Any]) -> Stretch:
    return Stretch(task["owner_name"], task["task_type"], _at(task["task_created"]), _at(task["task_modified"]))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
