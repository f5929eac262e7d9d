"""Rows of any log: each one that is refused is listed with its reason; times, defaults, conditions and promises as the mapping says; XES too."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from portal.errors import Conflict
from portal.intake.replay import run
from portal.intake.replay.log import UnreadableLog
from portal.kpi.fold import fold_all
from portal.kpi.report import report
from portal.unit_of_work import READER, Portal
from tests.ledger.replays import play

HEAD = "id,opened,closed,due,kind,way"
MAPPING = """\
jurisdiction: elsewhere
zone: America/New_York
columns: {external_id: id, opened_at: opened, closed_at: closed, due_at: due, service: kind, channel: way}
services: {Pothole: pothole, Lamp: "*"}
calendar: boston/office
standards: {pothole: 2 business_days}
refuse:
  - {when: 'row["way"] == "test" && service == "pothole"', reason: made for a test}
"""


def taken(portal: Portal, folder: Path, *rows: str, mapping: str = MAPPING, head: str = HEAD) -> run.Outcome:
    (folder / "replay.yaml").write_text(mapping, encoding="utf-8")
    log = folder / "log.csv"
    log.write_bytes("\n".join((head, *rows)).encode("utf-8", "surrogateescape"))
    return play(portal, log, folder / "replay.yaml")


def stored(portal: Portal, what: str) -> list[tuple[Any, ...]]:
    with portal.work(READER) as work:
        return work.sql(f"SELECT {what} FROM cases ORDER BY external_id")


def test_each_refused_row_is_listed_with_its_reason_and_the_rest_is_taken(city: Portal, tmp_path: Path) -> None:
    outcome = taken(
        city,
        tmp_path,
        "1,2015-03-02 10:00,,,Pothole,phone",
        ",2015-03-02 10:00,,,Pothole,phone",
        "3,2015-02-30 10:00,,,Pothole,phone",
        "4,,,,Pothole,phone",
        "5,2015-03-02 10:00,,,Pothole",
        "6,2015-03-02 10:00,,,Pothole,\udcff",
        "1,2015-03-02 10:00,,,Pothole,phone",
        "8,2015-03-02 10:00,,,Bench,phone",
        "9,2015-03-02 10:00,,,Pothole,test",
        "10,2099-03-02 10:00,,,Pothole,phone",
        "11,2015-03-02 10:00,,2055-01-01 00:00,Lamp,",
        "12,1999-03-02 10:00,,1999-03-04 10:00,Pothole,phone",
    )
    assert [(line.number, line.line, line.external_id, line.reason) for line in outcome.refused] == [
        (2, 3, "", "no id"),
        (3, 4, "3", "no such time"),
        (4, 5, "4", "no time of opening"),
        (5, 6, "", "broken row"),
        (6, 7, "", "broken row"),
        (7, 8, "1", "the id stands in the log twice"),
        (8, 9, "8", "service is not mapped"),
        (9, 10, "9", "made for a test"),
        (10, 11, "10", "in the future"),
        (12, 13, "12", "outside the calendar"),
    ]
    assert (outcome.read, outcome.taken) == (12, 2)
    assert stored(city, "external_id, service, agency, channel") == [("1", "pothole", "elsewhere", "phone"), ("11", "Lamp", "elsewhere", "unknown")]


def test_wall_times_the_first_of_an_hour_that_comes_twice_and_past_the_gap_of_one_that_is_left_out(city: Portal, tmp_path: Path) -> None:
    taken(city, tmp_path, "1,2015-11-01 01:30,,,Lamp,", "2,2015-03-08 02:30,,,Lamp,", "3,2015-03-08T02:30:00+01:00,,,Lamp,")
    assert stored(city, "received_at, flags") == [
        (datetime(2015, 11, 1, 5, 30, tzinfo=UTC), []),
        (datetime(2015, 3, 8, 7, 30, tzinfo=UTC), ["time-moved"]),
        (datetime(2015, 3, 8, 1, 30, tzinfo=UTC), []),
    ]


@pytest.mark.parametrize(
    ("mapping", "due", "source", "due_at"),
    [
        (MAPPING, "2015-03-04 10:01:59", "computed", "2015-03-04 15:00"),
        (MAPPING, "2015-03-04 10:02:01", "imported", "2015-03-04 15:02:01"),
        (MAPPING, "", None, None),
        (MAPPING + "absent_due: compute\n", "", "computed", "2015-03-04 15:00"),
        (MAPPING.replace("due_at: due, ", ""), "2015-03-30 10:00", "computed", "2015-03-04 15:00"),
        (MAPPING.replace("pothole: 2", "other: 2"), "2015-03-30 10:00", "imported", "2015-03-30 14:00"),
    ],
)
def test_where_a_promise_comes_from(mapping: str, due: str, source: str | None, due_at: str | None, city: Portal, tmp_path: Path) -> None:
    (request,) = taken(city, tmp_path, f"1,2015-03-02 10:00,,{due},Pothole,phone", mapping=mapping).requests
    assert request.due_source == source
    assert request.due_at == (datetime.fromisoformat(due_at).replace(tzinfo=UTC) if due_at else None)
    assert bool(request.differs) == (source == "imported" and "other" not in mapping)


def test_kept_at_the_last_instant_is_in_time_and_the_next_second_is_not(city: Portal, tmp_path: Path) -> None:
    outcome = taken(
        city,
        tmp_path,
        "1,2015-03-02 10:00,2015-03-04 10:00,2015-03-04 10:00,Lamp,",
        "2,2015-03-02 10:00,2015-03-04 10:00:01,2015-03-04 10:00,Lamp,",
        "3,2015-03-02 10:00,,2015-03-04 10:00,Lamp,",
        "4,2015-03-02 10:00,,2015-03-04 10:00:02,Lamp,",
    )
    assert (outcome.missed, outcome.closed) == (2, 2)
    with city.work(READER) as work:
        found = work.sql("SELECT c.external_id, k.status FROM clocks k JOIN cases c USING (case_id) ORDER BY 1")
        assert work.sql("SELECT count(*) FROM timers WHERE armed") == [(0,)]
    assert found == [("1", "met"), ("2", "missed"), ("3", "missed"), ("4", "running")]


def test_the_same_log_a_month_later_closes_what_was_open(city: Portal, tmp_path: Path) -> None:
    taken(city, tmp_path, "1,2015-03-02 10:00,,2015-03-04 10:00,Lamp,", "2,2015-03-05 10:00,,,Lamp,")
    outcome = taken(city, tmp_path, "1,2015-03-02 10:00,2015-04-01 09:00,2015-03-04 10:00,Lamp,", "2,2015-03-05 10:00,,,Lamp,", "3,2015-04-02 10:00,,,Lamp,")
    assert (outcome.known, outcome.taken, outcome.closed, outcome.missed) == (2, 1, 1, 0)
    assert stored(city, "status") == [("closed",), ("received",), ("received",)]


def test_a_log_that_lacks_a_column_or_ends_too_early_leaves_nothing_behind(city: Portal, tmp_path: Path) -> None:
    with pytest.raises(UnreadableLog, match=r"log\.csv:1:1: there is no column `way`, which .*replay\.yaml:3 takes for `channel`"):
        taken(city, tmp_path, "1,2015-03-02 10:00,,,Lamp", head="id,opened,closed,due,kind")
    with pytest.raises(UnreadableLog, match="2 times"):
        taken(city, tmp_path, "1,2015-03-02 10:00,,,Lamp,,", head=HEAD + ",id")
    packed = gzip.compress("\n".join([HEAD, *(f"{number},2015-03-02 10:00,,,Lamp," for number in range(9999))]).encode())
    (tmp_path / "log.csv").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(UnreadableLog, match="cannot be read on"):
        play(city, tmp_path / "log.csv", tmp_path / "replay.yaml")
    with pytest.raises(UnreadableLog, match=r"nowhere\.csv:1:1"):
        play(city, tmp_path / "nowhere.csv", tmp_path / "replay.yaml")
    assert stored(city, "1") == []


def test_two_runs_of_a_source_do_not_run_at_once(city: Portal, tmp_path: Path) -> None:
    with run._alone(city, "elsewhere"), pytest.raises(Conflict, match="under way"):
        taken(city, tmp_path, "1,2015-03-02 10:00,,,Lamp,")
    assert taken(city, tmp_path, "1,2015-03-02 10:00,,,Lamp,").taken == 1


RECEIPT = """\
jurisdiction: coselog
zone: Europe/Amsterdam
log: {format: xes}
columns:
  external_id: concept:name
  opened_at: "first:time:timestamp"
  closed_at: "last:time:timestamp"
  due_at: deadline
  service: "first:concept:name"
  agency: department
  channel: channel
"""


def test_a_xes_log_is_taken_with_its_own_times(city: Portal, tmp_path: Path, shared_data: Path) -> None:
    wanted = json.loads((shared_data / "event-logs" / "receipt.oracle.json").read_text())
    (tmp_path / "replay.yaml").write_text(RECEIPT)
    log = shared_data / "event-logs" / "receipt.xes.gz"
    outcome = play(city, log, tmp_path / "replay.yaml")
    assert (outcome.read, outcome.taken, outcome.closed, outcome.refused) == (1434, 1434, 1434, [])
    fold_all(city)
    told = {figure["indicator"]: figure["value"] for figure in report(city, jurisdiction="coselog")}
    assert told["duration-median"] == pytest.approx(wanted["throughput_seconds"]["median"])
    assert told["duration-p90"] == pytest.approx(wanted["throughput_seconds"]["p90"])
    assert told["duration-mean"] == pytest.approx(wanted["throughput_seconds"]["mean"])
    by_channel = report(city, jurisdiction="coselog", by=["channel"], indicators=["requests"])
    assert {figure["slice"]["channel"]: figure["value"] for figure in by_channel} == {"Desk": 109, "Intern": 1, "Internet": 1250, "Post": 53, "e-mail": 21}
    assert play(city, log, tmp_path / "replay.yaml").taken == 0


def test_a_xes_mapping_that_names_what_no_trace_has_is_told(city: Portal, tmp_path: Path, shared_data: Path) -> None:
    (tmp_path / "replay.yaml").write_text(RECEIPT.replace("deadline", "dedline"))
    with pytest.raises(UnreadableLog, match="no trace has an attribute `dedline`"):
        play(city, shared_data / "event-logs" / "receipt.xes.gz", tmp_path / "replay.yaml")
    assert stored(city, "1") == []
