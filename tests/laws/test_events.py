"""Every type of event has one room that records it, and a place in the table of what happens next."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from portal.events.types import TYPES
from portal.reactions import QUIET, REACTIONS
from tests.laws.rooms import ROOT, contracts, rooms_of

#: Rooms that own rows, and so alone write them and record.
LEDGERS = {room for layer in contracts()["order"]["layers"] for room in rooms_of(layer) if "cases" in rooms_of(layer)}


def calls(file: Path) -> list[ast.Call]:
    """All calls in a module."""
    return [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]


def room(file: Path) -> str:
    """The room a module lies in."""
    return file.relative_to(ROOT / "portal").with_suffix("").parts[0]


@pytest.fixture(scope="module")
def recorders() -> dict[str, set[str]]:
    """Type of event -> rooms that record it: a ledger by any call that is given its name, another room by `record`."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in (ROOT / "portal").rglob("*.py"):
        for argument in (one for call in calls(file) for one in call.args if room(file) in LEDGERS or ast.unparse(call.func).endswith(".record")):
            for name in ast.walk(argument):
                if isinstance(name, ast.Constant) and name.value in TYPES:
                    found[name.value].add(room(file))
    return found


@pytest.mark.parametrize("name", sorted(TYPES))
def test_exactly_one_room_records_it(name: str, recorders: dict[str, set[str]]) -> None:
    assert len(recorders.get(name, set())) == 1, recorders.get(name)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_something_follows_or_it_is_quiet(name: str) -> None:
    assert (name in REACTIONS) != (name in QUIET)


def test_nothing_reacts_to_what_never_happens() -> None:
    assert {*REACTIONS, *QUIET} <= TYPES.keys()
    assert all(REACTIONS.values())
