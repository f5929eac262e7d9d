"""A connection that dies in the middle of a request: done once more where nothing was stored, told as unknown where the commit was under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask, request

from portal.api import docs, problems
from portal.app import once_more
from portal.db import connect, new_id
from portal.intake.receive import Submission, receive
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.unit_of_work import ANONYMOUS, RELAY, Portal, Work
from portal.unit_of_work.portal import committed
from tests.ledger.conftest import SECRET, catalogue
from tests.servers import Database

PLACE = "/api/v1/planted"


class Door:
    """One view of the test's own around real units of work; `die` ends the session it works on, as a restart does."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.portal = Portal(connect(database.url), catalogue(), REACTIONS, Settings(mode="test", secret_key=SECRET))  # type: ignore[arg-type]
        self.tries = 0

    def die(self, work: Work) -> None:
        ((pid,),) = work.sql("SELECT pg_backend_pid()")
        with psycopg.connect(self.database.superuser_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    def start(self, work: Work) -> None:
        receive(work, Submission(service="pothole", answers={"place": "Rue Haute 1"}), case_id=next(iter(work._new_cases)))

    def cases(self) -> int:
        with psycopg.connect(self.database.superuser_url) as other:
            (found,) = other.execute("SELECT count(*) FROM cases").fetchone() or (0,)
            return int(found)

    def post(self, view: Callable[[], Any]) -> Any:
        """The answer to one POST of that view."""
        app = Flask("planted")
        problems.install(app, docs.error_page)
        app.add_url_rule(PLACE, "planted", view, methods=["POST"])
        once_more.install(app)
        return app.test_client().post(PLACE, json={"words": "kept"})


@pytest.fixture
def door(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setattr(once_more, "PAUSE", 0.0)
    one = Door(fresh_database)
    yield one
    one.portal.engine.dispose()


def test_what_was_not_stored_is_done_once_more_with_the_same_body(door: Door) -> None:
    def view() -> dict[str, Any]:
        door.tries += 1
        with door.portal.work(ANONYMOUS, new_cases=[new_id()]) as work:
            if door.tries == 1:
                door.die(work)
                work.sql("SELECT 1")
            door.start(work)
        return {"words": request.get_json()["words"]}

    found = door.post(view)
    assert (found.status_code, found.json, door.tries, door.cases()) == (200, {"words": "kept"}, 2, 1)


def test_it_is_tried_twice_and_no_more(door: Door) -> None:
    def view() -> dict[str, Any]:
        door.tries += 1
        with door.portal.work(RELAY) as work:
            door.die(work)
            work.sql("SELECT 1")
        return {}

    found = door.post(view)
    assert (found.status_code, found.json["retryable"], found.headers["Retry-After"], door.tries) == (503, True, "2", 2)


def test_what_was_stored_is_not_stored_again(door: Door) -> None:
    def view() -> dict[str, Any]:
        door.tries += 1
        with door.portal.work(ANONYMOUS, new_cases=[new_id()]) as work:
            door.start(work)
        with door.portal.work(RELAY) as work:
            door.die(work)
            work.sql("SELECT 1")
        return {}

    found = door.post(view)
    assert (found.status_code, door.tries, door.cases()) == (503, 1, 1)


def test_a_commit_whose_answer_is_lost_is_told_as_unknown(door: Door) -> None:
    def view() -> dict[str, Any]:
        door.tries += 1
        with door.portal.work(ANONYMOUS, new_cases=[new_id()]) as work:
            door.start(work)
            door.die(work)
        return {}

    before = committed()
    found = door.post(view)
    assert (found.status_code, door.tries, committed()) == (503, 1, before)
    assert "same Idempotency-Key" in found.json["detail"]
    assert found.headers["Retry-After"] == "2"


def test_other_failures_are_not_tried_again(door: Door) -> None:
    def view() -> dict[str, Any]:
        door.tries += 1
        raise psycopg.errors.QueryCanceled("too slow")

    assert (door.post(view).status_code, door.tries) == (503, 1)
