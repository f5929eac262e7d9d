"""Every setting is described and listed, no secret is shown, and every queue is worked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.catalogue.load import load
from portal.cli.settings_list import listed, settings
from portal.jobs.wake import queue_names, waker
from portal.local.one_machine import Plan, _parts
from portal.settings import Settings
from portal.standards.resolve import resolve


def test_every_setting_is_described() -> None:
    assert len(listed()) == len(Settings.model_fields)
    assert all(row["description"] for row in listed())


def test_values_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do-not-show-this")
    monkeypatch.setenv("DATABASE_URL", "postgresql://someone:do-not-show-this@db/onedoor")
    for arguments in ([], ["--json"]):
        shown = CliRunner().invoke(settings, arguments).output
        assert "SECRET_KEY" in shown
        assert "do-not-show-this" not in shown
    assert next(row for row in json.loads(shown) if row["name"] == "DATABASE_URL")["set"] is True


def test_every_queue_of_wake_ups_is_worked() -> None:
    """What the waker puts jobs on is what `portal up` starts workers for."""
    environment = {
        "SMTP_PORT": "1",
        "SIMULATED_AGENCIES": "http://127.0.0.1:2",
        "SIMULATED_PAYMENTS": "http://127.0.0.1:4",
        "REDIS_URL": "redis://127.0.0.1:3",
        "SMS_ENDPOINT": "http://127.0.0.1:6",
        "SCANNER": "127.0.0.1:7",
    }
    environment["DEVELOPMENT_SIGN_IN"] = "http://127.0.0.1:5"
    for workers in (1, 2, 3):
        parts = _parts(Plan(Path("var"), 1, 2, workers, frozenset({"web", "work", "sweep", "mail", "simulated-agencies", "mailbox"})), environment)
        worked = [part.argv[part.argv.index("--queue") + 1] for part in parts if "--queue" in part.argv]
        assert tuple(worked) == queue_names(workers) == waker(Settings(rq_workers=workers))._names  # type: ignore[call-arg]


def test_every_queue_a_journey_names_exists() -> None:
    catalogue = load(resolve_calendar=resolve)
    named = [(step.agency, step.queue) for journey in catalogue.journeys.values() for step in journey.steps if step.agency and step.queue]
    assert not [(agency, queue) for agency, queue in named if queue not in {one.id for one in catalogue.agencies[agency].queues}]
    assert all(agency.queues for agency in catalogue.agencies.values())
