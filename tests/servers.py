"""Real servers for tests: one PostgreSQL and one Valkey for each pytest process, started when first asked for, gone when it ends, however it ends."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from portal.local.addresses import PREFIX, private_folder
from portal.local.one_machine import LOGIN, OWNER
from portal.local.postgres import Postgres, cluster, installed_binaries
from portal.local.processes import spawn, tail
from portal.local.sweeping import MARK, Broom
from portal.local.valkey import Valkey

ROOT = Path(__file__).parent.parent
#: `installed`: run on the machine's own PostgreSQL (15 or newer) instead of the embedded one.
CHOICE = "ONEDOOR_TEST_PG"
TEMPLATE = "onedoor_template"


@dataclass(frozen=True)
class Database:
    """A migrated database: `url` signs in as the portal does, `owner_url` as the owner of the tables, `superuser_url` passes row-level security."""

    name: str
    url: str
    owner_url: str
    superuser_url: str


@dataclass(frozen=True)
class Servers:
    """Both servers, up."""

    postgres: Postgres
    redis_url: str

    def database(self, name: str | None = None) -> Database:
        """A new database, migrated: a copy of the template, some 50 ms."""
        name = name or f"t_{secrets.token_hex(6)}"
        self._as_superuser("CREATE DATABASE {} TEMPLATE {} OWNER {}", name, TEMPLATE, OWNER)
        return Database(name, self.postgres.url(LOGIN, name), self.postgres.url(OWNER, name), self.postgres.url(database=name))

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self._as_superuser("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _as_superuser(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.postgres.url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def migrate(postgres: Postgres, database: str) -> None:
    """Bring a database to its newest form, with the command an operator uses."""
    environment = {**os.environ, "PORTAL_MODE": "test", "DATABASE_URL": postgres.url(LOGIN, database), "OWNER_DATABASE_URL": postgres.url(OWNER, database)}
    done = subprocess.run([sys.executable, "-c", "from portal.cli import main; main()", "migrate"], env=environment, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"the test database could not be migrated:\n{done.stdout}{done.stderr}")


def chosen_binaries() -> Path | None:
    """None: the embedded ones."""
    if os.environ.get(CHOICE) != "installed":
        return None
    found = installed_binaries()
    if found is None:
        raise RuntimeError(f"{CHOICE}=installed, but no PostgreSQL 15 or newer lies under /usr/lib/postgresql")
    return found


@contextmanager
def running_servers(binaries: Path | None = None) -> Iterator[Servers]:
    """Start both, make the migrated template, and stop them at the end. Their data may be lost with the machine: fsync is off."""
    usual = tempfile.gettempdir()
    data = Path(tempfile.mkdtemp(prefix=f"{PREFIX}test-", dir=usual if len(usual) < 40 else "/tmp"))
    data.chmod(0o711)
    sockets, mark = private_folder(), secrets.token_hex(8)
    postgres = cluster(data, sockets, binaries=binaries, durable=False)
    leftovers = [sockets, data, *({postgres.place.parent} - {data})]
    broom = Broom(mark, places=[postgres.place], remove=leftovers, log=data / "broom.log")
    valkey = Valkey(data / "valkey", sockets)
    environment = {**os.environ, MARK: mark}
    started: list[subprocess.Popen[bytes]] = []
    try:
        postgres.set_up()
        valkey.place.mkdir()
        started.append(spawn(valkey.argv(), log=data / "valkey.log", environment=environment))
        started.append(spawn(postgres.argv(), log=data / "postgres.log", environment=environment, account=postgres.account, death=signal.SIGINT, directory="/"))
        _until(valkey.ready, started[0], data / "valkey.log")
        _until(postgres.ready, started[1], data / "postgres.log")
        postgres.bootstrap(TEMPLATE, owner=OWNER)
        migrate(postgres, TEMPLATE)
        yield Servers(postgres, valkey.url)
    finally:
        for process, how in zip(started, (signal.SIGTERM, signal.SIGINT), strict=False):
            process.send_signal(how)
        for process in started:
            process.wait(20)
        broom.end()


def _until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"a test server did not start:\n{tail(log)}")
        time.sleep(0.02)
