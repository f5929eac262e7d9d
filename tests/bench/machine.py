"""Durable servers and web processes for a bench: fsync on, the product's own settings, a fresh database, migrated and published."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from portal.local.addresses import PREFIX, private_folder
from portal.local.one_machine import DATABASE, LOGIN, OWNER
from portal.local.postgres import Postgres, cluster
from portal.local.processes import spawn
from portal.local.sweeping import MARK, Broom
from portal.local.valkey import Valkey
from tests.bench.kept import Filled
from tests.servers import ROOT, _until

PORTAL = str(Path(sys.executable).with_name("portal"))


@dataclass
class Machine:
    """Servers that are up, and what was started on them."""

    data: Path
    postgres: Postgres
    environment: dict[str, str]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The database as the portal signs in."""
        return self.environment["DATABASE_URL"]

    @property
    def superuser_url(self) -> str:
        """The database for one who passes row-level security."""
        return self.postgres.url(database=DATABASE)

    def start(self, name: str, *argv: str) -> subprocess.Popen[bytes]:
        """A process of the bench, its output in a log of that name."""
        process = spawn(argv, log=self.data / f"{name}.log", environment=self.environment, directory=str(ROOT))
        self.started.append(process)
        return process

    def serve(self, name: str, port: int, *argv: str) -> subprocess.Popen[bytes]:
        """A web process; waits until it answers at its port."""
        process = self.start(name, *argv)
        _until(lambda: _answers(port), process, self.data / f"{name}.log")
        return process

    def command(self, name: str) -> None:
        """A command of the portal that ends well."""
        done = subprocess.run([PORTAL, name], env=self.environment, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"portal {name} failed:\n{done.stdout}{done.stderr}")


@contextmanager
def machine(filled: Filled | None = None) -> Iterator[Machine]:
    """Start both servers and prepare the database, `filled` where that is asked for; at the end everything is stopped and removed."""
    usual = tempfile.gettempdir()
    data = Path(tempfile.mkdtemp(prefix=f"{PREFIX}bench-", dir=usual if len(usual) < 40 else "/tmp"))
    data.chmod(0o711)
    sockets, mark = private_folder(), secrets.token_hex(8)
    postgres = cluster(data, sockets)
    broom = Broom(mark, places=[postgres.place], remove=[sockets, data, *({postgres.place.parent} - {data})], log=data / "broom.log")
    valkey = Valkey(data / "valkey", sockets)
    environment = {name: value for name, value in os.environ.items() if name not in ("PORT", "DATA", "RQ_WORKERS", "WEB_WORKERS", "WEB_THREADS")}
    environment |= {
        MARK: mark,
        "PORTAL_MODE": "local",
        "SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": postgres.url(LOGIN, DATABASE),
        "OWNER_DATABASE_URL": postgres.url(OWNER, DATABASE),
        "REDIS_URL": valkey.url,
    }
    one = Machine(data, postgres, environment)
    servers: list[subprocess.Popen[bytes]] = []
    try:
        kept = filled is not None and filled.bring(postgres.place)
        postgres.set_up()
        valkey.place.mkdir()
        servers.append(spawn(valkey.argv(), log=data / "valkey.log", environment=environment))
        servers.append(_postgres(one))
        _until(valkey.ready, servers[0], data / "valkey.log")
        postgres.bootstrap(DATABASE, owner=OWNER)
        one.command("migrate")
        one.command("publish")
        if filled is not None and not kept:
            filled.fill(one.superuser_url)
            servers[1].send_signal(signal.SIGINT)
            servers[1].wait(120)
            filled.keep(postgres.place)
            servers[1] = _postgres(one)
        yield one
    finally:
        for process, how in [*((process, signal.SIGTERM) for process in one.started), *zip(servers, (signal.SIGTERM, signal.SIGINT), strict=False)]:
            with suppress(ProcessLookupError):
                process.send_signal(how)
        for process in [*one.started, *servers]:
            process.wait(40)
        broom.end()


def _postgres(one: Machine) -> subprocess.Popen[bytes]:
    server, log = one.postgres, one.data / "postgres.log"
    process = spawn(server.argv(), log=log, environment=one.environment, account=server.account, death=signal.SIGINT, directory="/")
    _until(server.ready, process, log)
    return process


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """User and system time the children of a web process have used: its workers."""
    tick = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(numbers[11]) + int(numbers[12])) / tick
    return total


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return bool(connection.getresponse().status)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
