"""The whole portal on one machine: it starts, keeps its parts running and its data, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
import redis

from portal.cli import COMMANDS
from tests.stories.machine import Machine, eventually, machine

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks at processes through /proc")]


@pytest.fixture(scope="module")
def up() -> Iterator[Machine]:
    """A portal that runs; the tests of this module that only look at it share it."""
    with machine() as one:
        one.start()
        yield one


@pytest.fixture
def alone() -> Iterator[Machine]:
    """A folder nothing runs on yet."""
    with machine() as one:
        yield one


def test_it_says_where_it_is_and_answers(up: Machine) -> None:
    assert up.said[-1] == f"ready {up.url}"
    assert any("portal token --as NAME" in line for line in up.said)
    assert up.answers()
    running = up.running()
    assert up.process is not None
    assert running["pid"] == up.process.pid
    assert os.stat(up.data / "running.json").st_mode & 0o777 == 0o600
    beside = {"mail", "development-sign-in", "simulated-agencies", "simulated-payments", "simulated-texts", "simulated-scanner"}
    there = beside & {name for name, line in COMMANDS.items() if find_spec(line.module)}
    assert set(running["parts"]) == {"postgres", "valkey", "web", "work-1", "work-2", "sweep", "mailbox"} | there


def test_its_servers_are_found_by_address(up: Machine) -> None:
    environment = up.running()["environment"]
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        assert client.ping()


def test_a_second_start_on_the_same_folder_is_refused(up: Machine) -> None:
    again = up.run("up", "--port", str(up.port), "--mail-port", str(up.mail_port))
    assert again.returncode == 1
    assert "already" in again.stderr
    assert up.url in again.stderr
    assert up.answers()


@pytest.mark.parametrize("name", ["mailbox", "valkey", "postgres", "work-1"])
def test_a_part_that_dies_is_started_again(up: Machine, name: str) -> None:
    before = up.running()["parts"][name]
    os.kill(before, signal.SIGKILL)
    eventually(lambda: up.running()["parts"].get(name, before) != before, f"{name} runs again")
    eventually(up.answers, "the web answers again")


def test_people_tokens_and_the_mailbox(up: Machine) -> None:
    listed = json.loads(up.run("people", "--json").stdout)
    assert {"citizen", "caseworker", "triage", "champion", "administrator"} <= {role for person in listed for role in person["roles"]}
    assert up.run("token", "--as", "alice").stdout.count(".") == 2
    nobody = up.run("token", "--as", "nobody-of-that-name")
    assert nobody.returncode == 1
    assert "alice" in nobody.stderr

    port = int(up.running()["environment"]["SMTP_PORT"])

    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "portal@localhost", "zoé@example.org", "Reçu"
    mail.set_content("Bien reçu.")

    def sent() -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
                client.send_message(mail)
        except OSError:
            return False
        return True

    eventually(sent, "the mailbox takes a mail")
    mine = [line for line in up.run("mailbox", "--list").stdout.splitlines() if "zoé@example.org" in line]
    assert len(mine) == 1
    assert "Bien reçu." in up.run("mailbox", "--show", mine[0].split("\t")[0]).stdout


def test_data_outlive_a_stop_and_a_kill(alone: Machine) -> None:
    alone.start()
    with psycopg.connect(alone.running()["environment"]["OWNER_DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('one')")
    secret = alone.running()["environment"]["SECRET_KEY"]
    for how in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT):
        code = alone.stop(how)
        assert code == (-signal.SIGKILL if how is signal.SIGKILL else 0)
        eventually(lambda: not alone.processes(), f"all gone after {how.name}")
        assert not alone.answers()
        assert not (alone.data / "running.json").exists()
        alone.start()
        with psycopg.connect(alone.running()["environment"]["OWNER_DATABASE_URL"]) as connection:
            assert connection.execute("SELECT word FROM kept").fetchall() == [("one",)]
        assert alone.running()["environment"]["SECRET_KEY"] == secret


def test_killed_while_it_starts_it_leaves_nothing_and_starts_again(alone: Machine) -> None:
    alone.launch()
    eventually(lambda: (alone.data / "postgres").exists(), "PostgreSQL has its folder")
    alone.stop(signal.SIGKILL)
    eventually(lambda: not alone.processes(), "all gone")
    alone.start()


def test_it_ends_with_the_command_that_started_it(alone: Machine) -> None:
    """`make run` killed hard: make cannot tell its child."""
    wrapper = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    alone.start(sys.executable, "-c", wrapper, more=("--with-parent",))
    alone.stop(signal.SIGKILL)
    eventually(lambda: not alone.processes(), "all gone")


@pytest.mark.parametrize("taken", ["port", "mail_port"])
def test_a_port_in_use_is_named_before_anything_starts(alone: Machine, taken: str) -> None:
    number = getattr(alone, taken)
    with socket.create_server(("127.0.0.1", number)):
        refused = alone.run("up", "--port", str(alone.port), "--mail-port", str(alone.mail_port))
    assert refused.returncode == 1
    assert str(number) in refused.stderr
    assert f"{'PORT' if taken == 'port' else 'MAIL_PORT'}=" in refused.stderr
    assert not (alone.data / "postgres").exists()
