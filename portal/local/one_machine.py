"""The whole portal on one machine: which parts there are, in which order they start, and with which settings."""

from __future__ import annotations

import http.client
import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

import redis

from portal.jobs import queue_names
from portal.local import running
from portal.local.addresses import demand_free, free_port, listening, private_folder, remove_private_folder
from portal.local.own_files import agency_secrets, secret_key
from portal.local.parts import Part
from portal.local.people import Person, remember
from portal.local.postgres import Postgres, cluster
from portal.local.prepared import fingerprint, note, prepared_for
from portal.local.signin import AUDIENCE, ISSUER, described, keys
from portal.local.supervisor import Supervisor
from portal.local.sweeping import Broom
from portal.local.valkey import Valkey

DATABASE, OWNER, LOGIN = "onedoor", "onedoor_owner", "onedoor"


@dataclass(frozen=True)
class Plan:
    """What was asked for: DATA (absolute), two ports, how many RQ workers; `commands`: the commands of `portal` there are."""

    data: Path
    port: int
    mail_port: int
    workers: int
    commands: frozenset[str]

    @property
    def url(self) -> str:
        """Where people find the portal."""
        return f"http://127.0.0.1:{self.port}"


@dataclass
class OneMachine:
    """A portal that is up. `stay()` keeps it so until it is told to stop."""

    plan: Plan
    environment: dict[str, str]
    supervisor: Supervisor

    def stay(self) -> None:
        """Restart what dies until a signal comes (returns) or a server will not stay up (PartFailed)."""
        self.supervisor.watch()


@contextmanager
def one_machine(plan: Plan, agencies: list[str], everybody: Iterable[Person] = (), *, say: Callable[[str], None]) -> Iterator[OneMachine]:
    """Start everything, in order, and hand it over when all is ready; leaving the context stops everything.

    Refuses with AlreadyRunning, Taken, NoServer, NoAccount before anything is started; PartFailed while starting.
    """
    data = plan.data
    # Others may pass through (PostgreSQL's account must), not look around.
    data.mkdir(mode=0o711, parents=True, exist_ok=True)
    held = running.lock(data)
    with ExitStack() as stack:
        stack.callback(os.close, held)
        demand_free(plan.port, what="web", variable="PORT")
        demand_free(plan.mail_port, what="mail intake", variable="MAIL_PORT")
        remember(data, everybody)
        logs = data / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        for name in ("sent", "exchanges"):
            (data / name).mkdir(mode=0o700, exist_ok=True)
        sockets = _sockets(data)
        postgres, valkey = _servers(data, sockets)
        mark = secrets.token_hex(8)
        broom = Broom(mark, places=[postgres.place] if postgres else [], remove=[sockets, data / "running.json"], log=logs / "broom.log", keep=(held,))
        stack.callback(broom.end)
        if postgres:
            postgres.set_up()
        environment = _environment(plan, agencies, postgres, valkey)
        supervisor = stack.enter_context(
            Supervisor(logs, {**_inherited(), **environment}, mark, lambda pids: running.record(data, url=plan.url, environment=environment, parts=pids), say)
        )
        supervisor.start(_server_parts(postgres, valkey))
        _prepare(supervisor, postgres)
        supervisor.start(_parts(plan, environment))
        yield OneMachine(plan, environment, supervisor)


def _prepare(supervisor: Supervisor, postgres: Postgres | None) -> None:
    """Migrate and publish, unless the embedded database is as this code and content want it."""
    mark = fingerprint()
    if postgres:
        postgres.bootstrap(DATABASE, owner=OWNER)
        if prepared_for(postgres, DATABASE) == mark:
            return
    for name in ("migrate", "publish"):
        supervisor.start([Part(name, _portal(name), once=True)])
    if postgres:
        note(postgres, DATABASE, mark)


def _sockets(data: Path) -> Path:
    """A new folder for sockets; the one a killed start left is removed."""
    note = data / "sockets"
    if note.exists():
        remove_private_folder(Path(note.read_text().strip()))
    folder = private_folder()
    note.write_text(f"{folder}\n")
    return folder


def _servers(data: Path, sockets: Path) -> tuple[Postgres | None, Valkey | None]:
    """The embedded servers, not yet set up; None for one whose address the environment names."""
    postgres = None if "DATABASE_URL" in os.environ else cluster(data, sockets)
    valkey = None if "REDIS_URL" in os.environ else Valkey(data / "valkey", sockets)
    if valkey:
        valkey.place.mkdir(mode=0o700, exist_ok=True)
    return postgres, valkey


def _environment(plan: Plan, agencies: list[str], postgres: Postgres | None, valkey: Valkey | None) -> dict[str, str]:
    """Settings all parts share; written to running.json for other commands."""
    data = plan.data
    found = {
        "PORTAL_MODE": "local",
        "DATA": str(data),
        "PORT": str(plan.port),
        "PUBLIC_URL": plan.url,
        "MAIL_PORT": str(plan.mail_port),
        "RQ_WORKERS": str(plan.workers),
        "SECRET_KEY": secret_key(data),
        "TOKEN_ISSUER": ISSUER,
        "TOKEN_AUDIENCE": AUDIENCE,
        "TOKEN_KEYS": str(keys(data)),
        "AGENCY_SECRETS": str(agency_secrets(data, agencies)),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(free_port()),
        "SENT_LEDGER": str(data / "sent"),
        "EXCHANGES": str(data / "exchanges"),
        "SIMULATED_AGENCIES": f"http://127.0.0.1:{free_port()}",
        "SIMULATED_PAYMENTS": f"http://127.0.0.1:{free_port()}",
        "SMS_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "SMS_ACCOUNT": "ACdevelopment",
        "SMS_SECRET": "development",
        "SMS_SENDER": "+3225550199",
        "SCANNER": f"127.0.0.1:{free_port()}",
        "DEVELOPMENT_SIGN_IN": f"http://127.0.0.1:{free_port()}",
    }
    found["SIGN_IN"] = str(described(data, found["DEVELOPMENT_SIGN_IN"]))
    for name in ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL"):
        if name in os.environ:
            found[name] = os.environ[name]
    if postgres:
        found |= {"DATABASE_URL": postgres.url(LOGIN, DATABASE), "OWNER_DATABASE_URL": postgres.url(OWNER, DATABASE)}
        found |= {"BACKUP_DATABASE_URL": postgres.url(database=DATABASE), "POSTGRES_BIN": str(postgres.binaries)}
    if valkey:
        found["REDIS_URL"] = valkey.url
    return found


def _inherited() -> dict[str, str]:
    """The environment we were started in. Ten processes that may not keep the bytecode of what they import would take twice as long to start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _server_parts(postgres: Postgres | None, valkey: Valkey | None) -> list[Part]:
    parts = []
    if postgres:
        parts.append(
            Part(
                "postgres",
                tuple(postgres.argv()),
                lambda pid: postgres.ready(),
                server=True,
                stop=Signals.SIGINT,
                account=postgres.account,
                directory="/",
                environment={"LC_ALL": "C", "HOME": "/"},
            )
        )
    if valkey:
        parts.append(Part("valkey", tuple(valkey.argv()), lambda pid: valkey.ready(), server=True))
    return parts


def _parts(plan: Plan, environment: dict[str, str]) -> list[Part]:
    """Everything that is not a server of record; all start side by side."""
    smtp, simulated = int(environment["SMTP_PORT"]), int(environment["SIMULATED_AGENCIES"].rpartition(":")[2])
    payments, scanner = (int(environment[name].rpartition(":")[2]) for name in ("SIMULATED_PAYMENTS", "SCANNER"))
    texts = int(environment["SMS_ENDPOINT"].rpartition(":")[2])
    sign_in = int(environment["DEVELOPMENT_SIGN_IN"].rpartition(":")[2])
    redis_url = environment["REDIS_URL"]
    parts = [
        Part("web", _portal("web", "--port", str(plan.port)), lambda pid: _healthy(plan.port)),
        *(
            Part(f"work-{number}", _portal("work", "--queue", queue), lambda pid: _registered(redis_url, pid))
            for number, queue in enumerate(queue_names(plan.workers), start=1)
        ),
        Part("sweep", _portal("sweep"), says="sweeping"),
        Part("mail", _portal("mail"), lambda pid: listening(plan.mail_port)),
        Part("simulated-agencies", _portal("simulated-agencies", "--port", str(simulated)), lambda pid: listening(simulated)),
        Part("simulated-texts", _portal("simulated-texts", "--port", str(texts)), lambda pid: listening(texts)),
        Part("simulated-payments", _portal("simulated-payments", "--port", str(payments)), lambda pid: listening(payments)),
        Part("development-sign-in", _portal("development-sign-in", "--port", str(sign_in)), lambda pid: listening(sign_in)),
        Part("simulated-scanner", _portal("simulated-scanner", "--port", str(scanner)), lambda pid: listening(scanner)),
        Part("mailbox", _portal("mailbox", "--port", str(smtp)), lambda pid: listening(smtp)),
    ]
    return [part for part in parts if part.argv[1] in plan.commands]


def _portal(*arguments: str) -> tuple[str, ...]:
    """A command of this very installation."""
    return (str(Path(sys.executable).with_name("portal")), *arguments)


def _healthy(port: int) -> bool:
    """Whether GET /health/ready answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _registered(url: str, pid: int) -> bool:
    """Whether the RQ worker of this process has put itself on the list."""
    try:
        with redis.Redis.from_url(url, socket_timeout=2) as client:
            names = [bytes(name) for name in client.smembers("rq:workers")]
            return any(client.hget(name, "pid") == str(pid).encode() for name in names)
    except redis.RedisError:
        return False
