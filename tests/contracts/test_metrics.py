"""`/metrics`: shut by default, read by Prometheus's own parser, and names nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from tests.contracts.conftest import is_problem, post
from tests.servers import ROOT, Database

TOKEN = "a-token-for-the-monitoring-1"
AUTH = {"Authorization": f"Bearer {TOKEN}"}


def told(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Name of a sample -> values of its labels, by their names -> value."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(value for _, value in sorted(sample.labels.items()))] = sample.value
    return found


def test_it_is_shut_without_a_token(make: Callable[..., Flask]) -> None:
    is_missing = make().test_client().get("/metrics")
    assert is_missing.status_code == 404
    client = make(metrics_token=SecretStr(TOKEN)).test_client()
    assert client.get("/metrics").status_code == client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 404
    assert make(metrics_token=SecretStr("short")).test_client().get("/metrics", headers={"Authorization": "Bearer short"}).status_code == 404


def test_what_waits_and_what_was_asked(make: Callable[..., Flask], fresh_database: Database, redis_url: str) -> None:
    with psycopg.connect(fresh_database.superuser_url) as database:
        database.execute(
            "INSERT INTO inbox (source, message_id, status, body, received_at, next_at, tries) "
            "VALUES ('roads', 'm1', 'unmatched', '{}', now(), now() - interval '90 seconds', 0)"
        )
        database.execute("INSERT INTO breakers (target, failures, open_until) VALUES ('roads', 7, now() + interval '1 minute')")
    client = make(fresh_database.url, redis_url=redis_url, metrics_token=SecretStr(TOKEN)).test_client()
    client.get("/api/v1/services/canary-anna-muster?q=canary")
    post(client, '{"any": "canary-anna-muster"}')
    answer = client.get("/metrics", headers=AUTH)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert "canary" not in text
    found = told(text)
    assert 89 <= found["onedoor_oldest_overdue_seconds"]["unmatched", "inbox", "roads"] <= 300
    assert found["onedoor_breaker_open"]["roads",] == found["onedoor_database_up"][()] == found["onedoor_redis_up"][()] == 1
    assert found["onedoor_queue_workers"]["portal-1",] == 0
    assert found["onedoor_requests_total"]["GET", "/api/v1/services/<service>", "422"] >= 1
    assert found["onedoor_request_duration_seconds_bucket"]["+Inf", "POST", "/api/v1/probes/echo"] >= 1


def test_servers_away_are_told_and_not_a_fault(make: Callable[..., Flask]) -> None:
    client = make(redis_url="redis://127.0.0.1:1/0", metrics_token=SecretStr(TOKEN)).test_client()
    found = told(client.get("/metrics", headers=AUTH).get_data(as_text=True))
    assert found["onedoor_database_up"][()] == found["onedoor_redis_up"][()] == 0
    assert "onedoor_oldest_overdue_seconds" not in found


def test_processes_that_share_a_folder_are_told_together(tmp_path: Path) -> None:
    count = "from portal.telemetry import counters as c; c.delivered('notice', 'email', 'sent'); c.connections(1)"
    tell = "from portal.telemetry import counters as c; import prometheus_client as p; print(p.generate_latest(c.everything()).decode())"
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(script: str) -> str:
        return subprocess.run([sys.executable, "-c", script], env=environment, cwd=ROOT, check=True, capture_output=True, text=True).stdout

    run(count), run(count)
    found = told(run(tell))
    assert found["onedoor_deliveries_total"]["notice", "sent", "email"] == 2
    assert sum(found.get("onedoor_database_connections_in_use", {}).values()) == 0  # those who held them are gone


def test_the_number_of_a_request_is_that_of_who_asks(make: Callable[..., Flask], capsys: Any) -> None:
    client = make().test_client()
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = client.get("/api/v1/services/none", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert is_problem(answer, 404, "not-found")["instance"] == "urn:uuid:0af76519-16cd-43dd-8448-eb211c80319c"
    assert '"request_id": "0af76519-16cd-43dd-8448-eb211c80319c"' in capsys.readouterr().err
