"""Histories recorded by earlier versions of the code give the recorded states on this one; `python -m tests.histories` writes new ones."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from portal.catalogue.definitions import StepKind
from portal.events.types import TYPES
from portal.workflow.history import replayed
from portal.workflow.runner import Run
from tests.histories.stored import FOLDER, RUNS, read

STORED = sorted(FOLDER.glob("*.json"))


def test_there_are_histories() -> None:
    assert len(STORED) >= 8
    assert all(read(place)["made_by"] for place in STORED)


@pytest.mark.parametrize("place", STORED, ids=lambda place: place.stem)
def test_a_recorded_history_gives_the_recorded_states(place: Path) -> None:
    found = read(place)
    for stand in found["stands"]:
        runs = replayed(event for event in found["events"] if event["seq"] <= stand["after"])
        assert runs == {UUID(id): Run.of(state) for id, state in stand["runs"].items()}, stand["after"]


@pytest.mark.parametrize("place", STORED, ids=lambda place: place.stem)
def test_what_was_recorded_is_still_declared(place: Path) -> None:
    """Every event of a case is one of a type there still is, with no key the type no longer declares."""
    for event in read(place)["events"]:
        assert TYPES[event["type"]].keys >= event["data"].keys(), event


def test_every_event_of_runs_has_a_history() -> None:
    assert RUNS - {event["type"] for place in STORED for event in read(place)["events"]} == set()


def test_every_kind_of_step_has_a_history() -> None:
    begun = {event["data"]["kind"] for place in STORED for event in read(place)["events"] if event["type"] == "StepBegun"}
    # A join begins nothing; its arrivals are told by `JoinReached`.
    assert set(StepKind.__args__) - begun - {"join"} == set()  # type: ignore[attr-defined]
