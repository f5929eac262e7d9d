"""Wrong secrets lock a reference for who sends them, and not for its holder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr
from werkzeug.test import TestResponse

from portal.app import create_app
from portal.cases import secret
from portal.db import connect
from portal.reactions import REACTIONS
from portal.settings import Settings
from portal.unit_of_work import ANONYMOUS, Portal
from tests.ledger.conftest import SECRET, catalogue
from tests.servers import Database

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
STRANGER, HOLDER, LIBRARY = "203.0.113.9", "198.51.100.7", "192.0.2.44"


class Door:
    def __init__(self, url: str) -> None:
        self.portal = Portal(connect(url), catalogue(), REACTIONS, Settings(PORTAL_MODE="test", secret_key=SecretStr(SECRET), proxies=1))
        self.client = create_app(self.portal).test_client()
        told = self.client.post("/api/v1/cases", json={"text": "The lamp is out"}).json
        assert told
        self.reference, self.secret = told["reference"], told["secret"]

    def ask(self, sender: str, given: str | None = None) -> TestResponse:
        headers = {"Case-Secret": given or self.secret, "X-Forwarded-For": sender}
        return self.client.get(f"/api/v1/cases/{self.reference}", headers=headers)

    def page(self, sender: str, given: str) -> int:
        """Status of the form that opens a case."""
        form = {"reference": self.reference, "secret": given}
        return self.client.post("/cases", data=form, headers={"X-Forwarded-For": sender, "Sec-Fetch-Site": "same-origin"}).status_code

    def tried(self, sender: str, at: datetime = NOW) -> secret.Tries:
        with self.portal.work(ANONYMOUS, at=at) as work:
            return secret.tried(work, self.reference, sender)

    def fail(self, sender: str, at: datetime = NOW, times: int = 1) -> None:
        with self.portal.work(ANONYMOUS, at=at) as work:
            for _ in range(times):
                secret.failed(work, self.reference, sender)

    def prove(self, sender: str, at: datetime = NOW) -> None:
        with self.portal.work(ANONYMOUS, at=at) as work:
            secret.proved(work, self.reference, sender, secret.tried(work, self.reference, sender))


@pytest.fixture
def door(fresh_database: Database) -> Iterator[Door]:
    one = Door(fresh_database.url)
    yield one
    one.portal.engine.dispose()


def test_a_stranger_locks_only_itself_out(door: Door) -> None:
    for _ in range(secret.TRIES):
        assert door.ask(STRANGER, "AAAAA-AAAAA").status_code == 404
    locked = door.ask(STRANGER, "AAAAA-AAAAA")
    assert locked.status_code == 429 and 0 < int(locked.headers["Retry-After"]) <= 15 * 60
    assert door.ask(STRANGER).status_code == 429, "the right secret opens nothing while it is locked: else it could be guessed all the same"
    assert door.page(STRANGER, door.secret) == 429
    assert door.ask(HOLDER).status_code == 200
    assert door.page(LIBRARY, door.secret) == 303


def test_who_moves_about_in_a_network_of_ones_own_is_one_sender(door: Door) -> None:
    for number in range(secret.TRIES):
        door.ask(f"2001:db8:7:1::{number:x}", "AAAAA-AAAAA")
    assert door.ask("2001:db8:7:1:ffff::1").status_code == 429
    assert door.ask("2001:db8:7:2::1").status_code == 200


def test_a_lock_ends_a_quarter_of_an_hour_after_the_last_try(door: Door) -> None:
    door.fail(STRANGER, times=secret.TRIES)
    assert door.tried(STRANGER).until == NOW + secret.LOCKED
    assert door.tried(STRANGER, NOW + secret.LOCKED - timedelta(seconds=1)).until is not None
    assert door.tried(STRANGER, NOW + secret.LOCKED).until is None
    door.fail(STRANGER, NOW + secret.LOCKED)
    assert door.tried(STRANGER, NOW + secret.LOCKED).until is None, "it begins to count anew"


def test_many_senders_together_lock_all_but_those_the_secret_came_from(door: Door) -> None:
    door.prove(HOLDER)
    for number in range(50):
        door.fail(f"10.0.0.{number}", times=secret.ALTOGETHER // 50)
    assert door.tried(LIBRARY).until == NOW + secret.DAY
    assert door.tried(HOLDER).until is None
    later = NOW + secret.DAY - timedelta(seconds=1)
    door.fail(STRANGER, later)
    assert door.tried(LIBRARY, later).until == NOW + secret.DAY, "a day from the first: whoever goes on cannot make it longer"
    assert door.tried(LIBRARY, NOW + secret.DAY).until is None


def test_one_sender_alone_cannot_use_up_what_all_have_together(door: Door) -> None:
    """Even one that comes back at the end of every lock, all day."""
    assert secret.TRIES * (secret.DAY / secret.LOCKED) < secret.ALTOGETHER / 5


def test_where_the_secret_came_from_is_written_once_a_month(door: Door) -> None:
    door.prove(HOLDER)
    assert door.tried(HOLDER).known == NOW + secret.KNOWN
    door.prove(HOLDER, NOW + timedelta(days=29))
    assert door.tried(HOLDER).known == NOW + secret.KNOWN
    door.prove(HOLDER, NOW + timedelta(days=31))
    assert door.tried(HOLDER).known == NOW + timedelta(days=31) + secret.KNOWN


def test_what_is_over_is_forgotten_and_rows_name_nobody(door: Door, fresh_database: Database) -> None:
    for number in range(10):
        door.fail(f"10.0.0.{number}")
    door.fail(STRANGER, NOW + timedelta(days=2))
    with psycopg.connect(fresh_database.superuser_url) as connection:
        rows = connection.execute("SELECT subject FROM secret_tries").fetchall()
    assert len(rows) == 2
    assert STRANGER not in str(rows) and door.reference not in str(rows)
