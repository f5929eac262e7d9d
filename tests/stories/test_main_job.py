"""The main job against everything real: processes, PostgreSQL, Redis protocol, SMTP, signed HTTP both ways."""

from __future__ import annotations

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
import redis

from portal.local.postgres import SUPERUSER
from tests.stories.machine import Machine, eventually, machine

pytestmark = pytest.mark.slow

#: A worker killed in the middle of a call holds its row for the lease of 30 s; then the next sweep finds it.
LEASE_AND_SWEEP = 60

PERMIT = {"number_plate": "1-ABC-234", "home": "Rue Haute 1", "vehicle": "own"}


@pytest.fixture(scope="module")
def city() -> Iterator[Machine]:
    """One machine for the stories of this file."""
    with machine() as one:
        one.start()
        yield one


class Person:
    """Somebody at the API, with a token, a case secret, or neither."""

    def __init__(self, city: Machine, token: str | None = None) -> None:
        self.city, self.token = city, token

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(f"{self.city.url}/api/v1{path}", data=data, method=method, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"null")

    def tasks(self, reference: str) -> list[Any]:
        """What waits for this caseworker on a case."""
        _, found = self.ask("GET", "/tasks?limit=200")
        return [task for task in found["items"] if task["reference"] == reference]

    def finish(self, reference: str, step: str, **how: str) -> None:
        """Waits for a task, claims it and completes it."""
        eventually(lambda: any(task["step"] == step for task in self.tasks(reference)), f"task {step} of {reference}")
        task = next(task for task in self.tasks(reference) if task["step"] == step)
        assert self.ask("POST", f"/tasks/{task['id']}/claim")[0] == 200
        status, told = self.ask("POST", f"/tasks/{task['id']}/complete", how)
        assert status == 200, told


def caseworker(city: Machine, name: str) -> Person:
    """A sample person, signed in."""
    return Person(city, city.run("token", "--as", name).stdout.strip())


def start(city: Machine, **body: Any) -> tuple[str, dict[str, str]]:
    """A new request: its reference, and the header that proves it is ours."""
    status, told = Person(city).ask("POST", "/cases", body)
    assert status == 201, told
    return told["reference"], {"Case_Secret": told["secret"]}


def case(city: Machine, reference: str, proof: dict[str, str]) -> dict[str, Any]:
    """Where it stands, as its party sees it."""
    status, told = Person(city).ask("GET", f"/cases/{reference}", **proof)
    assert status == 200, told
    shown: dict[str, Any] = told
    return shown


def events(city: Machine, reference: str, clerk: Person) -> list[str]:
    """Types of its events, in order."""
    return [event["type"] for event in clerk.ask("GET", f"/cases/{reference}/events?limit=200")[1]["items"]]


def figure(city: Machine, indicator: str) -> float:
    """A figure of the demo city."""
    found = json.loads(city.run("kpi", "--json").stdout)
    return float(next(one["value"] or 0 for one in found if one["indicator"] == indicator and not one["slice"]))


def test_a_request_goes_all_the_way(city: Machine) -> None:
    clerk = caseworker(city, "city-council-desk")
    closed = figure(city, "closed")
    reference, proof = start(city, service="resident-parking-permit", answers=PERMIT, contact={"email": "ann@citizen.example"}, language="fr")
    promised = case(city, reference, proof)["promise"]
    assert promised["status"] == "running"
    assert promised["says"]
    clerk.finish(reference, "assess")
    clerk.finish(reference, "decide", outcome="granted", reasons="Tout est en ordre.")
    shown = case(city, reference, proof)
    assert (shown["status"], shown["outcome"], shown["promise"]["status"]) == ("closed", "granted", "met")
    eventually(lambda: reference in mailbox(city, "closed"), "the mail that says it is closed")
    told = events(city, reference, clerk)
    for type in ("CaseOpened", "DeliverySent", "AgencyReported", "JoinReached", "CaseDecided", "StandardMet", "CaseClosed", "PartyNotified"):
        assert type in told, told
    assert Person(city).ask("POST", f"/cases/{reference}/feedback", {"score": 5, "words": "Rapide."}, **proof)[0] == 201
    assert figure(city, "closed") == closed + 1
    assert city.run("verify").returncode == 0
    assert city.run("rebuild", "--compare").returncode == 0


def mailbox(city: Machine, _: str) -> str:
    """All mail that left, as text."""
    return "\n".join(path.read_text(errors="replace") for path in sorted((city.data / "mailbox").rglob("*")) if path.is_file())


def test_one_sentence_is_enough_and_the_wrong_door_finds_the_right_one(city: Machine) -> None:
    triage = caseworker(city, "front-office-triage")
    reference, proof = start(city, text="My neighbour keeps painting the fence purple and I do not know whom to ask")
    assert case(city, reference, proof)["service"] is None
    triage.finish(reference, "find-door", service="noise-complaint")
    shown = case(city, reference, proof)
    assert shown["service"] == "noise-complaint"
    assert shown["agency"] != "front-office"


def test_danger_is_answered_at_once_and_somebody_is_paged(city: Machine) -> None:
    status, told = Person(city).ask("POST", "/cases", {"text": "I smell gas in the kitchen, please help"})
    assert status == 201
    assert told["emergency"]["number"] == "112"
    assert "112" in told["emergency"]["says"]
    eventually(lambda: "duty" in mailbox(city, "page"), "the page to the duty person")
    duty = caseworker(city, f"{told['agency']}-safety" if told["agency"] == "city-council" else "duty")
    status, answer = duty.ask("POST", f"/cases/{told['reference']}/acknowledgement")
    assert status == 204, answer


def workers(city: Machine) -> list[int]:
    """Process ids of the RQ workers."""
    return [pid for pid, line in city.processes().items() if " work " in line]


def test_workers_killed_and_redis_emptied_delay_and_lose_nothing(city: Machine) -> None:
    clerk = caseworker(city, "city-council-desk")
    bus = redis.Redis.from_url(city.running()["environment"]["REDIS_URL"])
    sent = []
    for number in range(6):
        sent.append(start(city, service="resident-parking-permit", answers=PERMIT, contact={"email": f"p{number}@citizen.example"}))
        bus.flushall()
        for pid in workers(city):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    for reference, _ in sent:
        eventually(
            lambda reference=reference: "AgencyReported" in events(city, reference, clerk), f"the agency's report on {reference}", seconds=LEASE_AND_SWEEP
        )  # type: ignore[misc]
        told = events(city, reference, clerk)
        assert told.count("DeliverySent") == 1
        assert told.count("AgencyReported") == 1
    eventually(lambda: len(workers(city)) >= 2, "the workers are back")


def test_a_promise_nobody_keeps_is_recorded_as_missed_within_seconds(city: Machine) -> None:
    clerk = caseworker(city, "city-council-desk")
    reference, proof = start(city, service="resident-parking-permit", answers=PERMIT)
    with psycopg.connect(city.running()["environment"]["DATABASE_URL"], user=SUPERUSER) as connection:
        own = "case_id = (SELECT case_id FROM case_references WHERE reference = %s)"
        connection.execute(f"UPDATE clocks SET due_at = now() + interval '1 second' WHERE covers = 'case' AND {own}", (reference,))
        connection.execute(f"UPDATE timers SET due_at = now() + interval '1 second' WHERE kind = 'breach' AND {own}", (reference,))
    eventually(lambda: "StandardMissed" in events(city, reference, clerk), "the missed promise", seconds=6)
    assert case(city, reference, proof)["promise"]["status"] == "missed"


def test_a_body_of_ten_megabytes_is_refused_and_the_refusal_is_heard(city: Machine) -> None:
    """By a client that writes everything before it reads, as most do."""
    status, told = Person(city).ask("POST", "/cases", {"text": "x" * 10_000_000})
    assert (status, told["type"]) == (413, "/docs/problems/too-large")
    assert start(city, text="It still answers")[0]
