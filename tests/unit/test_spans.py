"""Spans: a trace goes on from who asks to whom we call; without a collector, or without the extra, nothing of it is there."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from portal.dispatch.handover import carried
from portal.plugins.agency import HttpCall
from portal.settings import Settings
from portal.telemetry import correlation, spans
from portal.wire.http import Guard
from tests.servers import ROOT

NUMBER, SPAN = "0af76519-16cd-43dd-8448-eb211c80319c", "b7ad6b7169203331"
HEADER = f"00-{NUMBER.replace('-', '')}-{SPAN}-01"
SETTINGS = Settings(mode="test")  # type: ignore[call-arg]


@pytest.fixture
def told() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    assert spans.begin("", "test", exporter=exporter)
    yield exporter
    spans.stop()


@pytest.fixture
def agency() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Its address, and the headers of the calls it got."""
    heard: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/orders/canary-anna", heard
    server.shutdown()
    thread.join()
    server.server_close()


def call(url: str) -> None:
    carried(HttpCall("POST", url, {}, b"{}"), Guard.of([url], local=True), SETTINGS, "roads", "key")


def test_a_trace_goes_on_to_whom_we_call(told: InMemorySpanExporter, agency: tuple[str, list[dict[str, str]]]) -> None:
    url, heard = agency
    with correlation.under(NUMBER), spans.span("deliver", "consumer", parent=spans.began_elsewhere(HEADER)):
        call(url)
    client, consumer = told.get_finished_spans()
    assert client.context and consumer.context and client.parent and consumer.parent
    assert f"{client.context.trace_id:032x}" == f"{consumer.context.trace_id:032x}" == NUMBER.replace("-", "")
    assert f"{consumer.parent.span_id:016x}" == SPAN and consumer.parent.is_remote
    assert client.parent.span_id == consumer.context.span_id
    assert heard[0]["traceparent"] == f"00-{NUMBER.replace('-', '')}-{client.context.span_id:016x}-01"
    assert dict(client.attributes or {}) == {"http.request.method": "POST", "server.address": "127.0.0.1", "http.response.status_code": 202}


def test_the_number_of_a_request_is_that_of_its_trace(told: InMemorySpanExporter) -> None:
    with correlation.under(NUMBER), spans.span("first"):
        number, span = spans.here()
    (first,) = told.get_finished_spans()
    assert first.context and first.parent is None
    assert (f"{first.context.trace_id:032x}", f"{first.context.span_id:016x}") == (NUMBER.replace("-", ""), span)
    assert number == NUMBER


def test_what_leaves_because_of_a_timer_has_a_trace_too(told: InMemorySpanExporter) -> None:
    with spans.span("job sweep"):
        number, span = spans.here()
    assert number and span and len(span) == 16
    assert spans.here() == (None, None)


def test_a_failure_is_told_by_its_kind_and_never_by_its_words(told: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="canary"), spans.span("broken"):
        raise ValueError("canary")
    (one,) = told.get_finished_spans()
    assert one.attributes == {"error.type": "ValueError"}
    assert "canary" not in one.to_json() and one.events == ()


def test_what_was_nothing_is_not_told(told: InMemorySpanExporter) -> None:
    with spans.span("look") as one:
        one.kept = False
    assert told.get_finished_spans() == ()


def test_a_share_is_chosen_by_the_number_so_that_all_processes_choose_the_same() -> None:
    numbers = [f"00000000-0000-4000-8000-{each:012x}" for each in range(0, 1 << 48, (1 << 48) // 400)]
    chosen = []
    for _ in range(2):
        exporter = InMemorySpanExporter()
        spans.begin("", "test", share=0.25, exporter=exporter)
        try:
            for number in numbers:
                with correlation.under(number), spans.span("request", parent=SPAN):
                    assert (spans.traceparent() or "").startswith(f"00-{number.replace('-', '')}-")
        finally:
            spans.stop()
        chosen.append({one.context.trace_id for one in exporter.get_finished_spans() if one.context})
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) <= len(numbers)


def test_without_a_collector_nothing_is_told_and_calls_still_carry_the_number(agency: tuple[str, list[dict[str, str]]]) -> None:
    url, heard = agency
    with correlation.under(NUMBER), spans.span("deliver"):
        call(url)
        assert spans.here() == (NUMBER, None)
    assert correlation.taken(heard[0]["traceparent"], None) == NUMBER
    assert spans.begin("", "test") is False


def test_without_the_extra_the_portal_runs_and_says_what_is_missing() -> None:
    """In a process in which OpenTelemetry cannot be found."""
    program = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
from portal.cli.telling import begin
from portal.cli.doctor import traces
from portal.settings import Settings
from portal.telemetry import spans
now = Settings(mode="test", otel_exporter_otlp_endpoint="http://127.0.0.1:4318", log_format="json")
begin(now, "work")
with spans.span("job") as one:
    one.say(any="thing")
    assert spans.here() == (None, None)
(finding,) = traces(now)
assert not finding.well and "onedoor[otel]" in finding.do
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "OpenTelemetry is not installed" in done.stderr


def test_nothing_that_sends_is_loaded_where_no_collector_is_set() -> None:
    """redis-py looks for its own use whether the library is there; we do not."""
    sending = {"portal.telemetry.tracing", "opentelemetry.exporter"}
    program = f"import sys, portal.app, portal.jobs.tasks; portal.app.create_app; assert not {sending} & sys.modules.keys()"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
