"""DATA/running.json: how other commands find the servers of the portal that runs on this DATA."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal.local.own_files import write_private


class NotRunning(LookupError):
    """No portal runs on this DATA: start it with `make run`, or set DATABASE_URL and REDIS_URL."""

    def __str__(self) -> str:
        return " ".join(str(part) for part in self.args) or str(self.__doc__)


class AlreadyRunning(RuntimeError):
    """A portal runs on this DATA already."""


def record(data: Path, *, url: str, environment: Mapping[str, str], parts: Mapping[str, int]) -> None:
    """Write where everything is; readable by us alone, because the environment holds the secret key."""
    found = {"pid": os.getpid(), "url": url, "parts": dict(parts), "environment": dict(environment)}
    write_private(data / "running.json", json.dumps(found, indent=1, sort_keys=True) + "\n")


def found(data: str | Path) -> dict[str, Any]:
    """What the running portal wrote: pid, url, parts (name -> pid), environment. NotRunning where none runs."""
    place = Path(data) / "running.json"
    try:
        written = json.loads(place.read_text("utf-8"))
    except FileNotFoundError:
        raise NotRunning(f"no portal runs on {Path(data).absolute()}: start it with `make run`, or set DATABASE_URL and REDIS_URL") from None
    except (OSError, ValueError) as error:
        raise NotRunning(f"{place} cannot be read ({error})") from error
    if not alive(int(written["pid"])):
        raise NotRunning(f"the portal on {Path(data).absolute()} (process {written['pid']}) was killed: start it again with `make run`")
    assert isinstance(written, dict)
    return written


def environment(data: str | Path) -> dict[str, str]:
    """Settings of the running portal, as environment variables. NotRunning where none runs."""
    return {str(name): str(value) for name, value in found(data)["environment"].items()}


def adopt(data: str | Path) -> bool:
    """Let this process use the servers of the portal that runs on DATA, unless the environment names a database already. False where none runs."""
    if "DATABASE_URL" in os.environ:
        return True
    try:
        for name, value in environment(data).items():
            os.environ.setdefault(name, value)
    except NotRunning:
        return False
    return True


def alive(pid: int) -> bool:
    """Whether a process has this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def lock(data: Path, *, patience: float = 15.0) -> int:
    """Take DATA for ourselves; the descriptor holds it.

    After a kill -9 the broom still holds it for some seconds: we wait for that, but not for a living portal (AlreadyRunning).
    """
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            _who(data, descriptor, waited=time.monotonic() > deadline)
            time.sleep(0.05)


def _who(data: Path, descriptor: int, *, waited: bool) -> None:
    try:
        other = found(data)
    except NotRunning:
        if not waited:
            return
        os.close(descriptor)
        raise AlreadyRunning(f"another start on {data} is under way, or its end is: try again in a moment") from None
    os.close(descriptor)
    raise AlreadyRunning(f"a portal runs on {data} already: {other['url']} (process {other['pid']}). Stop that one, or name another folder: make run DATA=...")
