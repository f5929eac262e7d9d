"""The mapping of a log: short forms, defaults, and each fault with its place."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from portal.catalogue.definitions import Catalogue
from portal.catalogue.faults import CatalogueFaults
from portal.catalogue.load import load
from portal.intake.replay.mapping import Mapping
from portal.intake.replay.reading import calendar_of, mapping_of
from portal.standards.resolve import resolve
from tests.servers import ROOT

SOUND = """\
jurisdiction: boston
zone: America/New_York
columns:
  external_id: id
  opened_at: {column: opened, format: "%d.%m.%Y %H:%M"}
  due_at: due
services: {Hole: pothole, "*": "*"}
calendar: office
standards:
  pothole: 2 business_days
"""


@cache
def catalogue() -> Catalogue:
    return load(directories=[ROOT], resolve_calendar=resolve)


def read(text: str, folder: Path) -> Mapping:
    file = folder / "replay.yaml"
    file.write_text(text, encoding="utf-8")
    return mapping_of(file, catalogue())[0]


def test_short_forms_mean_the_long_ones(tmp_path: Path) -> None:
    mapping = read(SOUND, tmp_path)
    assert (mapping.columns.external_id.column, mapping.columns.opened_at.format) == ("id", ("%d.%m.%Y %H:%M",))
    assert mapping.columns.due_at is not None
    assert mapping.columns.due_at.format == ("iso",)
    assert mapping.services == {"Hole": "pothole", "*": "*"}
    assert mapping.channels == {"*": "*"}
    assert mapping.standards["pothole"].within == "2 business_days"
    assert mapping.named == "boston"


@pytest.mark.parametrize("written", ["calendar: office", "calendar: boston/office", ""])
def test_a_calendar_is_found_by_its_name_in_the_jurisdiction_or_in_full_or_is_the_only_one(written: str, tmp_path: Path) -> None:
    mapping = read(SOUND.replace("calendar: office", written), tmp_path)
    assert calendar_of(mapping, "pothole", catalogue()) == "boston/office"


def test_the_shipped_mapping_is_sound() -> None:
    mapping, _ = mapping_of(ROOT / "services" / "boston" / "replay.yaml", catalogue())
    assert mapping.jurisdiction == "boston"
    assert len(mapping.standards) == 5


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ("zone:", "zoen:", "2:1", "did you mean `zone`?"),
        ("America/New_York", "America/Bostn", "2:7", "no time zone"),
        ("  external_id: id\n", "", "4:3", "`external_id` is missing"),
        ("due_at: due", "dew_at: due", "6:3", "unknown key `dew_at`"),
        ("%d.%m.%Y %H:%M", "%d.%m. %H:%M", "5:39", "no format that gives a date"),
        ("2 business_days", "2 days", "10:12", "business_days"),
        ("calendar: office", "calendar: roads/nowhere", "8:11", "no calendar"),
        ("{Hole: pothole,", "{Hole: [a],", "7:18", "must be an id"),
        ("calendar: office", "log: {delimiter: ';;'}", "8:18", "one character"),
        ("calendar: office", "log: {encoding: utf-61}", "8:17", "cannot be read"),
        ("calendar: office", "log: {encoding: utf-16}", "8:17", "keeps ASCII"),
        ("calendar: office", "refuse: [{when: 'row[\"x\"] = 1', reason: r}]", "8:17", "cannot be used"),
        ("calendar: office", "refuse: [{when: 'service', reason: r}]", "8:17", "not a condition"),
        ("calendar: office", "absent_due: maybe", "8:13", "cannot be `maybe`"),
    ],
)
def test_a_fault_is_told_with_its_place(old: str, new: str, place: str, says: str, tmp_path: Path) -> None:
    assert old in SOUND
    with pytest.raises(CatalogueFaults) as wrong:
        read(SOUND.replace(old, new), tmp_path)
    found = [str(fault) for fault in wrong.value.faults]
    assert any(f"replay.yaml:{place}: " in fault and says in fault for fault in found), found


@pytest.mark.parametrize("text", ["", "- a", "just words", "a: &x 1"])
def test_what_is_no_mapping_is_told(text: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogueFaults):
        read(text, tmp_path)
