"""A calendar is the same calendar on every machine: the host's zone database has no say in what is stored, or in its hash.

What a zone means stays with the zone database, since a government may change that and a wall time promised must follow; hence a body holds
wall times and dates alone. The version it was made with is kept beside it, for people, and does not enter the hash. Only an event of a
closures file that is written in another zone needs the database at hand to find its wall time here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from portal.catalogue.load import load
from portal.catalogue.publish import MADE_WITH, stored
from portal.standards.resolve import resolve
from tests.servers import ROOT

SCRIPT = """
import json
from portal.catalogue.load import load
from portal.standards.resolve import resolve
found = load(resolve_calendar=resolve)
print(json.dumps({id: [found.hashes["calendar", id], body] for id, body in found.calendars.items()}))
"""


def calendars(tzpath: str, zone: str) -> dict[str, list[object]]:
    """The shipped calendars as a process with that zone database, in that zone, makes them."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**os.environ, "PYTHONTZPATH": tzpath, "TZ": zone}, cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


def other_database(folder: Path) -> Path:
    """A zone database as old as can be: every zone it knows is UTC, whatever its name."""
    raw = files("tzdata.zoneinfo").joinpath("UTC").read_bytes()
    for body in load(resolve_calendar=resolve).calendars.values():
        place = folder / body["zone"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(raw)
    (folder / "tzdata.zi").write_text("# version 1970a\n", encoding="ascii")
    return folder


def test_the_shipped_calendars_are_the_same_with_another_zone_database(tmp_path: Path) -> None:
    here, there = calendars("", "UTC"), calendars(str(other_database(tmp_path)), "Asia/Tokyo")
    assert here.keys() == there.keys()
    for id, (hash, body) in here.items():
        assert isinstance(body, dict)
        other_hash, other = there[id]
        assert isinstance(other, dict)
        assert other[MADE_WITH]["tzdata"] == "system 1970a" != body[MADE_WITH]["tzdata"]
        assert {key: value for key, value in body.items() if key != MADE_WITH} == {key: value for key, value in other.items() if key != MADE_WITH}
        assert hash == other_hash


@pytest.mark.parametrize(
    ("change", "same"), [({MADE_WITH: {"tzdata": "2099z"}}, True), ({"zone": "Europe/Paris"}, False), ({"special": {"2026-01-05": []}}, False)]
)
def test_only_what_a_promise_depends_on_makes_a_new_version(change: dict[str, object], same: bool) -> None:
    body = load(resolve_calendar=resolve).calendars["city-council/office"]
    (before,), (after,) = (stored([], [], [], {"x/y": one}) for one in (body, body | change))
    assert (before.hash == after.hash) is same
    assert after.body == body | change
