"""The portal of a storm: PostgreSQL with fsync on behind a proxy, Valkey, and every part as a real process that may be killed and comes back."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from portal.catalogue.load import load
from portal.local.addresses import free_port, listening, private_folder
from portal.local.one_machine import DATABASE, LOGIN, OWNER
from portal.local.own_files import agency_secrets, secret_key
from portal.local.people import Person, front_office, people
from portal.local.postgres import Postgres, cluster
from portal.local.processes import spawn, tail
from portal.local.signin import AUDIENCE, ISSUER, issue, keys
from portal.local.sweeping import MARK, Broom
from portal.local.valkey import Valkey
from tests.servers import ROOT
from tests.stories.machine import CLEAN

WORKERS = 3
#: Seconds PostgreSQL may take to come back (crash recovery), and anything else.
PATIENCE = 90.0
_SERVER = {"LC_ALL": "C", "HOME": "/", "PATH": "/usr/bin:/bin"}


@dataclass
class Line:
    """A helper process that answers each line with one."""

    process: subprocess.Popen[str]

    def ask(self, line: str) -> str:
        """Its answer; RuntimeError where it is gone."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.heard()

    def heard(self) -> str:
        """Its next line."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        if not said:
            raise RuntimeError(f"{self.process.args!r} ended")
        return said

    def end(self) -> None:
        """It ends with its input."""
        self.process.kill()
        self.process.communicate()


@dataclass
class Rig:
    """All that runs. `tend` is called again and again by the thread that made it: what was killed comes back."""

    data: Path
    postgres: Postgres
    valkey: Valkey
    environment: dict[str, str]
    mark: str
    port: int
    proxy: Line
    servers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    nursery: Line | None = None
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pids: dict[str, int] = field(default_factory=dict)
    restarts: int = 0

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        """The database itself, past the proxy and row-level security: for the checker."""
        return self.postgres.url(database=DATABASE)

    @property
    def ledger(self) -> Path:
        """What the simulated agencies wrote down."""
        return self.data / "simulated-agencies" / "ledger.sqlite"

    def start_server(self, name: str) -> None:
        """PostgreSQL or Valkey."""
        if name == "postgres":
            self.postgres._clear_stale_pid()
            how: dict[str, Any] = {"account": self.postgres.account, "death": signal.SIGINT, "directory": "/"}
            argv = [*self.postgres.argv(), "-c", "log_min_messages=warning"]
        else:
            how, argv = {}, self.valkey.argv()
        self.servers[name] = spawn(argv, log=self.data / f"{name}.log", environment={**_SERVER, MARK: self.mark}, **how)

    def start_part(self, name: str) -> None:
        """Forked by the nursery."""
        assert self.nursery is not None
        self.pids[name] = int(self.nursery.ask(" ".join((str(self.data / f"{name}.log"), *self.parts[name]))))

    def tend(self) -> None:
        """Starts again what is gone."""
        for name, process in self.servers.items():
            if process.poll() is not None:
                self.restarts += 1
                self.start_server(name)
        for name, pid in self.pids.items():
            if not _alive(pid):
                self.restarts += 1
                self.start_part(name)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL, *, group: bool = True) -> None:
        """A signal to a part, and to all it forked."""
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.pids[name], how)

    def web_workers(self) -> list[int]:
        """Processes that serve requests, forked by the web server."""
        try:
            return [int(pid) for pid in Path(f"/proc/{self.pids['web']}/task/{self.pids['web']}/children").read_text().split()]
        except OSError:
            return []

    def wait(self, holds: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
        """Tends until it holds."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds:g} s: {what}\n{self.logs()}")
            self.tend()
            time.sleep(0.05)

    def logs(self) -> str:
        """The end of every log."""
        return "\n".join(f"--- {log.name}\n{tail(log)}" for log in sorted(self.data.glob("*.log")))

    def healthy(self) -> bool:
        """Whether the web says it is ready."""
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def token(self, id: str) -> str:
        """A bearer token of a sample person."""
        everybody: list[Person] = people(CATALOGUE.agencies.values(), front_office(CATALOGUE))
        return issue(next(one for one in everybody if one.id == id), self.data)

    def behave(self, **how: str) -> None:
        """How the simulated agencies behave; underscores stand for hyphens, `all` for every one."""
        told = {name.replace("_", "-").replace("all", "*"): value for name, value in how.items()}
        request = urllib.request.Request(f"{self.environment['SIMULATED_AGENCIES']}/control", json.dumps(told).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def command(self, *arguments: str) -> None:
        """A command of the portal that ends, straight to the database."""
        straight = {"DATABASE_URL": self.postgres.url(LOGIN, DATABASE)}
        line = [sys.executable, "-c", "from portal.cli import main; main()", *arguments]
        done = subprocess.run(line, env={**self.environment, **straight}, cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"portal {' '.join(arguments)}: {done.stdout}{done.stderr}")


CATALOGUE = load()


def _alive(pid: int) -> bool:
    try:
        return (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]) != "Z"
    except OSError:
        return False


@contextmanager
def rig(*, seed: int = 0, workers: int = WORKERS, disk: int | None = None) -> Iterator[Rig]:
    """Everything up and ready; all of it is gone at the end, however it ends. `disk`: MiB of a disk of PostgreSQL's own (NoDisk where none can be made)."""
    data = Path(tempfile.mkdtemp(prefix="onedoor-storm-", dir="/tmp"))
    data.chmod(0o711)
    sockets, through, mark = private_folder(), private_folder(), secrets.token_hex(8)
    room = _own_disk(data, disk) if disk else data
    postgres, valkey = cluster(room, sockets), Valkey(data / "valkey", sockets)
    leftovers = [sockets, through, data, *({postgres.place.parent} - {data})]
    broom = Broom(mark, places=[postgres.place], remove=leftovers, log=data / "broom.log")
    valkey.place.mkdir()
    port = free_port()
    environment = _environment(data, port, postgres, valkey, through, mark, workers)
    proxy = _line("tests.storm.proxy", str(through / ".s.PGSQL.5432"), str(sockets / ".s.PGSQL.5432"), str(seed), environment=environment)
    one = Rig(data, postgres, valkey, environment, mark, port, proxy)
    try:
        postgres.set_up()
        for name in ("postgres", "valkey"):
            one.start_server(name)
        one.wait(lambda: postgres.ready() and valkey.ready(), "the servers are up")
        postgres.bootstrap(DATABASE, owner=OWNER)
        for command in ("migrate", "publish"):
            one.command(command)
        one.nursery = _line("tests.storm.nursery", environment=environment)
        _start_parts(one, workers)
        yield one
    finally:
        _stop(one)
        if disk:
            subprocess.run(["umount", "-l", str(room)], check=False)
        broom.end()


class NoDisk(RuntimeError):
    """This place does not let us mount a small disk."""


def _own_disk(data: Path, size: int) -> Path:
    room = data / "disk"
    room.mkdir(mode=0o711)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=0711", "tmpfs", str(room)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as missing:
        raise NoDisk(str(missing)) from missing
    if done.returncode != 0:
        data.joinpath("disk").rmdir()
        data.rmdir()
        raise NoDisk(done.stderr.strip())
    return room


def _line(module: str, *arguments: str, environment: dict[str, str]) -> Line:
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
    line = Line(process)
    said = line.heard()
    assert said == "ready", said
    return line


def _environment(data: Path, port: int, postgres: Postgres, valkey: Valkey, through: Path, mark: str, workers: int) -> dict[str, str]:
    """Settings of every part; its database is reached through the proxy."""
    host = f"postgresql://{LOGIN}@/{DATABASE}?host={quote(str(through), safe='')}"
    return {
        **CLEAN,
        MARK: mark,
        "PORTAL_MODE": "local",
        "DATA": str(data),
        "DATABASE_URL": host,
        "OWNER_DATABASE_URL": postgres.url(OWNER, DATABASE),
        "REDIS_URL": valkey.url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "RQ_WORKERS": str(workers),
        "SECRET_KEY": secret_key(data),
        "TOKEN_ISSUER": ISSUER,
        "TOKEN_AUDIENCE": AUDIENCE,
        "TOKEN_KEYS": str(keys(data)),
        "AGENCY_SECRETS": str(agency_secrets(data, list(CATALOGUE.agencies))),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(free_port()),
        "SIMULATED_AGENCIES": f"http://127.0.0.1:{free_port()}",
    }


def _start_parts(one: Rig, workers: int) -> None:
    smtp, simulated = one.environment["SMTP_PORT"], one.environment["SIMULATED_AGENCIES"].rpartition(":")[2]
    one.parts = {
        "simulated-agencies": ("simulated-agencies", "--port", simulated, "--delay", "0.05"),
        "mailbox": ("mailbox", "--port", smtp),
        "web": ("web", "--port", str(one.port), "--workers", "2", "--threads", "4"),
        **{f"work-{number}": ("work", "--queue", f"portal-{number}") for number in range(1, workers + 1)},
        "sweep": ("sweep",),
    }
    for name in one.parts:
        one.start_part(name)
    one.wait(lambda: listening(int(smtp)) and listening(int(simulated)) and one.healthy(), "the portal is ready")


def _stop(one: Rig) -> None:
    """Parts first, the servers last; what was stopped in its tracks is let go so that it can end."""
    for name in one.pids:
        one.kill(name, signal.SIGCONT)
        one.kill(name)
    for line in (one.nursery, one.proxy):
        if line:
            line.end()
    for name, how in (("valkey", signal.SIGTERM), ("postgres", signal.SIGINT)):
        process = one.servers.get(name)
        if process and process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(how)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT if name == "postgres" else signal.SIGKILL)
                process.wait(10)
