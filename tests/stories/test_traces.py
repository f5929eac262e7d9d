"""One request as a collector sees it: from who asks, over the rows that leave, to the agency and its report; through real processes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.local.addresses import free_port, listening
from tests.servers import ROOT
from tests.stories.collector import spans
from tests.stories.machine import Machine, eventually, machine
from tests.stories.test_main_job import start

pytestmark = pytest.mark.slow

TRACE, ASKING = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
#: All that spans may say: names, patterns, counts.
MAY_SAY = {
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "server.address",
    "db.system.name",
    "error.type",
    "onedoor.scope",
    "onedoor.cases",
    "onedoor.events",
    "onedoor.done",
    "onedoor.kind",
    "onedoor.target",
    "onedoor.attempt",
    "onedoor.result",
}


@pytest.fixture(scope="module")
def city() -> Iterator[tuple[Machine, Path]]:
    with tempfile.TemporaryDirectory(prefix="onedoor-spans-") as place, machine() as one:
        port = free_port()
        collector = subprocess.Popen([sys.executable, "-m", "tests.stories.collector", str(port), place], cwd=ROOT)
        try:
            eventually(lambda: listening(port), "the collector listens")
            one.settings |= {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_BSP_SCHEDULE_DELAY": "200"}
            one.start()
            yield one, Path(place)
        finally:
            collector.kill()
            collector.wait()


def test_a_request_is_one_trace_from_who_asks_to_the_agency(city: tuple[Machine, Path]) -> None:
    machine, place = city
    asked = {"traceparent": f"00-{TRACE}-{ASKING}-01"}
    status, told = _post(machine, asked, {"service": "pothole", "answers": {"place": "canary-anna Rue Haute 1"}, "contact": {"email": "canary-anna@x.example"}})
    assert status == 201, told

    def mine() -> dict[str, dict[str, Any]]:
        return {one["id"]: one for one in spans(place) if one["trace"] == TRACE}

    wanted = {"POST /api/v1/cases", "deliver delivery", "POST", "deliver notice", "SMTP", "unit of work"}
    eventually(lambda: wanted <= {one["name"] for one in mine().values()}, f"the spans {wanted}; there are {sorted(one['name'] for one in mine().values())}")
    found = mine()
    root = next(one for one in found.values() if one["name"] == "POST /api/v1/cases")
    assert (root["parent"], root["part"], root["attributes"]["http.response.status_code"]) == (ASKING, "web", 201)
    for one in found.values():
        assert one["parent"] in {*found, ASKING}, one
    delivery = next(one for one in found.values() if one["name"] == "deliver delivery")
    assert (delivery["attributes"]["onedoor.target"], delivery["attributes"]["onedoor.result"]) == ("roads", "sent")
    assert delivery["part"] in ("work", "sweep")
    assert any(one["name"] == "POST" and one["parent"] == delivery["id"] for one in found.values())


def test_no_span_says_more_than_names_patterns_and_counts(city: tuple[Machine, Path]) -> None:
    machine, place = city
    reference, proof = start(machine, service="noise-complaint", answers={"source_place": "canary-anna", "noise": "animals", "times": "nights"})
    _post(machine, proof, {"words": "canary-anna"}, f"/api/v1/cases/{reference}/messages?canary-anna=1")
    eventually(lambda: any(one["name"] == "POST /api/v1/cases/<reference>/messages" for one in spans(place)), "the span of the message")
    everything = b"".join(file.read_bytes() for file in place.glob("*.spans"))
    assert b"canary-anna" not in everything
    assert reference.encode() not in everything
    assert {name for one in spans(place) for name in one["attributes"]} <= MAY_SAY


def _post(machine: Machine, headers: dict[str, str], body: Any, path: str = "/api/v1/cases") -> tuple[int, Any]:
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    try:
        with urllib.request.urlopen(urllib.request.Request(machine.url + path, json.dumps(body).encode(), sent), timeout=20) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read() or b"null")
