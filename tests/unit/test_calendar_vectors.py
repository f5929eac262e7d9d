"""Working time against answers of other systems: every vector, pause vector, worked example and working-day count."""

from __future__ import annotations

import gzip
import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portal.cli.clock import clock
from portal.standards.calendar import Calendar

OFFICE = ((9 * 60, 17 * 60),)


def read(file: Path) -> Any:
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
        return json.load(opened)


def calendars(vectors: Any) -> dict[str, Calendar]:
    return {name: Calendar.from_pairs(written) for name, written in vectors["calendars"].items()}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def agrees(calendar: Calendar, vector: dict[str, Any]) -> bool:
    if vector["op"] == "add":
        due = calendar.add(at(vector["start"]), vector["seconds"])
        return due == at(vector["expected"]) and calendar.next_open(due) == at(vector.get("expected_next_open", calendar.next_open(due).isoformat()))
    if vector["op"] == "between":
        return calendar.between(at(vector["start"]), at(vector["end"])) == vector["expected_seconds"]
    return calendar.is_open(at(vector["at"])) is vector["expected"]


@pytest.mark.parametrize(("name", "count"), [("business-clock-vectors.json.gz", 960), ("worked-examples.json", 55)])
def test_answers_as_other_systems_do(shared_data: Path, name: str, count: int) -> None:
    vectors = read(shared_data / "sla" / name)
    known = calendars(vectors)
    assert [vector for vector in vectors["vectors"] if not agrees(known[vector["calendar"]], vector)] == []
    assert len(vectors["vectors"]) == count


def test_stands_still_in_pauses_as_other_systems_do(shared_data: Path) -> None:
    vectors = read(shared_data / "sla" / "business-clock-with-pauses.json.gz")
    known = calendars(vectors)
    wrong = []
    for vector in vectors["vectors"]:
        calendar, start, pauses = known[vector["calendar"]], at(vector["start"]), [(at(begins), at(ends)) for begins, ends in vector["pauses"]]
        due = calendar.add_pausing(start, vector["target_seconds"], pauses)
        elapsed = calendar.between_pausing(start, at(vector["end"]), pauses)
        if (due, calendar.next_running(due, pauses), elapsed) != (at(vector["due"]), at(vector["due_next_open"]), vector["elapsed_seconds_at_end"]):
            wrong.append(vector)
    assert wrong == []
    assert len(vectors["vectors"]) == 160


def test_counts_working_days_by_both_conventions(shared_data: Path) -> None:
    found = read(shared_data / "sla" / "working-days.json")
    known = {}
    for name, written in found["calendars"].items():
        assert written["weekmask"] == "1111100"
        known[name] = Calendar("UTC", dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE), holidays=map(date.fromisoformat, written["holidays"]))
    wrong = []
    for vector in found["vectors"]:
        calendar, noon = known[vector["calendar"]], calendar_noon(known[vector["calendar"]], vector["start"])
        rolled = calendar.add_days(noon, vector["working_days"]).date().isoformat()
        counted = calendar.add_days(noon, vector["working_days"], roll=False).date().isoformat()
        span = calendar.business_days(date.fromisoformat(vector["count_from"]), date.fromisoformat(vector["count_to"]))
        if (rolled, counted, span) != (vector["expected_roll_forward_first"], vector["expected_just_count"], vector["working_days_in_half_open_range"]):
            wrong.append(vector)
    assert wrong == []
    assert len(found["vectors"]) == 80


def test_counts_the_worked_examples_of_working_days(shared_data: Path) -> None:
    for example in read(shared_data / "sla" / "worked-examples.json")["working_days"][1:]:
        calendar = Calendar(
            "UTC",
            dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE),
            holidays=[date(2013, 1, 1)],
            special={date.fromisoformat(day): OFFICE for day in example.get("extra_working_dates", ())},
        )
        noon = calendar_noon(calendar, example["start"])
        rolled, counted = calendar.add_days(noon, example["days"]), calendar.add_days(noon, example["days"], roll=False)
        assert rolled.date().isoformat() == example.get("expected", example.get("expected_roll_forward_first")), example
        assert counted.date().isoformat() == example.get("expected", example.get("expected_just_count")), example


def calendar_noon(calendar: Calendar, day: str) -> datetime:
    return calendar.at(date.fromisoformat(day), time(12))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("business-clock-vectors.json.gz", {"expected": ("due", "open"), "expected_seconds": ("seconds",)}),
        ("business-clock-with-pauses.json.gz", {"due": ("due",), "elapsed_seconds_at_end": ("elapsed_seconds_at_end",)}),
    ],
)
def test_the_command_answers_a_file_in_its_order(shared_data: Path, name: str, fields: dict[str, tuple[str, ...]]) -> None:
    file = shared_data / "sla" / name
    ran = CliRunner().invoke(clock, [str(file)])
    assert ran.exit_code == 0, ran.output
    answers, vectors = json.loads(ran.stdout), read(file)["vectors"]
    assert len(answers) == len(vectors)
    for vector, answer in zip(vectors, answers, strict=True):
        for expected, names in fields.items():
            if expected in vector:
                assert vector[expected] in [answer.get(name) for name in names], (vector, answer)


PLAIN = {"timezone": "UTC", "weekly": {"mon": [["09:00", "10:00"]]}}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{\n x", "line 2, column 2: is not JSON"),
        (b"[1]", "is not a file of vectors"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[" + b"9" * 5000 + b"]", "is not JSON"),
        ({"calendars": {"a": {"timezone": "Mars", "weekly": {}}}, "vectors": []}, "calendar `a`: `Mars` is not a time zone"),
        ({"calendars": {"a": {"weekly": {}}}, "vectors": []}, "calendar `a`: `timezone` is missing"),
        ({"calendars": {"a": {**PLAIN, "weekly": {"mon": ["09:00-10:00"]}}}, "vectors": []}, "is not a pair of times"),
        ({"calendars": {"a": {**PLAIN, "weekly": {"lundi": []}}}, "vectors": []}, "`lundi` is not a weekday"),
        ({"calendars": {"a": {**PLAIN, "holidays": ["2026-02-30"]}}, "vectors": []}, "calendar `a`"),
        ({"calendars": {"a": PLAIN}, "vectors": [7]}, "vector 1: has a value of the wrong type"),
        ({"calendars": {"a": PLAIN}, "vectors": [{"calendar": "b", "id": 9}]}, "vector 1 (id 9): names calendar `b`"),
        ({"calendars": {"a": PLAIN}, "vectors": [{"calendar": "a", "op": "subtract"}]}, "has op `subtract`"),
        ({"calendars": {"a": PLAIN}, "vectors": [{"calendar": "a", "op": "add", "start": "2026-01-01T00:00:00", "seconds": 1}]}, "has no zone"),
        ({"calendars": {"a": PLAIN}, "vectors": [{"calendar": "a", "op": "add", "start": "soon", "seconds": 1}]}, "is not an instant"),
        (
            {"calendars": {"a": PLAIN}, "vectors": [{"calendar": "a", "op": "add", "start": "2026-01-01T00:00:00Z", "seconds": 1.5}]},
            "is not a number of seconds",
        ),
        ({"calendars": {"a": PLAIN}, "vectors": [{"calendar": "a", "op": "add", "start": "2026-01-01T00:00:00Z", "seconds": 10**30}]}, "years 1900 to 2199"),
        ({"calendars": {"a": PLAIN}, "vectors": [{"calendar": "a", "op": "is_open"}]}, "`at` is missing"),
    ],
)
def test_the_command_says_what_is_wrong_with_a_file(tmp_path: Path, content: bytes | dict[str, Any], says: str) -> None:
    file = tmp_path / "wrong.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    ran = CliRunner().invoke(clock, [str(file)])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr.startswith(f"{file}: ")
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_command_says_when_a_file_cannot_be_read(tmp_path: Path) -> None:
    cut = tmp_path / "cut.json.gz"
    cut.write_bytes(gzip.compress(b"{}" * 999)[:20])
    for file in (cut, tmp_path, tmp_path / "absent.json"):
        ran = CliRunner().invoke(clock, [str(file)])
        assert ran.exit_code == 2, ran.output
        assert ran.stderr.startswith(f"{file}: cannot be read: ")


def test_the_command_writes_instants_to_the_microsecond(tmp_path: Path) -> None:
    start = datetime.fromisoformat("2026-03-02T09:00:00.000001Z")
    file = tmp_path / "one.json"
    file.write_text(json.dumps({"calendars": {"a": PLAIN}, "vectors": [{"calendar": "a", "op": "add", "start": start.isoformat(), "seconds": 60}]}))
    assert json.loads(CliRunner().invoke(clock, [str(file)]).stdout) == [{"due": f"{(start + timedelta(seconds=60)).isoformat()[:26]}Z"}]
