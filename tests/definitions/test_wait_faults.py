"""Faults of steps that wait, each at its exact place."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.load import load
from portal.standards.resolve import resolve
from portal.workflow.checks import CHECKS
from tests.definitions.small_city import HERE, marked, write
from tests.ledger.waits_of_town import changes

SERVICE = "services/hall/moot.yaml"
#: Which wait, what stands there, what is planted, part of the message. The file is the journey, or the service where so said.
PLANTED = [
    ("day", "    until: {field: day, minus: 5 business_days}\n", "", "waits for one thing"),
    ("day", "  - id: hold\n    kind: wait", "  - §id: hold\n    kind: wait\n    event: street-free", "waits for one thing"),
    ("day", "minus: 5 business_days", "minus: §5 days", "no term"),
    ("day", "minus: 5 business_days", "minus: §5 business_hours", "write days, weeks or months"),
    ("day", "minus: 5 business_days", "plus: 1 calendar_days, §minus: 5 business_days", "moved one way"),
    ("while", "lasts: 2 calendar_weeks", "lasts: §two weeks", "no term"),
    ("while", "lasts: 2 calendar_weeks", "lasts: 2 calendar_weeks\n    §within: 3 calendar_days", "how long an `event` is waited for"),
    ("word", "event: street-free", "event: §Street_Free", "no id"),
    ("word", "next: look", "§next: {happened: look, lapsed: end}", "ways by outcome"),
    ("word-in-time", "{happened: look, lapsed: end}", "{happened: look}", "no way for a wait that is `lapsed`"),
    ("word-in-time", "lapsed: end", "lapsed: end, §late: end", "no outcome of a wait"),
    ("word", "    reason: {en: the street is looked at shortly before, fr: la rue est vue peu avant}\n", "", "nobody is told why `hold` waits"),
    ("word", "    kind: work", "    kind: work\n    §event: street-free", "`event` is for steps of kind `wait`"),
]


def faults(folder: Path) -> list[Fault]:
    with pytest.raises(CatalogueFaults) as found:
        load(directories=[folder], resolve_calendar=resolve, checks=CHECKS)
    return found.value.faults


@pytest.mark.parametrize(("which", "old", "new", "says"), PLANTED, ids=[f"{which}: {says}" for which, _, _, says in PLANTED])
def test_planted(which: str, old: str, new: str, says: str, tmp_path: Path) -> None:
    name, files = f"journeys/waits-{which}.yaml", changes(which)
    assert files[name].count(old) == 1
    text = files[name].replace(old, new)
    write(tmp_path, files | {name: text})
    found = [fault for fault in faults(tmp_path) if says in fault.message]
    assert len(found) == 1, found or faults(tmp_path)
    assert found[0].file == str(tmp_path / name)
    if HERE in text:
        assert (found[0].line, found[0].column) == marked(text)


@pytest.mark.parametrize(("old", "new", "says"), [("id: day", "id: date", "waits until `day`, which is no field"), ("type: date", "type: text", "not a date")])
def test_the_day_is_a_date_field_of_every_service(old: str, new: str, says: str, tmp_path: Path) -> None:
    files = changes("day")
    write(tmp_path, files | {SERVICE: files[SERVICE].replace(old, new)})
    (only,) = faults(tmp_path)
    assert says in only.message
    assert (only.file, only.line) == (str(tmp_path / SERVICE), 6)


def test_a_promise_on_the_step_is_as_good_as_a_reason(tmp_path: Path) -> None:
    files = changes("word-in-time")
    bare = files["journeys/waits-word-in-time.yaml"].replace("    reason: {en: the street is looked at shortly before, fr: la rue est vue peu avant}\n", "")
    promised = files[SERVICE].replace(
        "costs:", "  - id: heard\n    title: {en: A, fr: B}\n    kind: promise\n    within: 3 business_days\n    covers: hold\ncosts:"
    )
    write(tmp_path, files | {"journeys/waits-word-in-time.yaml": bare, SERVICE: promised})
    assert load(directories=[tmp_path], resolve_calendar=resolve, checks=CHECKS).services["moot"]
