"""The number of a request, lines of the log, and clocks that cannot be trusted."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest

from portal.jobs.clocks import HELD, Clocks
from portal.telemetry import correlation
from portal.telemetry.log import _Line, _plain

TRACE = "0af7651916cd43dd8448eb211c80319c"
AS_UUID = "0af76519-16cd-43dd-8448-eb211c80319c"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("traceparent", "request_id", "expected"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", None, AS_UUID),
        (f"00-{TRACE}-b7ad6b7169203331-01", "11111111-2222-4333-8444-555555555555", AS_UUID),
        (None, "11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-555555555555"),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", None, None),
        (f"ff-{TRACE}-b7ad6b7169203331-01", None, None),
        (f"00-{TRACE.upper()}-b7ad6b7169203331-01", None, None),
        ("anna.muster@example.org", "Anna\r\nevent=forged", None),
    ],
)
def test_a_number_is_taken_only_where_it_is_one(traceparent: str | None, request_id: str | None, expected: str | None) -> None:
    found = correlation.taken(traceparent, request_id)
    if expected is None:
        assert found not in (traceparent, request_id) and len(found) == 36 and "Anna" not in found
    else:
        assert found == expected


def test_it_goes_on_as_a_header_of_the_same_trace() -> None:
    assert correlation.taken(correlation.traceparent(AS_UUID), None) == AS_UUID


def test_nothing_begins_a_line_of_its_own() -> None:
    hostile = "x\r\n2026-01-01 error forged\x1b[2J\u2028"
    plain = _plain(None, "", {"timestamp": "t", "level": "info", "event": hostile, "place": hostile, "n": 3})
    assert plain.isprintable() and plain.isascii()
    assert len(plain.splitlines()) == 1


@pytest.mark.parametrize(("logger", "said"), [("portal.jobs", "no worker on Anna"), ("rq.worker", "no worker on %s")])
def test_of_libraries_only_the_pattern_is_written(logger: str, said: str) -> None:
    record = logging.LogRecord(logger, logging.INFO, "f.py", 1, "no worker on %s", ("Anna",), None)
    with correlation.under(AS_UUID):
        line = json.loads(_Line("json").format(record))
    assert (line["event"], line["request_id"], line["timestamp"][-1]) == (said, AS_UUID, "Z")


class Watch:
    """Two clocks one sets by hand."""

    def __init__(self) -> None:
        self.here, self.moment = NOON, 1000.0
        self.clocks = Clocks(here=lambda: self.here, steady=lambda: self.moment)

    def pass_(self, seconds: float) -> None:
        self.here += timedelta(seconds=seconds)
        self.moment += seconds


@pytest.mark.parametrize("days", [3, -3])
def test_a_machine_whose_clock_is_wrong_fires_nothing(days: int, caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch()
    assert watch.clocks.trusted(NOON)
    assert not watch.clocks.trusted(NOON + timedelta(days=days)) or pytest.fail("fired by a wrong clock")
    watch = Watch()
    watch.here += timedelta(days=days)
    assert not watch.clocks.trusted(NOON)
    assert not watch.clocks.trusted(NOON)
    assert len([line for line in caplog.messages if "apart" in line and "259200" in line]) == 2
    watch.here = NOON
    assert watch.clocks.trusted(NOON)


def test_after_a_jump_of_the_database_nothing_fires_for_a_while() -> None:
    watch = Watch()
    assert watch.clocks.trusted(NOON)
    watch.here += timedelta(hours=1)  # both wall clocks jump together, steady time does not
    jumped = NOON + timedelta(hours=1)
    assert not watch.clocks.trusted(jumped)
    watch.pass_(HELD - 1)
    assert not watch.clocks.trusted(watch.here)
    watch.pass_(1)
    assert watch.clocks.trusted(watch.here)


def test_drift_and_a_long_silence_are_no_jump() -> None:
    watch = Watch()
    assert watch.clocks.trusted(NOON)
    watch.pass_(7200)
    assert watch.clocks.trusted(watch.here + timedelta(seconds=2))
